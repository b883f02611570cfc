"""What a table holds, as lines for people."""

from collections.abc import Iterator, Sequence

from mlscaffold._data import Column, Data, Proposal

MOST_SHOWN = 60
WIDEST = 30


def as_lines(data: Data) -> Iterator[str]:
    """Yield how large the table is, what its columns hold, and what was said when it was read."""
    part = ", by its beginning" if data.sampled else ""
    yield f"{data.file}: {data.rows:,} rows, {len(data.columns)} columns{part}"
    yield from (f"  {line}" for line in (*_as_table(data), *data.told))


def what_next(data: Data, proposal: Proposal) -> Iterator[str]:
    """Yield what is proposed and why, and what the order of the rows may mean."""
    predicted = f"target: {proposal.target}; " if proposal.target else ""
    yield f"  {predicted}task: {proposal.task}, as {proposal.why}"
    for column in data.columns:
        if column.in_order:
            yield (
                f"  the rows are in the order of {column.name!r}: where later ones are to be predicted, say time: "
                f"{column.name} under data in params.yaml, so that the last are held out"
            )


def _as_table(data: Data) -> Iterator[str]:
    rows = [("column", "holds", "missing", "such as")]
    for column in data.columns:
        holds = "left out" if column.unusable else column.kind
        share = f"{column.missing / data.rows:.0%}" if column.missing and data.rows else ""
        name = column.name if column.name.isprintable() else repr(column.name)
        rows.append((name, holds, share, column.unusable or _shown(column)))
    widths = [min(max(len(row[place]) for row in rows), WIDEST) for place in range(3)]
    for row in rows:
        yield _line(row, widths)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*cells, row[-1]]).rstrip()


def _shown(column: Column) -> str:
    shown = ", ".join(dict.fromkeys(column.examples)) if column.examples else column.seen
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
