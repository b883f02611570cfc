"""What the table of series holds: inferred once, kept beside the data, shipped with the model."""

from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError, model_validator

from .errors import DataError
from .frequency import Frequency

SCHEMA_FILE = "schema.json"

# What a model takes: `history` (rows, lags) and, where columns are known in advance, `known` (rows, horizon x columns),
# all columns of the first step, then of the next; both float64.
Inputs = dict[str, NDArray[Any]]


class Layout(BaseModel, frozen=True, extra="forbid"):
    """Which column is what, and how much a model takes and gives.

    A model takes `lags` values and forecasts the next `horizon`, with intervals that hold the share `level` of the true
    values; `season` is how many steps it takes for the values to repeat.
    """

    time: str
    target: str
    known: tuple[str, ...] = ()
    series: str | None = None
    horizon: int = Field(ge=1)
    lags: int = Field(ge=2)
    season: int = Field(ge=1)
    level: float = Field(default=0.9, gt=0, lt=1)

    @property
    def columns(self) -> list[str]:
        """All columns that are used."""
        return [*([self.series] if self.series else []), self.time, self.target, *self.known]

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.lags <= self.season:
            raise ValueError(f"lags ({self.lags}) must be more than season ({self.season}), to see a season repeat")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("time, target, known and series must name different columns")
        return self


class Schema(Layout, frozen=True, extra="forbid"):
    """The layout of a table, how far apart its times are, and the range of each column of numbers."""

    source: str
    frequency: Frequency
    ranges: dict[str, tuple[float, float]]

    def seen(self, column: str) -> str:
        """Return the range of a column of numbers, in words."""
        low, high = self.ranges[column]
        return f"{low:g} to {high:g}"

    def same_layout(self, other: Layout) -> bool:
        """Return whether the other uses the same columns in the same way."""
        return all(getattr(self, name) == getattr(other, name) for name in Layout.model_fields)

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each column: what it is, and its range."""
        rows = [(self.time, f"time, {self.frequency.name}", "")]
        rows += [(self.series, "which series", "")] if self.series else []
        rows += [(self.target, f"{self.lags} values, to forecast the next {self.horizon}", self.seen(self.target))]
        rows += [(name, f"known for the next {self.horizon} steps", self.seen(name)) for name in self.known]
        return [{"column": column, "role": role, "seen in training": seen} for column, role, seen in rows]

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
