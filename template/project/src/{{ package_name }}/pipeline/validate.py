"""Whether the data is what it should be by its schema, and is like that of the run before."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype
from pydantic import BaseModel, ValidationError

from ..config import Config, Limits
from ..errors import DataError
from ..inference.naming import write_number
from ..training.lineage import data_sha256
from .profile import tabulate
from .results import StepResult

PROFILE_FILE = ".profile.json"
# Of so many words the shares are kept, the most frequent ones.
MOST_WORDS = 50
MOST_TOLD = 10


class ColumnProfile(BaseModel, frozen=True):
    """A column: the share of missing values; mean and standard deviation of numbers, or the share of each word."""

    missing: float
    mean: float | None = None
    spread: float | None = None
    shares: dict[str, float] = {}


class Profile(BaseModel, frozen=True):
    """What is kept of accepted data: how many examples it has, and what each column is like."""

    examples: int
    columns: dict[str, ColumnProfile]


class Validated(StepResult, frozen=True):
    """Data that was accepted: its digest, and how many examples it has."""

    data_sha256: str
    examples: int
    compared: bool

    def describe(self) -> str:
        """Return what was accepted."""
        like = "like those of the run before" if self.compared else "the first to be accepted"
        return f"{self.examples} examples, {like}"


def validate(config: Config) -> Validated:
    """Check the data against its schema, and against the data accepted last, by pipeline.limits; keep what it is like.

    Raises DataError that says what is wrong, or differs too much.
    """
    found = profile_of(tabulate(config))
    path = config.runs_dir / PROFILE_FILE
    before = read_profile(path)
    problems = list(differences(before, found, config.pipeline.limits)) if before else []
    if problems:
        told = [
            *problems[:MOST_TOLD],
            *([f"and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []),
        ]
        lines = [f"{config.data_path} differs from the data that was accepted last:", *told]
        raise DataError("\n".join([*lines, "If that is meant, run the pipeline with --accept."]))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return Validated(data_sha256=data_sha256(config.data_path), examples=found.examples, compared=before is not None)


def forget_accepted(config: Config) -> None:
    """Let the next data be accepted, however much it differs."""
    (config.runs_dir / PROFILE_FILE).unlink(missing_ok=True)


def read_profile(path: Path) -> Profile | None:
    """Return what the data accepted last was like; None if none was. Raises DataError."""
    if not path.exists():
        return None
    try:
        return Profile.model_validate_json(path.read_bytes())
    except ValidationError:
        raise DataError(f"{path} cannot be read; run the pipeline with --accept to write it anew") from None


def profile_of(table: pd.DataFrame) -> Profile:
    """Return what the columns of a table are like."""
    columns = {str(name): profile_column(values) for name, values in table.items()}
    return Profile(examples=len(table), columns=columns)


def profile_column(values: pd.Series) -> ColumnProfile:
    """Return what a column is like."""
    missing = float(values.isna().mean())
    if is_numeric_dtype(values):
        known = values.dropna().astype(float)
        mean, spread = (float(known.mean()), float(known.std(ddof=0))) if len(known) else (None, None)
        return ColumnProfile(missing=missing, mean=mean, spread=spread)
    shares = values.value_counts(normalize=True).head(MOST_WORDS)
    return ColumnProfile(missing=missing, shares={str(word): float(share) for word, share in shares.items()})


def differences(before: Profile, now: Profile, limits: Limits) -> Iterator[str]:
    """Yield what differs by more than it may."""
    if now.examples < (1 - limits.fewer) * before.examples:
        yield f"{now.examples} examples, where there were {before.examples} (pipeline.limits.fewer: {limits.fewer:g})"
    for name in sorted(before.columns.keys() ^ now.columns.keys()):
        yield f"column {name!r} is {'new' if name in now.columns else 'gone'}"
    for name, column in now.columns.items():
        if name in before.columns:
            yield from (f"column {name!r}: {what}" for what in column_differences(before.columns[name], column, limits))


def column_differences(before: ColumnProfile, now: ColumnProfile, limits: Limits) -> Iterator[str]:
    """Yield what differs in a column by more than it may."""
    by_share = f"(pipeline.limits.share: {limits.share:g})"
    if abs(now.missing - before.missing) > limits.share:
        yield f"{now.missing:.0%} of the values are missing, where {before.missing:.0%} were {by_share}"
    for word in [*before.shares, *(word for word in now.shares if word not in before.shares)]:
        old, new = before.shares.get(word, 0.0), now.shares.get(word, 0.0)
        if abs(new - old) > limits.share:
            yield f"{new:.0%} are {word!r}, where {old:.0%} were {by_share}"
    if (now.mean is None) != (before.mean is None):
        yield "it held numbers only before or only now"
    elif now.mean is not None and before.mean is not None and before.spread is not None:
        moved = abs(now.mean - before.mean)
        if moved > limits.mean * before.spread:
            numbers = f"the mean is {write_number(now.mean)}, where it was {write_number(before.mean)}"
            spread = f"with a standard deviation of {write_number(before.spread)}"
            yield f"{numbers} {spread} (pipeline.limits.mean: {limits.mean:g})"
