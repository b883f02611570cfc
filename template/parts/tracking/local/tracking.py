"""Keep a record of each run as a JSON file."""

from collections.abc import Mapping
from pathlib import Path

from pydantic_core import to_json

from .lineage import Lineage


def log_run(name: str, metrics: Mapping[str, float], lineage: Lineage, folder: Path) -> None:
    """Write the run's name, metrics and lineage to run.json in its report's folder."""
    record = {"run": name, "metrics": dict(metrics), "lineage": lineage.model_dump(mode="json")}
    (folder / "run.json").write_bytes(to_json(record, indent=2, inf_nan_mode="null") + b"\n")
