"""One row and a million rows, predicted inside a rendered project."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType

import pandas as pd


def main(package: str) -> None:
    """Print the figures as JSON."""
    names = ("inference.bundle", "config", "inference.predict", "inference.storage")
    load = {name.split(".")[-1]: importlib.import_module(f"{package}.{name}") for name in names}
    config = load["config"].load_config(Path("params.yaml"))
    folder = load["bundle"].find_bundle(config.models_dir)
    print(json.dumps({"single": single_row(load, folder), **many_rows(load, folder, config.data_path)}))


def single_row(load: dict[str, ModuleType], folder: Path) -> float:
    """Return how many times faster the bundle predicts one row than the pipeline on a data frame of one row."""
    bundle, pipeline = load["bundle"].load_bundle(folder), load["storage"].load_model(folder)
    encoder = bundle.encoder
    columns = bundle.schema.columns
    row = {column.name: column.minimum if column.kind == "number" else column.categories[0] for column in columns}
    frame = pd.DataFrame([{name: row[name] for name in [*bundle.schema.numbers, *bundle.schema.categories]}])

    def fast() -> None:
        bundle.predictor.scores(encoder.encode([row]))

    def native() -> None:
        pipeline.predict(frame)

    return best_of(native, 20) / best_of(fast, 500)


def best_of(action: Callable[[], object], calls: int, rounds: int = 5) -> float:
    """Return the seconds of one call, the best of some rounds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            action()
        times.append((time.perf_counter() - started) / calls)
    return min(times)


def many_rows(load: dict[str, ModuleType], folder: Path, table: Path) -> dict[str, float]:
    """Return the growth of memory from 10,000 to 1,000,000 rows, and how far time is from growing with the rows."""
    bundle = load["bundle"].load_bundle(folder)
    rows = pd.read_csv(table)
    with tempfile.TemporaryDirectory() as place:

        def predict(size: int) -> float:
            source, target = Path(place) / f"{size}.csv", Path(place) / "scored.csv"
            if not source.exists():
                write_repeated(rows, size, source)
            started = time.perf_counter()
            load["predict"].predict(bundle, source, target)
            return time.perf_counter() - started

        predict(10_000)
        small = peak_memory()
        # In turn, as a busy machine is slower at one time than at another.
        spent = [(predict(100_000), predict(1_000_000)) for _ in range(3)]
    return {
        "growth": peak_memory() - small,
        "linearity": median(much / (10 * few) for few, much in spent),
        "seconds": median(much for _, much in spent),
    }


def peak_memory() -> float:
    """Return the most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_repeated(rows: pd.DataFrame, size: int, path: Path) -> None:
    """Write the rows again and again, without holding them all, until there are `size`."""
    for start in range(0, size, len(rows)):
        part = rows.head(min(len(rows), size - start))
        part.to_csv(path, mode="a", index=False, header=start == 0)


main(sys.argv[1])
