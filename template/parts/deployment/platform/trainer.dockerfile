{% from "template/lib/slot.jinja" import gather with context %}
# Runs the pipeline, on the data as they were when the image was built.
FROM ${PYTHON_IMAGE} AS trainer
SHELL ["/bin/sh", "-euc"]
# Nothing but /tmp and the folders of models, reports and runs can be written to.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PIP_CACHE_DIR=/var/cache/pip \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=src \
    PYTHONUNBUFFERED=1
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
COPY deploy/docker/requirements.py pyproject.toml ./
RUN --mount=type=cache,target=/var/cache/pip \
    python requirements.py train > train.txt; \
    python -m pip --python /opt/venv/bin/python install {{ (gather("trainer_flags.txt") ~ " --requirement train.txt") | trim }}
COPY params.yaml ./
COPY data data
COPY src src
RUN chmod --recursive a+rX .; \
    mkdir models reports runs; \
    chown 10001:10001 models reports runs
# A volume that is put there while it is empty has the rights of its folder here.
VOLUME ["/tmp", "/app/reports"]
USER 10001:10001
CMD ["python", "-m", "acme_ml", "pipeline", "run"]

