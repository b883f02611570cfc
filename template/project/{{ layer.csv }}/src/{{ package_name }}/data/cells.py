"""What the cells of a column hold: text, numbers or dates, and how these are written."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

# DuckDB downloads what it lacks, unless it may not.
NO_EXTENSIONS = ("autoinstall_known_extensions", "autoload_known_extensions")
# It takes a path with one of these for a pattern of several.
PATTERN = frozenset("*?[]")
# What may stand at the ends of a value and is none of it.
BLANKS = " \t\r\n\u00a0\ufeff"
# What people write where a number is missing. Among words, each of them is a word.
NO_NUMBER = (
    *("", "-", "--", "?", ".", "na", "n/a", "n.a.", "#n/a", "nan", "<na>", "null", "none", "missing", "unknown"),
    *("k.a.", "k. a.", "n/d", "n.d.", "s/d", "nd", "#value!", "#div/0!"),
)
# Three figures after a point may be thousands, where decimals follow a comma.
MISTAKABLE = r"^(-?[0-9]+\.[0-9]{3})$"
TRUTHS = {"true": 1, "false": 0}
# The minus sign of typography.
MINUS = "\u2212"
# What stands between thousands, and is blank.
SPACES = " \u00a0\u2009\u202f"
APOSTROPHES = "'\u2019"
ISO = "ISO 8601"
ISO_OFFSET = "(Z|[+-][0-9]{2}:?[0-9]{2})"
ISO_TIME = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
ISO_PATTERN = f"[0-9][0-9][0-9][0-9]-[0-9][0-9](-[0-9][0-9]({ISO_TIME}{ISO_OFFSET}?)?)?"


class Reader(Protocol):
    """How the cells of a column are read."""

    @property
    def missing(self) -> Collection[str]:
        """The words that mean that a value is missing, in either case."""

    @property
    def wrong(self) -> str:
        """What is said of a cell that does not fit."""

    def expression(self, cell: str) -> str:
        """Return what gives the value of a cell in a query: NaN where one is missing, infinite where it is none."""


@dataclass(frozen=True)
class Text:
    """Text as it is written; if tidy, without blanks at its ends and in Unicode's form NFC.

    There is none if a tidy text is empty, or one of the words that mean a missing one.
    """

    tidy: bool = False
    missing: Collection[str] = ()
    wrong: str = "is no text"

    def expression(self, cell: str) -> str:
        """Return what gives the text."""
        if not self.tidy:
            return cell
        text = f"nfc_normalize({trimmed(cell)})"
        if not self.missing:
            return f"nullif({text}, '')"
        return f"CASE WHEN lower({text}) IN ({listed(self.missing)}) THEN NULL ELSE {text} END"


@dataclass(frozen=True)
class Number:
    """Numbers: the words that mean a missing one, what stands before decimals and between thousands, the unit beside.

    With `truths`, True is 1 and False 0; with `brackets`, (5) is -5; `codes` are wrong if they have leading zeros.
    """

    missing: Collection[str] = ()
    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    brackets: bool = False
    truths: bool = False
    codes: bool = True

    @property
    def wrong(self) -> str:
        """What is said of a cell that is no such number."""
        return "is not a finite number" if self.plain else f"is no number in the form of {self.example}"

    @property
    def example(self) -> str:
        """A number of dollars or percents, as the notation writes it."""
        figures = f"1{self.thousands}234{self.decimal}5"
        return f"{figures}%" if self.unit == "%" else f"{self.unit}{figures}"

    @property
    def plain(self) -> bool:
        """Whether numbers are written as programs do."""
        return (self.decimal, self.thousands, self.unit, self.brackets) == (".", "", "", False)

    @property
    def pattern(self) -> str:
        """The regular expression of a number that is written so."""
        between = {"": "", " ": f"[{SPACES}]", "'": f"[{APOSTROPHES}]"}.get(self.thousands, re.escape(self.thousands))
        grouped = f"[1-9][0-9]?[0-9]?(?:{between}[0-9][0-9][0-9])+|" if between else ""
        point = re.escape(self.decimal)
        figures = f"(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][-+]?[0-9]+)?"
        sign = f"[-+{MINUS}]?"
        number = f"{sign}{figures}"
        if self.unit:
            unit, gap = re.escape(self.unit), f"[{SPACES}]?"
            number = f"{sign}{unit}{gap}{figures}|{unit}{gap}{number}|{number}{gap}{unit}"
            # A share without its sign would be another number; an amount is the same without its currency.
            number = number if self.unit == "%" else f"{sign}{figures}|{number}"
        return f"{number}|\\((?:{number})\\)" if self.brackets else number

    def value(self, cell: str) -> float:
        """Return the number that a cell of this pattern holds."""
        text = cell.replace(self.unit, "") if self.unit else cell
        text = re.sub(f"[()+{SPACES}{APOSTROPHES}]", "", text).replace(MINUS, "-")
        text = text.replace(self.thousands, "") if self.thousands in (",", ".") else text
        number = float(text.replace(self.decimal, "."))
        return -number if cell.startswith("(") else number

    def expression(self, cell: str) -> str:
        """Return what gives the number."""
        cases = [f"WHEN lower({trimmed(cell)}) IN ({listed(self.missing)}) THEN 'nan'::DOUBLE"]
        if self.truths:
            cases += [f"WHEN lower({trimmed(cell)}) = '{truth}' THEN {value}" for truth, value in TRUTHS.items()]
        if self.plain:
            # What is a number by itself is not looked at any further.
            number = f"nullif(try_cast({cell} AS DOUBLE), 'nan'::DOUBLE)"
            if not self.codes:
                number = f"CASE WHEN {cell} >= '00' AND {cell} < '0:' THEN 'inf'::DOUBLE ELSE {number} END"
            # Not `trimmed`: what is there twice, DuckDB works out for every row before it looks which rows need it.
            bare = f"replace(ltrim(rtrim({cell}, {quoted(BLANKS)}), {quoted(BLANKS)}), '{MINUS}', '-')"
            other = f"nullif(try_cast({bare} AS DOUBLE), 'nan'::DOUBLE)"
            return f"coalesce({number}, CASE {' '.join(cases)} ELSE {other} END, 'inf'::DOUBLE)"
        cases.append(f"WHEN regexp_full_match({trimmed(cell)}, {quoted(self.pattern)}) THEN {self._stripped(cell)}")
        return f"coalesce(CASE {' '.join(cases)} END, 'inf'::DOUBLE)"

    def _stripped(self, cell: str) -> str:
        """Return what gives the number in a cell of the pattern."""
        text = trimmed(cell)
        for gone in [self.unit, *SPACES, *APOSTROPHES, "(", ")", "+", self.thousands.strip(" '")]:
            text = f"replace({text}, {quoted(gone)}, '')" if gone else text
        text = f"replace({text}, '{MINUS}', '-')"
        text = f"replace({text}, ',', '.')" if self.decimal == "," else text
        sign = f"CASE WHEN {trimmed(cell)}[1] = '(' THEN -1 ELSE 1 END * " if self.brackets else ""
        return f"{sign}try_cast({text} AS DOUBLE)"


@dataclass(frozen=True)
class Date:
    """Dates, as seconds since 1970: how they are written, and the words that mean a missing one."""

    form: str = ISO
    missing: Collection[str] = ()

    @property
    def wrong(self) -> str:
        """What is said of a cell that is no such date."""
        return f"is no date in the form {example_of(self.form)}"

    def expression(self, cell: str) -> str:
        """Return what gives the seconds."""
        text = trimmed(cell)
        date = f"epoch(try_strptime({text}, {quoted(self.form)}))"
        if self.form == ISO:
            month = f"CASE WHEN length({text}) = 7 THEN {text} || '-01' ELSE {text} END"
            # The cast to a moment takes what has no offset for a time of this machine's place.
            date = f"""CASE WHEN NOT regexp_full_match({text}, {quoted(ISO_PATTERN)}) THEN NULL
                WHEN regexp_matches({text}, {quoted(f":.*{ISO_OFFSET}$")}) THEN epoch(try_cast({text} AS TIMESTAMPTZ))
                ELSE epoch(try_cast({month} AS TIMESTAMP)) END"""
        words = f"lower({text}) IN ({listed(self.missing)})"
        return f"CASE WHEN {words} THEN 'nan'::DOUBLE ELSE coalesce({date}, 'inf'::DOUBLE) END"


def example_of(form: str) -> str:
    """Return the last day of 2001, an hour before midnight, as a form writes it."""
    if form == ISO:
        return "2001-12-31 or 2001-12-31T23:00"
    parts = {"Y": "2001", "y": "01", "m": "12", "d": "31", "b": "Dec", "B": "December", "H": "23", "I": "11", "M": "00"}
    return re.sub("%([a-zA-Z])", lambda part: parts.get(part[1], "PM" if part[1] == "p" else "00"), form)


def trimmed(cell: str) -> str:
    """Return what gives the text without blanks at its ends."""
    return f"trim({cell}, {quoted(BLANKS)})"


def listed(words: Collection[str]) -> str:
    """Return the words as a list of SQL, in lower case, and no word at all."""
    return ", ".join(quoted(word) for word in sorted({"", *map(str.lower, words)}))


def unmistakable(number: str) -> str:
    """Return a number that a program wrote so that its point cannot be taken for one between thousands."""
    return re.sub(MISTAKABLE, r"\g<1>0", number)


def quoted(text: str) -> str:
    """Return the text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
