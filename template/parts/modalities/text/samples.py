"""Write texts as the table has them that the model was trained on, so that they can be compared with it."""

from pathlib import Path

from ..schema import Schema
from .appending import append_rows
from .sampling import Sample, find_sampler
from .settings import ServiceSettings


def make_sampler(settings: ServiceSettings) -> Sample | None:
    """Return what keeps a share of the requests, if that was asked for. Raises SettingsError when it cannot."""
    return find_sampler(settings, write_sample, ".csv")


def write_sample(path: Path, schema: Schema, rows: list[dict[str, str]], body: bytes, media_type: str) -> None:
    """Add texts to a table. Raises OSError."""
    append_rows(path, [schema.text], [[row[schema.text]] for row in rows], schema.separator)
