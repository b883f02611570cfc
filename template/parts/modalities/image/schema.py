"""The labels, and the form of the images: known once the folder is, kept beside the data, shipped with the model."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator

from .errors import DataError

SCHEMA_FILE = "schema.json"

Colour = Literal["grey", "rgb"]
OnBadFile = Literal["skip", "refuse"]
Bits = Annotated[int, Field(ge=8, le=16)]
Side = Annotated[int, Field(ge=4, le=4096)]

# What a model takes, by name; the encoder says which.
Inputs = dict[str, NDArray[Any]]


def as_pair(size: Any) -> Any:
    """Return a width and a height; one number stands for both."""
    return (size, size) if isinstance(size, int) else size


class DataSource(BaseModel, frozen=True, extra="forbid"):
    """The images to learn from: a folder with a folder for each label, and the form that a model takes them in.

    Without a size, a colour or bits, they are found from the images. `group` is a regular expression: what its only
    group finds in the names of files may not be cut apart.
    """

    path: str
    size: Annotated[tuple[Side, Side] | None, BeforeValidator(as_pair)] = None
    colour: Colour | None = None
    bits: Bits | None = None
    on_bad_file: OnBadFile
    group: str | None = None
    positive: str | None = None
    test_size: float = Field(default=0.2, gt=0, lt=1)

    @field_validator("group")
    @classmethod
    def _group_is_a_pattern(cls, pattern: str | None) -> str | None:
        try:
            found = re.compile(pattern).groups if pattern is not None else 1
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        if found != 1:
            raise ValueError(f"{pattern!r} has {found} groups in round brackets; one says what belongs together")
        return pattern


class DataSettings(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the data."""

    data: DataSource


class Target(BaseModel, frozen=True, extra="forbid"):
    """What is predicted: one of the labels, which are the names of the folders."""

    name: str = "label"
    categories: tuple[str, ...]


class Schema(BaseModel, frozen=True, extra="forbid"):
    """The labels, the form in which images are read, and the files that are left out with the reason."""

    source: str
    target: Target
    # Of two labels, the one to find.
    positive: str | None = None
    # From which probability of it on a model predicts it, if not from half.
    threshold: float | None = None
    size: tuple[int, int]
    colour: Colour
    # How many bits are used where a file has room for 16: scanners and detectors give 10, 12 or 14.
    bits: Bits = 16
    on_bad_file: OnBadFile
    ignored: dict[str, str] = {}

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each thing that is known of the inputs."""
        width, height = self.size
        return [
            {"what": "image", "form": "PNG, JPEG or WebP of any size"},
            {"what": "read as", "form": f"{width} x {height} pixels, {self.colour}"},
            {"what": "labels", "form": ", ".join(self.target.categories)},
        ]

    def save(self, path: Path) -> None:
        """Write the schema as readable JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.model_dump_json(indent=2, exclude_defaults=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a schema. Raises DataError when the file is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None
