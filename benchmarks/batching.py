"""Would it help to answer requests together? The graph of a network, for one example and for eight at once."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks._compare import run

PACKAGE = "my_ml_project"
PAIRS = [
    ("classification", "pytorch"),
    ("text-classification", "transformers"),
    ("image-classification", "pytorch"),
    ("forecasting", "pytorch"),
]
TIMES = """
import json
from pathlib import Path
from time import perf_counter

import numpy as np
from {package}.inference.bundle import find_bundle, load_bundle
from {package}.service.payload import Payload

bundle = load_bundle(find_bundle(Path("models")))
payload = Payload(bundle.schema, max_rows=1)


def best(action, calls):
    times = []
    for _ in range(7):
        started = perf_counter()
        for _ in range(calls):
            action()
        times.append((perf_counter() - started) / calls)
    return min(times)


body, media_type = payload.example()
one = bundle.encoder.encode(payload.parse(body, media_type))
eight = {{name: np.concatenate([values] * 8) for name, values in one.items()}}
alone = best(lambda: bundle.predictor.scores(one), 200)
print(json.dumps({{
    "alone": 1e6 * alone,
    "together": 1e6 * best(lambda: bundle.predictor.scores(eight), 50) / 8,
    "rest": 1e6 * best(lambda: bundle.encoder.encode(payload.parse(body, media_type)), 100),
}}))
"""


def main() -> None:
    """Print for each network the microseconds of the graph for an example alone, among eight, and of its reading."""
    for task, framework in PAIRS:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder) / "project"
            answers = ["--set", f"task={task}", "--set", f"framework={framework}"]
            run([sys.executable, "-m", "mlscaffold", "new", project, "--defaults", "--no-git", *answers])
            env = {**os.environ, "PYTHONPATH": "src"}
            run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env=env)
            said = run([sys.executable, "-c", TIMES.format(package=PACKAGE)], cwd=project, env=env)
        found = json.loads(said.splitlines()[-1])
        shown = "  ".join(f"{name} {microseconds:7.0f}" for name, microseconds in found.items())
        print(f"{task + '/' + framework:36} microseconds: {shown}", flush=True)


main()
