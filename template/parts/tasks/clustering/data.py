"""Load the table, check it, and split it."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from ..columns import VERSION
from ..config import Config
from ..schema import Schema
from .cells import Reader
from .dataset import Dataset, Split
from .infer import infer_columns
from .splitting import Known, Ties, find_sides, hold_out, tie_rows
from .table import encode_table, open_table, with_made


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the rows to find groups in, and others to measure the groups on.

    What is known from an earlier split stays where it was. Raises DataError that names column, row and rule.
    """
    rows, schema, ties = read_examples(config)
    sides = find_sides(rows.keys, known)
    train, test = hold_out(ties, config.data.test_size, config.seed, whole=str(config.data_path), sides=sides)
    whole = rows if config.training.final_fit == "all" else None
    return Dataset(train=rows.take(train), test=rows.take(test), schema=schema, ties=ties.take(train), whole=whole)


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all rows, their schema, and which of them are tied. Raises DataError that names column, row and rule."""
    frame, schema = read_data(config)
    schema = with_made(frame, schema, config.features)
    rows = Split(encode_table(frame, schema))
    return rows, schema, tie_rows(rows.keys(), frame)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    infer = partial(infer_schema, config=config)
    return open_table(config.data_path, config.schema_path, config.data, infer, config.cleaning, refresh=refresh)


def infer_schema(frame: pd.DataFrame, readers: Mapping[str, Reader], config: Config) -> Schema:
    """Infer what the columns hold. Raises DataError."""
    source = config.data_path.name
    columns, ignored = infer_columns(frame, readers, config.data, source)
    decided = config.data.decided()
    return Schema(version=VERSION, source=source, columns=columns, ignored=ignored, decided=decided)
