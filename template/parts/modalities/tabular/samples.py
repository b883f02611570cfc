"""Write rows as the table has them that the model was trained on, so that they can be compared with it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..columns import Column, write_date
from ..schema import Schema
from .appending import append_rows
from .sampling import Sample, find_sampler
from .settings import ServiceSettings

ISO = "ISO 8601"


def make_sampler(settings: ServiceSettings) -> Sample | None:
    """Return what keeps a share of the requests, if that was asked for. Raises SettingsError when it cannot."""
    return find_sampler(settings, write_sample, ".csv")


def write_sample(path: Path, schema: Schema, rows: list[dict[str, Any]], body: bytes, media_type: str) -> None:
    """Add rows to a table. Raises OSError."""
    names = [column.name for column in schema.columns]
    cells = [[write_cell(row.get(column.name), column) for column in schema.columns] for row in rows]
    append_rows(path, names, cells, schema.separator)


def write_cell(value: Any, column: Column) -> str:
    """Return a value as the cells of its column have it."""
    if value is None:
        return ""
    if column.kind == "boolean":
        return str(value).lower()
    if column.kind == "date":
        date = datetime.fromtimestamp(value, UTC)
        return write_date(date.replace(tzinfo=None)) if column.form in ("", ISO) else date.strftime(column.form)
    return repr(value).replace(".", column.decimal) if column.kind == "number" else str(value)
