"""Train, ship and serve one project of every task and framework, and write what came of it to docs/results.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import yaml

from benchmarks import service
from benchmarks._compare import run
from mlscaffold._questions import load_questions
from scripts.combinations import independent

ROOT = Path(__file__).parents[1]
PACKAGE = "my_ml_project"
RESULTS = ROOT / "docs" / "results.md"
MEGABYTE = 1_000_000
STARTS = 3
LONGEST_START = 60.0  # seconds

HEAD = """# Every task, every framework

Written by `make results`: one project of each, with the template's default answers, trained on its example data.
*Seconds* is the whole of `make train`: starting Python, fitting, the folds, figures, saving. *Image* is what the image
of the service adds to its base; *start* is from the start of its container until `/ready` says so. *Requests* are
single predictions per second over eight connections to one process.
Two shared cores, Linux x86-64, Python 3.11, no graphics card.

| task | framework | metric | model | naive baseline | seconds | ONNX | image, MB | start, s | requests |
|---|---|---|---|---|---|---|---|---|---|
"""


class Outcome(NamedTuple):
    """What came of one project."""

    task: str
    framework: str
    metric: str
    model: float
    baseline: float
    seconds: float
    onnx: bool
    image: float
    start: float
    requests: float

    def __str__(self) -> str:
        """Return a row of the table."""
        return (
            f"| {self.task} | {self.framework} | {self.metric} | {self.model:.3g} | {self.baseline:.3g} "
            f"| {self.seconds:.0f} | {'yes' if self.onnx else 'no'} | {self.image:.0f} "
            f"| {self.start:.1f} | {self.requests:.0f} |"
        )


def main() -> None:
    """Measure all pairs, or those named as task/framework, and write the table when all were measured."""
    pairs = every_pair()
    chosen = [pair for pair in pairs if "/".join(pair) in sys.argv[1:]] or pairs
    rows = []
    for task, framework in chosen:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(str(measure(task, framework, Path(folder) / "project")))
        print(rows[-1], flush=True)
    if chosen == pairs:
        RESULTS.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def every_pair() -> list[tuple[str, str]]:
    """Return every task with every framework that it can have."""
    models = next(group for group in independent(load_questions(ROOT)) if "task" in group[0])
    found = ((each["task"], each.get("framework", "scikit-learn")) for each in models)
    return list(dict.fromkeys(found))


def measure(task: str, framework: str, project: Path) -> Outcome:
    """Render, train, build and serve one project."""
    answers = ["--set", f"task={task}"]
    if framework != "scikit-learn":
        answers += ["--set", f"framework={framework}"]
    run([sys.executable, "-m", "mlscaffold", "new", project, "--defaults", "--no-git", *answers])
    started = time.perf_counter()
    run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env={**os.environ, "PYTHONPATH": "src"})
    seconds = time.perf_counter() - started
    (metrics,) = (project / "models").glob("*/metrics.json")
    measured: dict[str, Any] = json.loads(metrics.read_text(encoding="utf-8"))
    image, start = image_facts(project)
    asked = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))["evaluation"]["metric"]
    metric = asked if asked in measured["metrics"] else f"{asked}_macro"
    return Outcome(
        task=task,
        framework=framework,
        metric=metric,
        model=measured["metrics"][metric],
        baseline=measured["baseline"][metric],
        seconds=seconds,
        onnx=measured["onnx"]["served"],
        image=image,
        start=start,
        requests=requests(project),
    )


def image_facts(project: Path) -> tuple[float, float]:
    """Return what the project's image adds to its base, in megabytes, and the seconds from its start until it is ready.

    Nothing is known without an engine.
    """
    docker, base = shutil.which("docker"), os.environ.get("PYTHON_IMAGE")
    if not docker or not base:
        return float("nan"), float("nan")
    run([docker, "build", "--quiet", "--build-arg", "PYTHON_IMAGE", "--tag", "measured", "."], cwd=project)
    try:
        sizes = [int(run([docker, "inspect", "--format", "{{.Size}}", name])) for name in ("measured", base)]
        return (sizes[0] - sizes[1]) / MEGABYTE, median(seconds_to_ready(docker) for _ in range(STARTS))
    finally:
        subprocess.run([docker, "rmi", "--force", "measured"], capture_output=True, check=True)


def seconds_to_ready(docker: str) -> float:
    """Start the image, and return the seconds until its service says that it is ready."""
    port, started = service.free_port(), time.perf_counter()
    name = run(
        [docker, "run", "--detach", "--env", "SERVICE_OPEN=true", "--publish", f"127.0.0.1:{port}:8000", "measured"]
    ).strip()
    try:
        while not is_ready(port):
            if time.perf_counter() - started > LONGEST_START:
                raise SystemExit(run([docker, "logs", name]))
            time.sleep(0.02)
        return time.perf_counter() - started
    finally:
        run([docker, "rm", "--force", name])


def is_ready(port: int) -> bool:
    """Return whether the service on the port has a model."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def requests(project: Path) -> float:
    """Return the single predictions per second that the project's service gives."""
    script = service.write_script(project, PACKAGE)
    with service.serving(project, f"{PACKAGE}.service.server") as server:
        service.load(f"{server.address}/predict", script)
        return service.load(f"{server.address}/predict", script).requests


main()
