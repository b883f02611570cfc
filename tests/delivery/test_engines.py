"""Whatever trained it, the image answers with the exported graph, and holds no training library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tally import Tally

from .machine import Environment, ask, free_port, own_name, render, run, wait_until_ready

BASE = os.environ.get("PYTHON_IMAGE", "python:3.12-slim")
MEGABYTE = 1_000_000
LIBRARIES = ("gensim", "keras", "pandas", "sklearn", "tensorflow", "torch", "transformers")
# Each web framework with each library that trains; scikit-learn with FastAPI is the image that other tests build.
IMAGES = [
    ("text-classification", "scikit-learn", "flask"),
    ("text-classification", "transformers", "fastapi"),
    ("text-classification", "transformers", "flask"),
    ("image-classification", "tensorflow", "fastapi"),
    ("regression", "tensorflow", "flask"),
    ("forecasting", "pytorch", "fastapi"),
    ("classification", "pytorch", "flask"),
]
# What an image adds to its base at most, in megabytes: OpenCV alone is 150 of them.
MOST = 200
MOST_WITH_PICTURES = 330
EXAMPLE = """
import sys
from pathlib import Path
from {package}.inference.bundle import find_bundle
from {package}.service.payload import Payload
from {package}.schema import SCHEMA_FILE, Schema

body, media_type = Payload(Schema.read(find_bundle(Path("models")) / SCHEMA_FILE), max_rows=1).example()
Path("body.bin").write_bytes(body)
print(media_type)
"""


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("task", "framework", "serving"), IMAGES, ids=map("-".join, IMAGES))
def test_an_image_of_any_framework_is_small_and_answers(
    task: str, framework: str, serving: str, template: Path, tmp_path: Path, engine: Environment, tally: Tally
) -> None:
    package = own_name(f"acme_{task.split('-')[0]}_{framework.split('-')[0]}_{serving}")
    answers = {"task": task, "framework": framework, "serving": serving, "package_name": package}
    project = render(template, tmp_path / "project", engine, **answers)
    own = {**engine, "PYTHONPATH": "src"}
    run(sys.executable, "-m", package, "train", cwd=project, env=own)
    media_type = run(sys.executable, "-c", EXAMPLE.format(package=package), cwd=project, env=own).stdout.split("\n")[-2]
    run("docker", "build", "--quiet", "--build-arg", "PYTHON_IMAGE", "--tag", package, ".", cwd=project, env=engine)
    try:
        most = MOST_WITH_PICTURES if task == "image-classification" else MOST
        assert size_of(package, project, engine) - size_of(BASE, project, engine) < most * MEGABYTE
        assert libraries_in(package, project, engine) == ""
        answer = predict(package, project, engine, media_type)
        assert answer["predictions"]
        tally.images += 1
    finally:
        subprocess.run(["docker", "rmi", "--force", package], env=engine, capture_output=True, check=True)


def size_of(image: str, cwd: Path, env: Environment) -> int:
    """Return the size of an image in bytes."""
    return int(run("docker", "inspect", "--format", "{{.Size}}", image, cwd=cwd, env=env).stdout)


def libraries_in(image: str, cwd: Path, env: Environment) -> str:
    """Return the training libraries that the image can import."""
    look = f"from importlib.util import find_spec; print(*filter(find_spec, {LIBRARIES}))"
    return run("docker", "run", "--rm", "--entrypoint", "python", image, "-c", look, cwd=cwd, env=env).stdout.strip()


def predict(image: str, project: Path, env: Environment, media_type: str) -> dict[str, list[object]]:
    """Start the image read-only, send it the example, and return what it answers."""
    port = free_port()
    command = ("docker", "run", "--detach", "--read-only", "--tmpfs", "/tmp", "--publish", f"127.0.0.1:{port}:8000")
    name = run(*command, "--env", "SERVICE_OPEN=true", image, cwd=project, env=env).stdout.split()[-1]
    try:
        wait_until_ready(port)
        assert ask(port, "/model")[1]["engine"] == "onnxruntime"
        status, answer = ask(port, "/predict", (project / "body.bin").read_bytes(), media_type)
        assert status == 200, answer
        return dict(answer)
    finally:
        run("docker", "rm", "--force", name, cwd=project, env=env)
