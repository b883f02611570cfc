# Two environments: .venv holds the command and what `make check` needs; build/test holds everything that rendered
# projects use, and what their deliveries are tested with.
PYTHON ?= python3
BIN := .venv/bin
WHOLE := build/test/bin
PARTS := $(shell find template/parts -name deps.txt -not -path "*/gpu/*")
# Without these libraries, the parts are checked all the same: what comes from them has no type then.
HEAVY := pytorch tensorflow transformers
LIGHT := $(shell printf '%s\n' $(PARTS) | grep --invert-match $(HEAVY:%=-e /%/))
# The tiers run on two cores; what takes long starts first.
TESTS := -m pytest --numprocesses 2 --dist worksteal
export UV_COMPILE_BYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: demo setup check test prove work where lint format bench endure attack results help

demo:  ## Render a project, set it up, train it, and ask its service for a prediction
demo: $(BIN)/mlscaffold
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/demo.py build/demo

setup: .venv/ready build/test/ready  ## Install what `make check` and `make test` need

check: lint  ## For every save: style, types, questions, parts, files, every two answers, the command
	$(BIN)/python $(TESTS) -m check tests/cli tests/template $(FLAGS)

test: check build/test/ready  ## For every push: check, updates, a code tree of each task, one image, one life
	$(WHOLE)/python $(TESTS) -m test $(FLAGS)

prove: lint build/test/proving build/checkov/ready build/prometheus/ready build/mlflow/ready build/prefect/ready build/airflow/ready  ## For every night and release: everything there is
	$(WHOLE)/python $(TESTS) $(FLAGS)

work: $(BIN)/mlscaffold  ## Render into build/work, with links to the parts: make work ANSWERS="task=regression"
	$(BIN)/python -m scripts.work build/work $(ANSWERS)

where: $(BIN)/mlscaffold  ## Say what fills a rendered file: make where FILE=src/acme_ml/inference/encoder.py ANSWERS=...
	$(BIN)/python -m scripts.where $(FILE) $(ANSWERS)

lint: .venv/ready  ## Check style, formatting and types of the command, the tests and the parts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m scripts.typecheck build/typed/check

format: .venv/ready  ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: build/test/ready build/rivals/ready  ## Measure speed side by side, and print ratios
	$(WHOLE)/python -m benchmarks

endure: build/test/ready  ## Load a service for ten minutes; no error, no growth
	$(WHOLE)/python -m benchmarks.endurance $(FLAGS)

attack: build/test/ready  ## Send a service what slow and rude clients send; counts of who is answered, and memory
	$(WHOLE)/python -m benchmarks.attack

results: build/test/ready  ## Train, ship and serve every task with every framework; writes docs/results.md
	$(WHOLE)/python -m benchmarks.table $(FLAGS)

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.13,<0.14"

$(BIN)/mlscaffold: $(BIN)/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable .
	@touch $@

build/light.txt: $(LIGHT)
build/requirements.txt: $(PARTS)
build/light.txt build/requirements.txt:
	@mkdir -p build
	@awk '!/^#/ && NF {print $$2}' $^ | sort --unique > $@

.venv/ready: $(BIN)/mlscaffold build/light.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group check --requirements build/light.txt
	@touch $@

build/test/ready: $(BIN)/mlscaffold build/requirements.txt
	$(BIN)/uv venv --quiet --clear build/test
	$(BIN)/uv pip install --quiet --python $(WHOLE)/python --editable . --group test --requirements build/requirements.txt
	@touch $@

build/test/proving: build/test/ready scripts/gitlab_tools.sh
	$(BIN)/uv pip install --quiet --python $(WHOLE)/python --group prove
	PATH="$(CURDIR)/$(WHOLE):$$PATH" scripts/gitlab_tools.sh build/gitlab
	@touch $@

# What the service is compared with, beside what the trained pipeline needs.
build/rivals/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear build/rivals
	$(BIN)/uv pip install --quiet --python build/rivals/bin/python "mlflow>=3.17,<4" "bentoml>=1.4,<2" \
		onnxruntime pandas pydantic-settings pyyaml scikit-learn setuptools skops typer
	@touch $@

# The server with its pages; beside the tests' other packages, it would get some that it does not run with.
build/mlflow/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear build/mlflow
	$(BIN)/uv pip install --quiet --python build/mlflow/bin/python "mlflow>=3.17,<4"
	@touch $@

# Orchestrators: what they need does not suit what projects use.
build/prefect/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear --seed build/prefect
	$(BIN)/uv pip install --quiet --python build/prefect/bin/python "prefect>=3.9.1,<4"
	@touch $@

build/airflow/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear --seed build/airflow
	$(BIN)/uv pip install --quiet --python build/airflow/bin/python "apache-airflow>=3.3.2,<4"
	@touch $@

build/prometheus/ready: scripts/monitoring_tools.sh
	scripts/monitoring_tools.sh build/prometheus
	@touch $@

# Its packages would change the versions of many others.
build/checkov/ready: $(BIN)/mlscaffold
	$(BIN)/uv venv --quiet --clear build/checkov
	$(BIN)/uv pip install --quiet --python build/checkov/bin/python "checkov>=3.3,<4"
	@touch $@
