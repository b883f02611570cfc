"""Records of runs, one JSON file for each below runs/: written, read, sorted, compared."""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from ..errors import ProjectError
from ..inference.bundle import LINEAGE_FILE, METRICS_FILE, list_bundles, read_json
from ..inference.naming import STARTED, find_metric, match_name, started, write_number

# What a person may call a run: the name is that of files and folders, too.
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
# A commit or digest is known by so many characters.
SHORT = 7
# What the runs can be sorted by.
SORTS = ("age", "name", "model", "metric", "data", "commit")

log = logging.getLogger(__name__)

Numbers = Mapping[str, float | None]


class Lineage(BaseModel, frozen=True):
    """What is needed to make the same model again.

    `packages_sha256` is the digest of the list of all installed packages, which is saved beside the model. `run` is the
    name of its run, and `rival` the model that it was trained to be compared with.
    """

    run: str | None = None
    rival: str | None = None
    model: str
    params: dict[str, Any]
    settings: dict[str, Any]
    data_sha256: str
    code_commit: str | None
    code_sha256: str | None = None
    versions: dict[str, str]
    packages_sha256: str | None = None
    fit_seconds: float

    def origin(self) -> dict[str, Any]:
        """Return what a reader of a report wants to know of it, in order."""
        return {
            "model": self.model,
            **self.params,
            "seed": self.settings["seed"],
            "data": self.settings["data"]["path"],
            "data SHA-256": self.data_sha256,
            "code commit": self.code_commit or "not in a git repository",
            "code SHA-256": self.code_sha256 or "not recorded",
            **self.versions,
            "packages SHA-256": self.packages_sha256 or "not recorded",
            "seconds to fit": self.fit_seconds,
        }


class RunRecord(BaseModel, frozen=True):
    """What is kept of a run: a training, a search with the training after it, or one model of a comparison.

    `metrics` are those on the held-out examples, none in a comparison; `spread` is the standard deviation over folds.
    `changes` are the settings that the command line changed, and `decision` is why a pipeline promoted it or did not. A
    metric that is not defined is None.
    """

    name: str
    command: str
    metrics: Numbers
    baseline: Numbers
    mean: Numbers
    spread: Numbers
    changes: dict[str, Any] = {}
    decision: dict[str, Any] = {}
    lineage: Lineage

    @property
    def started(self) -> datetime | None:
        """When it was started, as its name says; None for a name that says nothing of it."""
        return started(self.name)


def check_label(label: str | None) -> None:
    """Raise ProjectError where the label of a run cannot be part of a path."""
    if label is not None and not LABEL.fullmatch(label):
        raise ProjectError(f"--name {label!r}: take A to Z, 0 to 9, '.', '_' and '-', 60 characters at most")


def name_run(label: str) -> str:
    """Return the name of a run that starts now."""
    return f"{datetime.now(UTC):{STARTED}}-{label}"


def keep_record(record: RunRecord, runs: Path) -> None:
    """Write the record. What cannot be written is told: it costs no run, and a saved model has files of its own."""
    try:
        write_record(record, runs)
    except OSError as error:
        log.warning("%s has no record: %s cannot be written: %s", record.name, runs, error.strerror or error)


def write_record(record: RunRecord, runs: Path) -> Path:
    """Write the record and return its file. Raises OSError."""
    runs.mkdir(parents=True, exist_ok=True)
    path = runs / f"{record.name}.json"
    unfinished = runs / f".{path.name}"
    unfinished.write_bytes(to_json(record, indent=2, inf_nan_mode="null") + b"\n")
    return unfinished.replace(path)


def read_runs(runs: Path, models: Path) -> list[RunRecord]:
    """Return the records, the newest last; saved models that have none are read from their own files.

    A record that cannot be read is told of and left out.
    """
    found: dict[str, RunRecord] = {}
    for path in runs.glob("[!.]*.json"):
        try:
            found[path.stem] = RunRecord.model_validate_json(path.read_bytes())
        except ValidationError as error:
            log.warning("%s is left out: %s", path, error.errors()[0]["msg"])
    for name in list_bundles(models):
        if name not in found:
            found[name] = record_of_bundle(models / name)
    return [found[name] for name in sorted(found)]


def read_lineage(bundle: Path) -> Lineage:
    """Read the origin of a saved model."""
    return Lineage.model_validate_json((bundle / LINEAGE_FILE).read_bytes())


def record_of_bundle(folder: Path) -> RunRecord:
    """Return what the files of a saved model say of its run. Raises BundleError when they cannot be read."""
    saved, lineage = read_json(folder / METRICS_FILE), read_lineage(folder)
    folds = saved["folds"]
    return RunRecord(
        name=folder.name,
        command="tune" if folds.get("chose") else "train",
        metrics=saved["metrics"],
        baseline=saved["baseline"],
        mean=folds["mean"],
        spread=folds["std"],
        lineage=lineage,
    )


def find_run(records: Iterable[RunRecord], asked: str) -> RunRecord:
    """Return the record of that name, or the newest whose name ends so. Raises ProjectError when there is none."""
    known = {record.name: record for record in records}
    name = match_name(asked, list(known))
    if name is None:
        newest = ", ".join([*known][-5:]) or "none; run the train command first"
        raise ProjectError(f"there is no run {asked!r}; the newest are {newest}")
    return known[name]


def summarize(record: RunRecord, asked: str) -> dict[str, Any]:
    """Return a row of the table of runs; `asked` is the metric of params.yaml, which some runs may lack."""
    measured = record.metrics or record.mean
    metric = find_metric(asked, measured) if {asked, f"{asked}_macro"} & measured.keys() else asked
    return {
        "name": record.name,
        "command": record.command,
        "model": record.lineage.model,
        "metric": metric,
        "value": record.metrics.get(metric),
        "mean": record.mean.get(metric),
        "spread": record.spread.get(metric),
        "data": record.lineage.data_sha256,
        "commit": record.lineage.code_commit,
        "changes": record.changes,
        "started": record.started,
    }


def write_row(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a row of the table of runs as it is shown."""
    return {
        "run": row["name"],
        "held out": write_value(row["value"]),
        "folds": f"{write_value(row['mean'])} ± {write_value(row['spread'], 2)}",
        "model": row["model"],
        "by": row["command"],
        "data": row["data"][:SHORT],
        "commit": (row["commit"] or "")[:SHORT],
        # The model has a column of its own.
        "changed": ", ".join(f"{key}={value}" for key, value in row["changes"].items() if key != "model"),
    }


def sort_rows(rows: list[dict[str, Any]], by: str, lower_is_better: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the rows in that order: the newest, or the best, last; those without a value first.

    What was measured on folds alone is sorted by that. Raises ProjectError for an unknown order.
    """
    if by not in SORTS:
        raise ProjectError(f"--sort {by!r} is unknown; known are {', '.join(SORTS)}")
    if by != "metric":
        key = "name" if by == "age" else by
        return sorted(rows, key=lambda row: str(row[key] or ""))

    def rank(row: Mapping[str, Any]) -> tuple[bool, float]:
        value = row["mean"] if row["value"] is None else row["value"]
        return value is not None, 0.0 if value is None else -value if row["metric"] in lower_is_better else value

    return sorted(rows, key=rank)


def write_age(started: datetime | None, now: datetime) -> str:
    """Return how long ago that was, in the largest unit of which it is at least one."""
    if started is None:
        return ""
    seconds = (now - started).total_seconds()
    unit = next((name for name, size in SECONDS.items() if seconds >= size), "s")
    return f"{seconds / SECONDS[unit]:.0f} {unit}"


def write_value(value: Any, figures: int = 4) -> str:
    """Return a number in few figures, nothing for None, and all else as it is."""
    if value is None:
        return ""
    return write_number(value, figures) if isinstance(value, float) else str(value)


def describe_run(record: RunRecord) -> dict[str, Any]:
    """Return all that is known of a run by dotted names, in order: numbers first, then what it was made of."""
    numbers = {
        f"{kind}.{metric}": value
        for kind, table in (("metrics", record.metrics), ("folds", record.mean), ("spread", record.spread))
        for metric, value in table.items()
    }
    decision = flatten(record.decision, "decision.")
    origin = record.lineage.model_dump(exclude={"run", "settings", "params"})
    return {"command": record.command, **numbers, **decision, **flatten(record.lineage.settings), **flatten(origin)}


def flatten(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested values by dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat


def differences(records: Iterable[RunRecord]) -> dict[str, list[Any]]:
    """Return what is not the same in all runs, by dotted names; None where a run has no such value."""
    described = [describe_run(record) for record in records]
    names = dict.fromkeys(name for each in described for name in each)
    rows = {name: [each.get(name) for each in described] for name in names}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}
