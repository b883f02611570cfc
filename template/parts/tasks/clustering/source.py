"""Where the table is, and which of its columns are used."""

from pydantic import BaseModel, Field


class DataSource(BaseModel, frozen=True, extra="forbid"):
    """The table to find groups in: a CSV file."""

    path: str
    ignore: tuple[str, ...] = ()
    test_size: float = Field(default=0.2, gt=0, lt=1)
