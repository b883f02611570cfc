"""A forest behind the rendered service, beside the same pipeline served by MLflow and by BentoML: one process each."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median

from benchmarks import service
from benchmarks._compare import Result, run

RIVALS = Path(__file__).parents[1] / "build" / "rivals" / "bin"
ROWS = 2_000
NUMBERS = [f"number_{number}" for number in range(8)]
CATEGORIES = [f"category_{number}" for number in range(4)]
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "true", "PYTHONPATH": "src"}

SAVE = """
from pathlib import Path

import mlflow
from {package}.inference.bundle import find_bundle
from {package}.inference.storage import load_model

model = load_model(find_bundle(Path("models")))
mlflow.sklearn.save_model(model, "mlflow-model", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
"""

BENTO = """
from pathlib import Path
from typing import Any

import bentoml
import pandas as pd
from {package}.inference.bundle import find_bundle
from {package}.inference.storage import load_model


@bentoml.service(workers=1)
class Forest:
    def __init__(self) -> None:
        self.model = load_model(find_bundle(Path("models")))

    @bentoml.api
    def predict(self, rows: list[dict[str, Any]]) -> list[str]:
        return self.model.predict(pd.DataFrame(rows)).tolist()
"""


def measure(project: Path, package: str, *, rounds: int = 5) -> list[Result]:
    """Load the three in turn; return how many times faster the service is, and what its slowest hundredth takes."""
    row = write_data(project)
    env = {**os.environ, "PYTHONPATH": "src"}
    for command in (["data", "--refresh"], ["train"]):
        run([sys.executable, "-m", package, *command], cwd=project, env=env)
    (project / "bento.py").write_text(BENTO.format(package=package), encoding="utf-8")
    run([RIVALS / "python", "-c", SAVE.format(package=package)], cwd=project, env={**env, **QUIET})
    with ExitStack() as stack:
        bodies = {"service": [row], "MLflow": {"dataframe_records": [row]}, "BentoML": {"rows": [row]}}
        paths = {"service": "predict", "MLflow": "invocations", "BentoML": "predict"}
        servers = {"service": stack.enter_context(service.serving(project, f"{package}.service.server"))}
        servers |= {name: stack.enter_context(rival(name, project)) for name in ("MLflow", "BentoML")}
        scripts = {name: service.write_post(project / name, body) for name, body in bodies.items()}
        found: dict[str, list[service.Load]] = {name: [] for name in servers}
        for number in range(rounds + 1):
            for name, server in servers.items():
                measured = service.load(f"{server.address}/{paths[name]}", scripts[name])
                # The first round warms up.
                found[name] += [measured] if number else []
    return results(found)


def results(found: dict[str, list[service.Load]]) -> list[Result]:
    """Compare the service with each rival, round by round."""
    own, lines = found["service"], []
    for name in ("MLflow", "BentoML"):
        times = median(one.requests / other.requests for one, other in zip(own, found[name], strict=True))
        tails = median(one.slowest / other.slowest for one, other in zip(own, found[name], strict=True))
        lines += [
            Result(f"forest of 100 trees: service / {name}, requests per second", times, 30, "times", at_most=False),
            Result(f"forest of 100 trees: service / {name}, 99th percentile of time", tails, 1, "times"),
        ]
    shown = ", ".join(f"{name} {median(each.requests for each in loads):.0f}" for name, loads in found.items())
    print(f"(requests per second: {shown})")
    return lines


def rival(name: str, project: Path) -> service.Serving:
    """Serve the same pipeline as others do."""
    port = service.free_port()
    commands = {
        "MLflow": ["mlflow", "models", "serve", "-m", "mlflow-model", "--env-manager", "local", "-p", str(port)],
        "BentoML": ["bentoml", "serve", "bento:Forest", "--port", str(port)],
    }
    program, *flags = commands[name]
    # The tools start further programs that lie beside them.
    path = f"{RIVALS}{os.pathsep}{os.environ['PATH']}"
    return service.started([str(RIVALS / program), *flags], project, port, {**QUIET, "PATH": path})


def write_data(project: Path) -> dict[str, object]:
    """Replace the example by a table of twelve columns and three classes; return a row without its class."""
    random, lines = Random(0), [",".join([*NUMBERS, *CATEGORIES, "species"])]
    for _ in range(ROWS):
        numbers = [round(random.gauss(0, 1), 4) for _ in NUMBERS]
        words = [random.choice(["red", "green", "blue"]) for _ in CATEGORIES]
        kind = sum(numbers[:4]) + words.count("red") + random.gauss(0, 0.3)
        lines.append(",".join(map(str, [*numbers, *words, "high" if kind > 2 else "middle" if kind > 0 else "low"])))
    (project / "data/raw/example.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {**dict(zip(NUMBERS, numbers, strict=True)), **dict(zip(CATEGORIES, words, strict=True))}
