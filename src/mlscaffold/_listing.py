"""What a table holds, as lines for people."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence

from mlscaffold._table import Column, Data, Proposal

MOST_SHOWN = 60
WIDEST = 30


def as_lines(data: Data) -> Iterator[str]:
    """Yield how large the table is, what its columns hold, and what was said when it was read."""
    if data.images:
        yield f"{data.file}: {data.rows:,} files in folders, one for each label"
        yield from (in_terminal(f"  {line}") for line in data.told)
        return
    part = ", by its beginning" if data.sampled else ""
    yield f"{data.file}: {data.rows:,} rows, {len(data.columns)} columns{part}"
    yield from (f"  {line}" for line in _as_table(data))
    yield from (in_terminal(f"  {line}") for line in data.told)


def what_next(data: Data, proposal: Proposal) -> Iterator[str]:
    """Yield what is proposed and why, and how rows may hang together."""
    predicted = f"target: {proposal.target}; " if proposal.target else ""
    yield f"  {predicted}task: {proposal.task}, as {proposal.why}"
    if data.text and proposal.task in {"classification", "regression"}:
        yield in_terminal(
            f"  {data.text!r} holds texts, which this task does not read; what learns from texts alone is "
            "--set task=text-classification"
        )
    if data.time and proposal.task == "regression":
        yield in_terminal("  where later values are to be forecast from those before: --set task=forecasting")
    for column in data.columns:
        if column.in_order and proposal.task != "forecasting":
            yield in_terminal(
                f"  the rows are in the order of {column.name!r}: where later ones are to be predicted, say time: "
                f"{column.name} under data in params.yaml, so that the last are held out"
            )
        if column.shared and column.name != proposal.target:
            yield in_terminal(
                f"  several rows share a value of {column.name!r}: where they are of one and the same, say group: "
                f"{column.name} under data in params.yaml, so that they are not cut apart, and not learned by heart"
            )


def in_terminal(line: str) -> str:
    """Return a line as one or more that a terminal has room for; what is no terminal gets it whole."""
    if not sys.stdout.isatty():
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    width = shutil.get_terminal_size().columns
    return textwrap.fill(line, width, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def _as_table(data: Data) -> Iterator[str]:
    rows = [("column", "holds", "missing", "such as")]
    for column in data.columns:
        holds = "left out" if column.unusable else column.kind
        share = f"{column.missing / data.rows:.0%}" if column.missing and data.rows else ""
        name = column.name if column.name.isprintable() else repr(column.name)
        rows.append((name, holds, share, column.unusable or _shown(column)))
    widths = [min(max(len(row[place]) for row in rows), WIDEST) for place in range(3)]
    room = shutil.get_terminal_size().columns - 4 if sys.stdout.isatty() else None
    for row in rows:
        line = _line(row, widths)
        yield line if room is None or len(line) <= room else f"{line[: room - 1]}…"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*cells, row[-1]]).rstrip()


def _shown(column: Column) -> str:
    shown = ", ".join(dict.fromkeys(column.examples)) if column.examples else column.seen
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
