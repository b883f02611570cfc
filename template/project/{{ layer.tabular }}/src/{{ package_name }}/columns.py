"""The columns of a table: what each holds, as schema.json says it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel
from pydantic_core import from_json

from .errors import DataError

VERSION = 2
Kind = Literal["number", "boolean", "category", "date"]
# ISO 8601, as far as it is read: a month, a day, or a time of a day with or without its distance from UTC.
DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
)


class Column(BaseModel, frozen=True, extra="forbid"):
    """One column: its kind, whether values may be missing, and what was seen."""

    name: str
    kind: Kind
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    # The words that mean that a number is missing, beside an empty cell.
    missing: tuple[str, ...] = ()

    @property
    def seen(self) -> str:
        """The range or the categories, in words."""
        if self.kind == "number":
            return f"{self.minimum:g} to {self.maximum:g}"
        if self.kind == "date":
            return f"{write_date(self.earliest)} to {write_date(self.latest)}"
        return ", ".join(self.categories)


class Columns(BaseModel, frozen=True, extra="forbid"):
    """The columns that a model takes, those left out with the reason."""

    version: int
    source: str
    columns: tuple[Column, ...]
    ignored: dict[str, str] = {}

    @property
    def numbers(self) -> list[str]:
        """The columns that the model takes as numbers; booleans are 0 and 1."""
        return [column.name for column in self.columns if column.kind in ("number", "boolean")]

    @property
    def dates(self) -> list[str]:
        """The columns that the model takes as seconds since 1970."""
        return [column.name for column in self.columns if column.kind == "date"]

    @property
    def categories(self) -> list[str]:
        """The columns that the model takes as text."""
        return [column.name for column in self.columns if column.kind == "category"]

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each column: its kind, range or categories, and whether values may be missing."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "seen in training": column.seen,
                "may be missing": "yes" if column.nullable else "no",
            }
            for column in self.columns
        ]

    def save(self, path: Path) -> None:
        """Write the schema as readable JSON."""
        text = self.model_dump_json(indent=2, exclude_defaults=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a schema. Raises DataError when the file is not one, or of another version of this code."""
        try:
            content = from_json(path.read_bytes())
            if isinstance(content, dict) and content.get("version") != VERSION:
                raise DataError(f"{path} was written by another version of this project")
            return cls.model_validate(content)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None


def write_date(date: datetime | None) -> str:
    """Return a date as ISO 8601, with the time of the day where it has one."""
    if date is None:
        return "none"
    return date.date().isoformat() if date == datetime(date.year, date.month, date.day) else date.isoformat()


def read_date(text: str) -> float:
    """Return the seconds since 1970 of a date in ISO 8601, in UTC where it says no other. Raises ValueError."""
    if not DATE.fullmatch(text):
        raise ValueError("is no date in the form of 2001-12-31 or 2001-12-31T23:00")
    date = datetime.fromisoformat(f"{text}-01" if text.count("-") == 1 else text)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
