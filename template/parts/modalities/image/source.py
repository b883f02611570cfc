"""Where the images are, and how they are read."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

Colour = Literal["grey", "rgb"]
OnBadFile = Literal["skip", "refuse"]
Side = Annotated[int, Field(ge=4, le=4096)]


def as_pair(size: Any) -> Any:
    """Return a width and a height; one number stands for both."""
    return (size, size) if isinstance(size, int) else size


class DataSource(BaseModel, frozen=True, extra="forbid"):
    """The images to learn from: a folder with a folder for each label, and the form that a model takes them in."""

    path: str
    size: Annotated[tuple[Side, Side], BeforeValidator(as_pair)]
    colour: Colour
    on_bad_file: OnBadFile
    test_size: float = Field(default=0.2, gt=0, lt=1)
