"""What the data was like that a model was made from: kept with it, so that later data is compared without that data."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from ..errors import BundleError

REFERENCE_FILE = "reference.json"
# A column of numbers is kept as so many of its quantiles at the most, one of words as so many of them.
MOST_POINTS = 1_000
MOST_WORDS = 200

Watched = Mapping[str, NDArray[Any]]


class Numbers(BaseModel, frozen=True):
    """A column of numbers: how many there are and are missing, and how many of them lie up to each of some values."""

    kind: Literal["numbers"] = "numbers"
    count: int
    missing: int
    values: tuple[float, ...] = ()
    up_to: tuple[int, ...] = ()


class Words(BaseModel, frozen=True):
    """A column of words: how many there are and are missing, how often the most frequent come, and all `others`."""

    kind: Literal["words"] = "words"
    count: int
    missing: int
    counts: dict[str, int] = {}
    others: int = 0


class Reference(BaseModel, frozen=True):
    """What is watched of the examples that a model has learned from, and of its answers to those that were held out."""

    examples: int
    columns: dict[str, Numbers | Words]
    answers: dict[str, Numbers | Words]

    def save(self, folder: Path) -> None:
        """Write it into the folder of a saved model."""
        (folder / REFERENCE_FILE).write_text(self.model_dump_json(exclude_defaults=True) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Reference":
        """Return that of a saved model. Raises BundleError when it has none."""
        try:
            return cls.model_validate_json((folder / REFERENCE_FILE).read_bytes())
        except (OSError, ValidationError):
            raise BundleError(
                f"{folder.name} does not say what the data was like that it was made from; train again"
            ) from None


def describe(watched: Watched) -> dict[str, Numbers | Words]:
    """Return what columns are like: numbers (values,) are NaN where missing, words are text or None."""
    return {name: describe_column(values) for name, values in watched.items()}


def describe_column(values: NDArray[Any]) -> Numbers | Words:
    """Return what a column is like."""
    if values.dtype != object:
        known = np.sort(values[~np.isnan(values)].astype(np.float64))
        points = pick_points(known)
        up_to = np.searchsorted(known, points, side="right")
        return Numbers(
            count=len(known),
            missing=len(values) - len(known),
            values=tuple(points.tolist()),
            up_to=tuple(up_to.tolist()),
        )
    counts = Counter(values.tolist())
    missing = counts.pop(None, 0)
    kept = dict(counts.most_common(MOST_WORDS))
    total = counts.total()
    return Words(count=total, missing=missing, counts=kept, others=total - sum(kept.values()))


def pick_points(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all different values, or so many quantiles; the lowest and the highest are among them."""
    different = np.unique(ordered)
    if len(different) <= MOST_POINTS:
        return different
    return np.unique(ordered[np.linspace(0, len(ordered) - 1, MOST_POINTS).round().astype(np.intp)])
