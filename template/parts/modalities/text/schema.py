"""What the texts are and how they are labelled: inferred once, kept beside the data, shipped with the model."""

from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from .errors import DataError

SCHEMA_FILE = "schema.json"

# What a model takes, by name; the encoder says which.
Inputs = dict[str, NDArray[Any]]


class DataSource(BaseModel, frozen=True, extra="forbid"):
    """The texts to learn from: a CSV file, the column that holds them, and the column to predict."""

    path: str
    text: str
    target: str
    # Which column says what may not be cut apart, such as texts of one person, or that later texts are tested on.
    group: str | None = None
    time: str | None = None
    max_characters: int = Field(default=20_000, ge=1)
    positive: str | None = None
    test_size: float = Field(default=0.2, gt=0, lt=1)


class DataSettings(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the data."""

    data: DataSource


class Target(BaseModel, frozen=True, extra="forbid"):
    """What is predicted: the classes in their order, and how many texts of each were seen."""

    name: str
    categories: tuple[str, ...]
    counts: tuple[int, ...]


class Schema(BaseModel, frozen=True, extra="forbid"):
    """The column that holds the texts, how long they are, and the classes. Lengths are in characters."""

    source: str
    separator: str = ","
    text: str
    longest: int
    max_characters: int
    target: Target
    # Of two classes, the one to find.
    positive: str | None = None
    # From which probability of it on a model predicts it, if not from half.
    threshold: float | None = None

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each thing that is known of the inputs."""
        classes = zip(self.target.categories, self.target.counts, strict=True)
        return [
            {"what": self.text, "form": f"a text of at most {self.max_characters} characters"},
            {"what": "longest text seen in training", "form": f"{self.longest} characters"},
            {"what": self.target.name, "form": ", ".join(f"{name} ({count})" for name, count in classes)},
        ]

    def save(self, path: Path) -> None:
        """Write the schema as readable JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            self.model_dump_json(indent=2, exclude_defaults=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a schema. Raises DataError when the file is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None
