"""Train, ship and serve one project of every task and framework, and write what came of it to docs/results.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks import service
from benchmarks._compare import run
from mlscaffold._questions import load_questions

ROOT = Path(__file__).parents[1]
PACKAGE = "my_ml_project"
RESULTS = ROOT / "docs" / "results.md"
MEGABYTE = 1_000_000

HEAD = """# Every task, every framework

Written by `make results`: one project of each, with the template's default answers, trained on its example data.
*Seconds* is the whole of `make train`: starting Python, fitting, the folds, figures, saving. *Image* is what the image
of the service adds to its base. *Requests* are single predictions per second over eight connections to one process.
Two shared cores, Linux x86-64, Python 3.11, no graphics card.

| task | framework | metric | model | naive baseline | seconds | ONNX | image, MB | requests |
|---|---|---|---|---|---|---|---|---|
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
    requests: float

    def __str__(self) -> str:
        """Return a row of the table."""
        return (
            f"| {self.task} | {self.framework} | {self.metric} | {self.model:.3g} | {self.baseline:.3g} "
            f"| {self.seconds:.0f} | {'yes' if self.onnx else 'no'} | {self.image:.0f} | {self.requests:.0f} |"
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
    models = next(group for group in load_questions(ROOT).independent() if "task" in group[0])
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
    metric = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))["evaluation"]["metric"]
    return Outcome(
        task=task,
        framework=framework,
        metric=metric,
        model=measured["metrics"][metric],
        baseline=measured["baseline"][metric],
        seconds=seconds,
        onnx=measured["onnx"]["served"],
        image=image_size(project),
        requests=requests(project),
    )


def image_size(project: Path) -> float:
    """Return what the project's image adds to its base, in megabytes; nothing is known without an engine."""
    docker, base = shutil.which("docker"), os.environ.get("PYTHON_IMAGE")
    if not docker or not base:
        return float("nan")
    run([docker, "build", "--quiet", "--build-arg", "PYTHON_IMAGE", "--tag", "measured", "."], cwd=project)
    sizes = [int(run([docker, "inspect", "--format", "{{.Size}}", name])) for name in ("measured", base)]
    subprocess.run([docker, "rmi", "--force", "measured"], capture_output=True, check=True)
    return (sizes[0] - sizes[1]) / MEGABYTE


def requests(project: Path) -> float:
    """Return the single predictions per second that the project's service gives."""
    script = service.write_script(project, PACKAGE)
    with service.serving(project, f"{PACKAGE}.server") as server:
        service.load(f"{server.address}/predict", script)
        return service.load(f"{server.address}/predict", script).requests


main()
