"""What each column of the table holds: inferred once, kept beside the data, shipped with the model."""

from pathlib import Path
from typing import Any, Literal, Self

from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from .errors import DataError

SCHEMA_FILE = "schema.json"
MISSING = "(missing)"

# What a model takes: `numbers` (rows, numeric columns) as float32 with NaN, `categories` (rows, others) as text.
Inputs = dict[str, NDArray[Any]]


class Column(BaseModel, frozen=True, extra="forbid"):
    """One column: its kind, whether values may be missing and how that is written, the range or categories seen."""

    name: str
    kind: Literal["number", "boolean", "category"]
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    # The words that mean that a number is missing, beside an empty cell.
    missing: tuple[str, ...] = ()

    @property
    def seen(self) -> str:
        """The range or the categories, in words."""
        return f"{self.minimum:g} to {self.maximum:g}" if self.kind == "number" else ", ".join(self.categories)


class Schema(BaseModel, frozen=True, extra="forbid"):
    """The columns that the model takes, the one it predicts, and those left out with the reason."""

    source: str
    columns: tuple[Column, ...]
    target: Column
    ignored: dict[str, str] = {}

    @property
    def held(self) -> tuple[Column, ...]:
        """All columns that a table to learn from holds."""
        return (self.target, *self.columns)

    @property
    def numbers(self) -> list[str]:
        """The columns that the model takes as numbers; booleans are 0 and 1."""
        return [column.name for column in self.columns if column.kind != "category"]

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
        """Read a schema. Raises DataError when the file is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None
