"""Where the texts are, and what they are labelled with."""

from pydantic import BaseModel, Field


class DataSource(BaseModel, frozen=True, extra="forbid"):
    """The texts to learn from: a CSV file, the column that holds them, and the column to predict."""

    path: str
    text: str
    target: str
    max_characters: int = Field(default=20_000, ge=1)
    test_size: float = Field(default=0.2, gt=0, lt=1)
