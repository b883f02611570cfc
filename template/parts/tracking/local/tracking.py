"""Keep a record of each run."""

from ..config import Config
from .runs import RunRecord, write_record


def log_run(record: RunRecord, config: Config) -> None:
    """Write what is kept of a run, its settings and results, below runs/. Raises OSError."""
    write_record(record, config.runs_dir)
