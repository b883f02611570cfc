"""Keep a record of each run."""

from ..config import Config
from .runs import RunRecord, keep_record


def log_run(record: RunRecord, config: Config) -> None:
    """Write what is kept of a run, its settings and results, below runs/."""
    keep_record(record, config.runs_dir)


def bring_models(config: Config, asked: str | None) -> None:
    """Find all models in this folder: nothing else keeps any."""


def follow_promotion(config: Config) -> None:
    """Leave it at the list in this folder: nothing else keeps one."""


def models_elsewhere(config: Config) -> list[str]:
    """Return no line: nothing else keeps models."""
    return []
