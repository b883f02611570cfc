"""What each column of the table holds: inferred once, kept beside the data, shipped with the model."""

from typing import Any

from numpy.typing import NDArray
from pydantic import BaseModel, Field

from .columns import Choices, Cleaning, Column, Columns, Features

SCHEMA_FILE = "schema.json"
MISSING = "(missing)"

# What a model takes: `numbers` and `dates` (rows, columns) as float64 with NaN, `categories` (rows, columns) as text.
Inputs = dict[str, NDArray[Any]]


class DataSource(Choices, frozen=True, extra="forbid"):
    """The table to find groups in: a CSV file."""

    path: str
    test_size: float = Field(default=0.2, gt=0, lt=1)


class DataSettings(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the data, and of what is done to it before the model."""

    data: DataSource
    cleaning: Cleaning = Cleaning()
    features: Features = Features()


class Schema(Columns, frozen=True, extra="forbid"):
    """The columns that the model takes, and those left out with the reason."""

    @property
    def target_type(self) -> None:
        """What words of many are encoded by: there is no target."""

    @property
    def held(self) -> tuple[Column, ...]:
        """All columns that a table to learn from holds."""
        return self.columns
