"""What was found of drift as metrics, in the text format that node exporters collect from files."""

from collections.abc import Iterable
from pathlib import Path
from time import time

from .drift import Drift
from .shifts import Shift

METRICS_FILE = "drift.prom"
# Each column is a time series of its own: so many of the worst are told.
MOST_COLUMNS = 100

# Labels and a value.
Sample = tuple[dict[str, str], float]


def write_metrics(found: Drift, folder: Path) -> Path:
    """Write them into the folder, whole at once, as others read the file while it is written; return the file."""
    path = folder / METRICS_FILE
    unfinished = folder / f".{METRICS_FILE}"
    unfinished.write_text("".join(lines_of(found, time())), encoding="utf-8")
    return unfinished.replace(path)


def lines_of(found: Drift, now: float) -> Iterable[str]:
    """Yield the lines of all metrics."""
    yield from metric("drift_found", "Whether anything has drifted.", [({}, bool(found.reasons))])
    yield from metric("drift_checked_timestamp_seconds", "When that was found, in seconds since 1970.", [({}, now)])
    yield from metric("drift_examples", "Recent examples that were compared.", [({}, found.examples)])
    unusable = sum(found.refused.values()) / found.examples
    yield from metric("drift_unusable_ratio", "The share of them that the model cannot use.", [({}, unusable)])
    yield from metric("drift_columns_drifted", "Columns that have drifted.", [({}, count_drifted(found.columns))])
    shifts = [("column", shift) for shift in found.columns] + [("answer", shift) for shift in found.answers]
    worst = sorted(shifts, key=lambda each: (not each[1].reasons, -each[1].index))[:MOST_COLUMNS]
    indexes: list[Sample] = [({kind: shift.column}, shift.index) for kind, shift in worst]
    yield from metric("drift_stability_index", "How far a column, or an answer, has moved; the worst.", indexes)
    if found.metric:
        measured: list[Sample] = [
            ({"metric": found.metric.metric, "examples": "held out"}, found.metric.before),
            ({"metric": found.metric.metric, "examples": "recent"}, found.metric.now),
        ]
        yield from metric("drift_metric", "How good the model was, and is on recent examples.", measured)


def count_drifted(shifts: Iterable[Shift]) -> int:
    """Return how many have drifted."""
    return sum(bool(shift.reasons) for shift in shifts)


def metric(name: str, told: str, samples: Iterable[Sample]) -> Iterable[str]:
    """Yield the lines of a metric."""
    yield f"# HELP {name} {told}\n"
    yield f"# TYPE {name} gauge\n"
    for labels, value in samples:
        shown = ",".join(f'{label}="{escape(text)}"' for label, text in labels.items())
        yield f"{name}{'{' + shown + '}' if shown else ''} {float(value)!r}\n"


def escape(text: str) -> str:
    """Return a text as the value of a label is written."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
