"""Load the table, check it, and split it."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
from sklearn.tree import DecisionTreeRegressor

from ..columns import VERSION, Column
from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .cells import Number, Reader
from .dataset import Dataset, Split
from .infer import infer_columns, number_column
from .leaks import warn_of_leaks
from .splitting import Known, Ties, find_sides, hold_out, tie_rows
from .table import encode_table, open_table, with_made


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the rows to train and to test on; those that are known from an earlier split stay where they were.

    Raises DataError that names column, row and rule.
    """
    rows, schema, ties = read_examples(config)
    # Small trees cannot learn single rows by heart.
    alone = warn_of_leaks(rows, DecisionTreeRegressor(min_samples_leaf=5, random_state=0), "r2")
    sides = find_sides(rows.keys, known)
    train, test = hold_out(ties, config.data.test_size, config.seed, whole=str(config.data_path), sides=sides)
    whole = rows if config.training.final_fit == "all" else None
    return Dataset(rows.take(train), rows.take(test), schema, ties.take(train), whole, alone)


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all rows, their schema, and which of them are tied. Raises DataError that names column, row and rule."""
    frame, schema = read_data(config)
    schema = with_made(frame, schema, config.features)
    rows = Split(encode_table(frame, schema), frame[config.data.target].astype(float))
    return rows, schema, tie_rows(rows.keys(), frame)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    infer = partial(infer_schema, config=config)
    target = config.data.target
    path, schema_path, cleaning = config.data_path, config.schema_path, config.cleaning
    return open_table(path, schema_path, config.data, infer, cleaning, target=target, kind="number", refresh=refresh)


def infer_schema(frame: pd.DataFrame, readers: Mapping[str, Reader], config: Config) -> Schema:
    """Infer what the columns hold. Raises DataError."""
    source, target = config.data_path.name, config.data.target
    if config.data.positive is not None:
        raise DataError(
            "data.positive in params.yaml names one of two words to tell apart; here, a number is predicted"
        )
    columns, ignored = infer_columns(frame, readers, config.data, source, target)
    return Schema(
        version=VERSION,
        source=source,
        columns=columns,
        ignored=ignored,
        decided=config.data.decided(),
        target=infer_target(frame[target].dropna(), readers[target]),
    )


def infer_target(values: pd.Series, reader: Reader) -> Column:
    """Describe the range of the number to predict. Raises DataError when it is no number, or never changes."""
    if not isinstance(reader, Number):
        raise DataError(f"column {values.name!r} holds no numbers; a regression predicts a number")
    if values.nunique() < 2:
        raise DataError(f"column {values.name!r} never changes; there is nothing to predict")
    return number_column(values, reader)
