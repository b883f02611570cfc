"""The ledger: a CSV file with a line for each file that was offered, and what became of it."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from ..config import Config
from ..errors import DataError
from ..inference.predict import whole_file

# Taken into the data; there already, by its content; set aside with the reason; still being written.
Outcome = Literal["taken", "known", "refused", "waiting"]


class Entry(BaseModel, frozen=True):
    """What became of a file, by its name in the drop folder.

    `place` is where its examples are in the data, and `data_sha256` the digest of the data from then on.
    """

    time: str
    file: str
    outcome: Outcome
    examples: int = 0
    sha256: str = ""
    data_sha256: str = ""
    place: str = ""
    why: str = ""


def ledger_path(config: Config) -> Path:
    """Return where the ledger is."""
    return config.root / "data" / "ledger.csv"


def read_ledger(config: Config) -> list[Entry]:
    """Return all lines of the ledger, the newest last. Raises DataError when one cannot be read."""
    path = ledger_path(config)
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return [Entry.model_validate(row) for row in csv.DictReader(file)]
        except (ValidationError, csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read: {error}; mend the line, or take the file from git") from None


def add_to_ledger(config: Config, entries: Iterable[Entry]) -> None:
    """Write the ledger anew with these lines at its end: whoever reads it sees the old one or the new one."""
    lines = [*read_ledger(config), *entries]
    ledger_path(config).parent.mkdir(parents=True, exist_ok=True)
    with whole_file(ledger_path(config)) as file:
        writer = csv.DictWriter(file, list(Entry.model_fields), lineterminator="\n")
        writer.writeheader()
        writer.writerows(line.model_dump() for line in lines)


def now() -> str:
    """Return the time as ISO 8601, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
