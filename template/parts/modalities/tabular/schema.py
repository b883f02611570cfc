"""What each column of the table holds: inferred once, kept beside the data, shipped with the model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from .errors import DataError

SCHEMA_FILE = "schema.json"
MISSING = "(missing)"

# What a model takes: `numbers` (rows, numeric columns) as float32 with NaN, `categories` (rows, others) as text.
Inputs = dict[str, NDArray[Any]]


class Column(BaseModel, frozen=True, extra="forbid"):
    """One column: its kind, whether values may be missing, and the range or categories that were seen."""

    name: str
    kind: Literal["number", "boolean", "category"]
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class Schema(BaseModel, frozen=True, extra="forbid"):
    """The columns that the model takes, the one it predicts if any, and those left out with the reason."""

    source: str
    columns: tuple[Column, ...]
    target: Column | None = None
    ignored: dict[str, str] = {}

    @property
    def numbers(self) -> list[str]:
        """The columns that the model takes as numbers; booleans are 0 and 1."""
        return [column.name for column in self.columns if column.kind != "category"]

    @property
    def categories(self) -> list[str]:
        """The columns that the model takes as text."""
        return [column.name for column in self.columns if column.kind == "category"]

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


class RowEncoder:
    """Turns rows, as a client sends them, into what a model takes."""

    def __init__(self, schema: Schema) -> None:
        """Look up the columns once; rows come by the thousand."""
        self._numbers = schema.numbers
        self._categories = schema.categories

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Inputs:
        """Return the rows as a model's inputs. An absent key or None is a missing value."""
        inputs: Inputs = {}
        if self._numbers:
            inputs["numbers"] = np.array([[row.get(name) for name in self._numbers] for row in rows], dtype=np.float32)
        if self._categories:
            texts = [[row.get(name) or MISSING for name in self._categories] for row in rows]
            inputs["categories"] = np.array(texts, dtype=object)
        return inputs
