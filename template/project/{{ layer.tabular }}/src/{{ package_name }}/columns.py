"""The columns of a table: what each holds and how that is written, as schema.json says it."""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import from_json

from .errors import DataError

VERSION = 2
# So many decimal places does float64 keep for sure.
MOST_DIGITS = 15
MOST_CUT_OFF = 0.5
Kind = Literal["number", "boolean", "category", "date"]
# ISO 8601, as far as it is read: a month, a day, or a time of a day with or without its distance from UTC.
DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
)


class Choices(BaseModel, frozen=True, extra="forbid"):
    """What params.yaml says of the columns: which to leave out, what they hold, and how that is written."""

    ignore: tuple[str, ...] = ()
    kinds: dict[str, Kind] = {}
    missing: tuple[str, ...] = ()
    decimal: Literal[".", ","] | None = None
    day_first: bool | None = None
    # What becomes of a word in data to predict that training has not seen.
    unknown: Literal["refuse", "other"] = "refuse"
    # Which column says what may not be cut apart, such as rows of one person, or that later rows are tested on.
    group: str | None = None
    time: str | None = None

    @property
    def ties(self) -> list[str]:
        """The columns that say how rows are split."""
        return [name for name in (self.group, self.time) if name]

    def decided(self) -> dict[str, Any]:
        """Return what was chosen, as JSON has it."""
        return self.model_dump(mode="json", include=set(Choices.model_fields), exclude_defaults=True)


class Outliers(BaseModel, frozen=True, extra="forbid"):
    """Which numbers of a column are taken for outliers, and what becomes of them.

    `rule` says what `beyond` counts: of `iqr`, how often the distance of the quartiles a value may lie beyond them; of
    `robust_z`, how often the median deviation from the median; of `quantiles`, the share that is cut off at each end.
    """

    treat: Literal["keep", "clip", "drop"] = "keep"
    rule: Literal["iqr", "robust_z", "quantiles"] = "iqr"
    beyond: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _share_is_small(self) -> Self:
        if self.rule == "quantiles" and self.beyond is not None and self.beyond >= MOST_CUT_OFF:
            raise ValueError(f"beyond: of quantiles it is the share cut off at each end, below {MOST_CUT_OFF}")
        return self


class Cleaning(BaseModel, frozen=True, extra="forbid"):
    """What is done about repeated rows, missing values, outliers, and columns of many words."""

    duplicates: Literal["keep", "drop"] = "keep"
    # What a missing number becomes, or that rows with one are left out.
    missing: Literal["median", "mean", "most_frequent", "drop"] | float = "median"
    missing_flags: bool = True
    outliers: Outliers = Outliers()
    # Words in fewer rows than that, or than that share of them, are one word.
    rare: float = Field(default=0, ge=0)
    many_words: Literal["target", "frequent"] = "target"


class Features(BaseModel, frozen=True, extra="forbid"):
    """What the prepared columns become before the model: so many principal components, or of that share of variance."""

    # Whether prepare.py makes columns.
    prepare: bool = True
    pca: int | float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _components_are_whole(self) -> Self:
        if isinstance(self.pca, float) and self.pca >= 1:
            raise ValueError("pca: a number of components is whole, a share of the variance is below 1")
        return self


class Column(BaseModel, frozen=True, extra="forbid"):
    """One column: its kind, whether values may be missing, how they are written, and what was seen."""

    name: str
    kind: Kind
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    # The words that mean that a number or a date is missing, beside an empty cell.
    missing: tuple[str, ...] = ()
    # How numbers are written: what stands before decimals, between thousands, and beside them; whether (5) is -5.
    decimal: str = Field(default=".", pattern="^[.,]$")
    thousands: str = Field(default="", pattern="^[,. ']?$")
    unit: str = ""
    brackets: bool = False
    # How dates are written, as strftime says it.
    form: str = ""
    # How many different words there were, if they are too many to be listed; any word may come then.
    words: int | None = None
    # One of them.
    example: str = ""

    @property
    def many(self) -> bool:
        """Whether it holds any words, and not one of those that are listed."""
        return self.words is not None

    @property
    def seen(self) -> str:
        """The range or the categories, in words."""
        if self.kind == "number" and self.minimum is None:
            return "none"
        if self.kind == "number":
            return f"{self.minimum:g} to {self.maximum:g}" + (f" {self.unit}" if self.unit else "")
        if self.kind == "date":
            return f"{write_date(self.earliest)} to {write_date(self.latest)}"
        return f"{self.words} different words" if self.many else ", ".join(self.categories)


class Made(BaseModel, frozen=True, extra="forbid"):
    """A column of numbers that prepare.py makes, and what it made of three samples, by which a change is found."""

    column: Column
    samples: tuple[float | None, ...]


class Columns(BaseModel, frozen=True, extra="forbid"):
    """The columns that a model takes, those left out with the reason, and what of it params.yaml decided."""

    version: int
    source: str
    # What separates the values, and does so in files to predict if they can be cut in two ways.
    separator: str = ","
    columns: tuple[Column, ...]
    # What prepare.py makes of the columns.
    made: tuple[Made, ...] = ()
    ignored: dict[str, str] = {}
    decided: dict[str, Any] = {}

    @property
    def numbers(self) -> list[str]:
        """The columns of the table that the model takes as numbers; booleans are 0 and 1."""
        return [column.name for column in self.columns if column.kind in ("number", "boolean")]

    @property
    def all_numbers(self) -> list[str]:
        """The numbers of the table, and those that prepare.py makes."""
        return list(dict.fromkeys([*self.numbers, *(made.column.name for made in self.made)]))

    @property
    def dates(self) -> list[str]:
        """The columns that the model takes as seconds since 1970."""
        return [column.name for column in self.columns if column.kind == "date"]

    @property
    def categories(self) -> list[str]:
        """The columns that the model takes as text."""
        return [column.name for column in self.columns if column.kind == "category"]

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns in the order in which the model takes them: numbers, dates, text."""
        known = {column.name: column for column in [*self.columns, *(made.column for made in self.made)]}
        return tuple(known[name] for name in [*self.all_numbers, *self.dates, *self.categories])

    @property
    def takes_others(self) -> bool:
        """Whether a word that training has not seen is predicted as one that is none of the categories."""
        return self.decided.get("unknown") == "other"

    def facts(self) -> list[dict[str, str]]:
        """Return one row for each column: its kind, range or categories, and whether values may be missing."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "seen in training": column.seen,
                "may be missing": "yes" if column.nullable else "no",
            }
            for column in self.columns
        ] + [
            {
                "column": f"{made.column.name}, made by prepare.py",
                "kind": made.column.kind,
                "seen in training": made.column.seen,
                "may be missing": "yes" if made.column.nullable else "no",
            }
            for made in self.made
        ]

    def save(self, path: Path) -> None:
        """Write the schema as readable JSON."""
        text = self.model_dump_json(indent=2, exclude_defaults=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a schema. Raises DataError when the file is not one, or of another version of this code."""
        try:
            content = from_json(path.read_bytes())
            if isinstance(content, dict) and content.get("version") != VERSION:
                raise DataError(f"{path} was written by another version of this project")
            return cls.model_validate(content)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} is no readable schema: {error}") from None


def word_key(word: str) -> str:
    """Return what words that are one have in common: 0 and 0.0, but not 01; letters in either form of Unicode."""
    if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", word):
        return repr(float(word) + 0.0) if len(word) < MOST_DIGITS else word
    return unicodedata.normalize("NFC", word)


def write_date(date: datetime | None) -> str:
    """Return a date as ISO 8601, with the time of the day where it has one."""
    if date is None:
        return "none"
    return date.date().isoformat() if date == datetime(date.year, date.month, date.day) else date.isoformat()


def read_date(text: str) -> float:
    """Return the seconds since 1970 of a date in ISO 8601, in UTC where it says no other. Raises ValueError."""
    if not DATE.fullmatch(text):
        raise ValueError("is no date in the form of 2001-12-31 or 2001-12-31T23:00")
    date = datetime.fromisoformat(f"{text}-01" if text.count("-") == 1 else text)
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
