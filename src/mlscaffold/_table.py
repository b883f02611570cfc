"""What was found in data of one's own, and which task and which of its columns that suggests."""

import re
from dataclasses import dataclass
from pathlib import Path

from mlscaffold._errors import UsageError
from mlscaffold._meant import meant

# The questions of a template that name columns.
TEXT, TIME, SERIES = "text_column", "time_column", "series_column"
# Names that say what a column is for.
TARGETS = {"target", "label", "labels", "class", "y", "outcome", "response", "output", "result"}
# Whole numbers with so few different values name classes more often than amounts.
MOST_CLASSES = 10


@dataclass(frozen=True)
class Column:
    """One column; `unusable` says why nothing can be learned from it.

    `in_order` says that its dates ascend row by row, `shared` that it is called as what has several rows is, `letters`
    how long its texts are, if it holds some, `apart` which column tells rows of one date apart, empty if none has to.
    """

    name: str
    kind: str
    seen: str
    missing: int
    different: int
    whole: bool
    in_order: bool
    shared: bool
    letters: float
    apart: str | None
    examples: tuple[str, ...]
    unusable: str | None


@dataclass(frozen=True)
class Proposal:
    """What to do with a table: `target` is empty where groups are to be found; `why` is for people."""

    task: str
    target: str
    why: str


@dataclass(frozen=True)
class Data:
    """A table that was looked at; `sampled` if only its beginning was."""

    file: Path
    rows: int
    columns: tuple[Column, ...]
    sampled: bool
    told: tuple[str, ...]
    # Not a table, but a folder of images that holds a folder for each label.
    images: bool = False

    @property
    def name(self) -> str:
        """The name that the file has in a project: without blanks and signs that commands would trip over."""
        words = re.sub(r"[^\w.+-]+", "_", self.file.name)
        return re.sub(r"_*\._*", ".", words).strip("_.") or "data.csv"

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            UsageError: there is none.
        """
        found = [column for column in self.columns if column.name == name]
        if not found:
            names = [column.name for column in self.columns]
            hint = f"It has {', '.join(map(repr, names))}."
            if len(names) == 1:
                hint += " Values are separated by commas, semicolons, tabs or bars; a first line sep=… names another."
            raise UsageError(f"{self.file} has no column {name!r}{meant(name, names)}", hint)
        return found[0]

    def propose(self, target: str) -> Proposal:
        """Return which task a target means.

        Raises:
            UsageError: there is no such column, or nothing that is predicted here.
        """
        if self.images:
            if target:
                raise UsageError(f"{self.file} holds images, which have no column {target!r}", "Leave --target out.")
            return Proposal("image-classification", "", "it holds a folder for each label")
        if not target:
            return Proposal("clustering", "", "nothing is to be predicted")
        column = self.column(target)
        if column.kind == "date":
            raise UsageError(f"column {target!r} holds dates, and no task predicts these", "Choose another --target.")
        if column.different < 2:
            only = f"one value only, {column.seen}" if column.different else "no value"
            raise UsageError(f"column {target!r} holds {only}: nothing can be learned", "Choose another --target.")
        if column.kind != "number" or (column.whole and column.different <= MOST_CLASSES):
            why = f"it holds {column.different} different {_values_of(column)}"
            if (text := self.text) and not self._others(target, text):
                return Proposal("text-classification", target, f"{why}, and all else is texts, in {text!r}")
            return Proposal("classification", target, why)
        if (time := self.time) and not self._others(target, time.name, time.apart or ""):
            return Proposal("forecasting", target, f"it holds numbers, {column.seen}, and all else says when they were")
        return Proposal("regression", target, f"it holds numbers, {column.seen}")

    @property
    def text(self) -> str:
        """The column of the longest texts, empty if none holds texts."""
        longest = max(self.columns, key=lambda column: column.letters, default=None)
        return longest.name if longest and longest.letters else ""

    @property
    def time(self) -> Column | None:
        """The first column of dates that has one row for each, or one for each of each series."""
        return next((column for column in self.columns if column.kind == "date" and column.apart is not None), None)

    def roles(self) -> dict[str, str]:
        """Return which columns hold the texts, times and series, by the questions that ask for them."""
        found = {TEXT: self.text}
        if self.time:
            found |= {TIME: self.time.name, SERIES: self.time.apart or ""}
        return {question: name for question, name in found.items() if name or question == SERIES}

    def _others(self, *named: str) -> list[str]:
        """Return the columns beside these from which something can be learned."""
        return [each.name for each in self.columns if each.name not in named and not each.unusable and not each.letters]

    def telling(self) -> list[str]:
        """Return the columns whose names say that they are to be predicted."""
        return [column.name for column in self.columns if column.name.strip().lower() in TARGETS]


def _values_of(column: Column) -> str:
    return "whole numbers" if column.kind == "number" else "values" if column.kind == "boolean" else "words"
