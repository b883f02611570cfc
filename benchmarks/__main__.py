"""Measure what the project promises about speed: `make bench`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import cli, rivals, service
from benchmarks._compare import Result, run

HERE = Path(__file__).parent
PACKAGE = "my_ml_project"


def main() -> None:
    """Print each figure beside its bound; exit with 1 when one is missed."""
    results = cli.measure()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        run([sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", HERE.parent, project])
        env = {**os.environ, "PYTHONPATH": "src"}
        run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env=env)
        share, requests = service.measure(project, PACKAGE)
        model = json.loads(run([sys.executable, HERE / "model.py", PACKAGE], cwd=project, env=env).splitlines()[-1])
        against = rivals.measure(project, PACKAGE)
        networks = [measure_network(framework, Path(folder) / framework) for framework in ("pytorch", "tensorflow")]
    results += [
        Result("service / bare FastAPI handler, requests per second", 100 * share, 75, "percent", at_most=False),
        Result("one row: bundle / pipeline.predict on a data frame", model["single"], 50, "times", at_most=False),
        Result("predict: memory of 1,000,000 rows over that of 10,000", model["growth"], 300, "MB"),
        Result("predict: time of 1,000,000 rows / 10 x that of 100,000", model["linearity"], 1.25, "times"),
    ]
    results += [*against, *(result for found in networks for result in found)]
    for result in results:
        print(result)
    print(f"(the service answered {requests:.0f} requests per second; 1,000,000 rows took {model['seconds']:.0f} s)")
    sys.exit(not all(result.holds for result in results))


def measure_network(framework: str, project: Path) -> list[Result]:
    """Measure how fast a network is trained and served."""
    data = ["--data", f"framework={framework}"]
    run([sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", *data, HERE.parent, project])
    env = {**os.environ, "PYTHONPATH": "src"}
    run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env=env)
    times, _ = service.measure_engines(project, PACKAGE)
    epoch = json.loads(
        run([sys.executable, HERE / f"{framework}_epoch.py", PACKAGE], cwd=project, env=env).splitlines()[-1]
    )
    return [
        Result(
            f"{framework}: service with the graph / natively, requests per second", times, 5, "times", at_most=False
        ),
        Result(f"{framework}: one epoch / the same by hand", epoch["ratio"], 1.10, "times"),
    ]


main()
