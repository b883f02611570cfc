"""What each column of the table holds: inferred once, kept beside the data, shipped with the model."""

from typing import Any, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, Field

from .columns import Choices, Cleaning, Column, Columns, Features

SCHEMA_FILE = "schema.json"
MISSING = "(missing)"

# What a model takes: `numbers` and `dates` (rows, columns) as float64 with NaN, `categories` (rows, columns) as text.
Inputs = dict[str, NDArray[Any]]


class DataSource(Choices, frozen=True, extra="forbid"):
    """The table to learn from: a CSV file and the column to predict."""

    path: str
    target: str
    positive: str | None = None
    test_size: float = Field(default=0.2, gt=0, lt=1)


class DataSettings(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the data, and of what is done to it before the model."""

    data: DataSource
    cleaning: Cleaning = Cleaning()
    features: Features = Features()


class Schema(Columns, frozen=True, extra="forbid"):
    """The columns that the model takes, the one it predicts, and those left out with the reason."""

    target: Column
    # Of two classes, the one to find.
    positive: str | None = None
    # From which probability of it on a model predicts it, if not from half.
    threshold: float | None = None

    @property
    def target_type(self) -> Literal["auto", "continuous"]:
        """What words of many are encoded by: shares of classes, or means of a number."""
        return "continuous" if self.target.kind == "number" else "auto"

    @property
    def held(self) -> tuple[Column, ...]:
        """All columns that a table to learn from holds."""
        return (self.target, *self.columns)
