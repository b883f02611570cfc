"""Keep a record of each run as a JSON file."""

import json
from collections.abc import Mapping
from pathlib import Path

from .lineage import Lineage


def log_run(name: str, metrics: Mapping[str, float], lineage: Lineage, folder: Path) -> None:
    """Write the run's name, metrics and lineage to run.json in its report's folder."""
    record = {"run": name, "metrics": dict(metrics), "lineage": lineage.model_dump(mode="json")}
    (folder / "run.json").write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
