"""Where the series are, which columns hold them, and how far to forecast."""

from pydantic import Field

from .schema import Layout


class DataSource(Layout, frozen=True, extra="forbid"):
    """The table to learn from: a CSV file, and what the model makes of its columns."""

    path: str
    test_size: float = Field(default=0.2, gt=0, lt=1)
