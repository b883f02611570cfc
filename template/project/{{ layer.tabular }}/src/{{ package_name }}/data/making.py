"""Call prepare.py, the same way wherever rows come from, and describe what it makes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Column, Columns, Made
from ..errors import DataError
from .prepare import prepare

# So many rows are made alone, too, to see whether they depend on others.
COMPARED = 3

Values = Mapping[str, NDArray[Any]]


def make(values: Values, known: Columns) -> dict[str, NDArray[np.float64]]:
    """Return what prepare.py makes of columns (rows,): numbers, NaN where they are not finite.

    Raises DataError where it fails, or what it makes is no such column.
    """
    rows = len(next(iter(values.values())))
    try:
        with np.errstate(all="ignore"):
            made = prepare(dict(values))
    except KeyError as error:
        left_out = {name: f", which is left out: it {reason}" for name, reason in known.ignored.items()}
        name = error.args[0] if error.args else ""
        raise DataError(
            f"prepare.py: there is no column {name!r}{left_out.get(str(name), '')}; there are {', '.join(values)}"
        ) from None
    except Exception as error:
        raise DataError(f"prepare.py: {type(error).__name__}: {error}") from error
    if not isinstance(made, dict):
        raise DataError("prepare.py: prepare must return a dictionary of columns")
    return {name: numbers_of(name, column, rows, known) for name, column in made.items()}


def numbers_of(name: Any, column: Any, rows: int, known: Columns) -> NDArray[np.float64]:
    """Return a column that was made, as float64 (rows,). Raises DataError if it is none."""
    if not isinstance(name, str) or name in [*known.dates, *known.categories]:
        raise DataError(f"prepare.py: {name!r} is no name for a number: choose one that no date or words have")
    try:
        numbers = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"prepare.py: {name!r} holds no numbers; a model takes these alone from here") from None
    if numbers.shape != (rows,):
        raise DataError(f"prepare.py: {name!r} has the shape {numbers.shape}; there are {rows} rows")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def describe_made(values: Values, known: Columns) -> tuple[Made, ...]:
    """Return what is known of the columns that prepare.py makes of all rows. Raises DataError.

    One whose value depends on other rows is refused: it would be another in a request.
    """
    made = make(values, known)
    for row in range(min(COMPARED, len(next(iter(values.values()))))):
        alone = make({name: column[row : row + 1] for name, column in values.items()}, known)
        for name, column in made.items():
            if name not in alone or not np.allclose(alone[name], column[row], rtol=1e-9, equal_nan=True):
                raise DataError(f"prepare.py: {name!r} of a row depends on other rows, and would differ in a request")
    samples = make(sample_rows(known), known)
    return tuple(
        Made(column=describe(name, column), samples=tuple(none_for_nan(samples[name]))) for name, column in made.items()
    )


def describe(name: str, column: NDArray[np.float64]) -> Column:
    """Return what is known of a column of numbers."""
    present = column[~np.isnan(column)]
    return Column(
        name=name,
        kind="number",
        nullable=len(present) < len(column),
        minimum=present.min() if len(present) else None,
        maximum=present.max() if len(present) else None,
    )


def check_made(known: Columns) -> None:
    """Raise DataError when prepare.py makes other columns than it did when the schema was written."""
    if not known.made:
        return
    found = make(sample_rows(known), known)
    before = {made.column.name: np.array(made.samples, dtype=np.float64) for made in known.made}
    same = found.keys() == before.keys() and all(
        np.allclose(found[name], before[name], rtol=1e-9, equal_nan=True) for name in before
    )
    if not same:
        raise DataError("prepare.py makes other columns than when the model was trained")


def none_for_nan(column: NDArray[np.float64]) -> list[float | None]:
    """Return the numbers as JSON has them."""
    return [None if np.isnan(number) else float(number) for number in column]


def sample_rows(known: Columns) -> dict[str, NDArray[Any]]:
    """Return three rows that any schema can give: the least, the middle and the greatest of each column."""
    rows: dict[str, NDArray[Any]] = {}
    for column in known.columns:
        if column.kind == "category":
            words = [column.example] if column.many else column.categories
            rows[column.name] = np.array([words[0], words[len(words) // 2], words[-1]], dtype=object)
        else:
            least, greatest = ends_of(column)
            rows[column.name] = np.array([least, (least + greatest) / 2, greatest])
    return rows


def ends_of(column: Column) -> tuple[float, float]:
    """Return the least and the greatest number that a column holds; dates in seconds since 1970."""
    if column.kind == "boolean":
        return 0.0, 1.0
    if column.kind == "date":
        return seconds_of(column.earliest), seconds_of(column.latest)
    return number_of(column.minimum), number_of(column.maximum)


def seconds_of(date: datetime | None) -> float:
    """Return a date in seconds since 1970."""
    return np.nan if date is None else date.replace(tzinfo=UTC).timestamp()


def number_of(number: float | None) -> float:
    """Return a number, NaN for none."""
    return np.nan if number is None else number
