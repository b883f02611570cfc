"""Columns of your own, made from those of the table: in training, in files to predict and in requests alike."""

from typing import Any

from numpy.typing import NDArray


def prepare(c: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return numbers to learn from, by their names; those with the name of a number of the table replace it.

    `c` holds the columns, shape (rows,): numbers, and dates in seconds since 1970, as float64 with NaN for what is
    missing; words as text. What becomes of a row may not depend on others, as a request may be a single one. Where
    predictions are made, numpy may be all that is installed.
    """
    return {
        # "power_per_weight": c["power"] / c["weight"],
    }
