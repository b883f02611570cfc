"""Read labelled texts from a CSV file, infer their classes, and check every load against them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError
from ..schema import DataSource, Schema, Target
from .cells import Date, Number, Text
from .classes import pick_positive
from .reading import Table, open_csv
from .splitting import GROUP, TIME
from .summary import NOT_NAMED, Summary

MAX_CLASSES = 1_000
MAX_REPORTED = 5

log = logging.getLogger(__name__)


def open_texts(
    path: Path, schema_path: Path, source: DataSource, *, refresh: bool = False
) -> tuple[pd.DataFrame, Schema]:
    """Read the texts and check them against their schema, which is inferred first if it is new or `refresh` is set.

    What was used is told in the log, and is a `Summary` in the `attrs` of the frame. Raises DataError that names
    column, row and rule.
    """
    with open_csv(path) as table:
        table.require([source.text, source.target])
        table.require([name for name in (source.group, source.time) if name])
        frame = table.frame({source.text: Text(), source.target: Text(tidy=True)}).astype("str").fillna("")
        frame = frame.assign(**read_ties(table, source))
        for name, blanks in table.blank_ends([source.target]).items():
            if blanks:
                log.warning("column %r: blanks at the ends of cells (%d of them) are no part of classes", name, blanks)
    summary = Summary(
        source=path.name,
        rows=len(frame),
        rows_left_out={},
        columns=(source.text, source.target),
        columns_left_out={name: NOT_NAMED for name in table.names if name not in (source.text, source.target)},
    )
    log.info("\n".join(summary.lines()))
    frame.attrs["summary"] = summary.model_dump()
    schema = None if refresh else known_schema(schema_path, path.name, source)
    if schema is None:
        schema = infer_schema(frame, path, source).model_copy(update={"separator": table.dialect.separator})
        schema.save(schema_path)
        log.info("wrote %s", schema_path)
    check_texts(frame, schema, path)
    return frame, schema


def read_ties(table: Table, source: DataSource) -> dict[str, pd.Series]:
    """Return the groups or times of all texts, if params.yaml names them. Raises DataError where a time is none."""
    ties = {}
    if source.group:
        ties[GROUP] = table.frame({source.group: Text(tidy=True)})[source.group]
    if source.time:
        numbers = table.attempt({source.time: Number()})[source.time]
        numeric = bool(np.isfinite(numbers).any())
        ties[TIME] = table.frame({source.time: Number() if numeric else Date()})[source.time]
    return ties


def known_schema(schema_path: Path, name: str, source: DataSource) -> Schema | None:
    """Return the schema on disk, or None if there is none or it describes other texts, columns or limits."""
    if not schema_path.exists():
        return None
    schema = Schema.read(schema_path)
    described = (schema.source, schema.text, schema.target.name, schema.max_characters)
    same = described == (name, source.text, source.target, source.max_characters)
    return schema if same and source.positive in (None, schema.positive) else None


def infer_schema(frame: pd.DataFrame, path: Path, source: DataSource) -> Schema:
    """Describe texts and classes. Raises DataError when the classes cannot be learned."""
    labels = frame[source.target]
    counts = labels[labels != ""].value_counts().sort_index()
    if why := why_unusable(counts):
        raise DataError(f"{path}, column {source.target!r}: {why}")
    return Schema(
        source=path.name,
        text=source.text,
        longest=int(frame[source.text].str.len().max()),
        max_characters=source.max_characters,
        positive=pick_positive(labels[labels != ""], source.positive, path.name),
        target=Target(name=source.target, categories=tuple(counts.index), counts=tuple(counts.tolist())),
    )


def why_unusable(counts: "pd.Series[int]") -> str | None:
    """Return why classes with these counts cannot be told apart, or None if they can."""
    if len(counts) < 2:
        return f"it holds {len(counts)} class; a classifier needs two or more"
    if len(counts) > MAX_CLASSES:
        return f"it holds {len(counts)} different values, too many classes to tell apart"
    if counts.min() < 2:
        return f"class {counts.idxmin()!r} has one text; give it more, or remove it"
    return None


def check_texts(frame: pd.DataFrame, schema: Schema, path: Path, *, labelled: bool = True) -> None:
    """Check every row, its class too if `labelled`. Raises DataError that names column, row and rule."""
    texts = (problem for _, problem in text_problems(frame, schema))
    found = [*texts, *(label_problems(frame, schema) if labelled else [])]
    if found:
        more = [f"and {len(found) - MAX_REPORTED} more"] if len(found) > MAX_REPORTED else []
        raise DataError("\n".join([f"{path} cannot be used as it is:", *found[:MAX_REPORTED], *more]))


def text_problems(frame: pd.DataFrame, schema: Schema) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the texts: the row, and a sentence, in which rows count from 1, below the header."""
    texts = frame[schema.text]
    yield from ((row, f"{place(texts, row)}: the text is empty") for row in texts.index[texts.str.strip() == ""])
    lengths = texts.str.len()
    for row in texts.index[lengths > schema.max_characters]:
        limit = f"more than the {schema.max_characters} that max_characters in params.yaml allows"
        yield row, f"{place(texts, row)}: the text has {lengths[row]} characters, {limit}"


def label_problems(frame: pd.DataFrame, schema: Schema) -> Iterator[str]:
    """Yield what is wrong with the classes; rows count from 1, below the header."""
    labels = frame[schema.target.name]
    empty = labels == ""
    yield from (f"{place(labels, row)}: the class is missing" for row in labels.index[empty])
    for row in labels.index[~empty & ~labels.isin(schema.target.categories)]:
        advice = "if it is meant, run the data command with --refresh"
        known = ", ".join(schema.target.categories)
        yield f"{place(labels, row)}: {labels[row]!r} is not one of {known}; {advice}"


def place(column: "pd.Series[str]", row: int) -> str:
    """Return where a value stands."""
    return f"column {str(column.name)!r}, row {row + 1}"
