"""Load the table, check it, and split it."""

from functools import partial

import pandas as pd
from sklearn.model_selection import train_test_split

from ..columns import VERSION, Column
from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .dataset import Dataset, Split
from .table import Words, encode_table, infer_columns, open_table


def load(config: Config) -> Dataset:
    """Return the rows to train and to test on. Raises DataError that names column, row and rule."""
    frame, schema = read_data(config)
    rows = Split(encode_table(frame, schema), frame[config.data.target].astype(float))
    train, test = train_test_split(range(len(frame)), test_size=config.data.test_size, random_state=config.seed)
    return Dataset(train=rows.take(train), test=rows.take(test), schema=schema)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    return open_table(
        config.data_path,
        config.schema_path,
        partial(infer_schema, config=config),
        target=config.data.target,
        ignore=config.data.ignore,
        refresh=refresh,
    )


def infer_schema(frame: pd.DataFrame, missing: Words, config: Config) -> Schema:
    """Infer what the columns hold. Raises DataError."""
    source, target = config.data_path.name, config.data.target
    columns, ignored = infer_columns(frame, missing, source, config.data.ignore, target)
    described = infer_target(frame[target].dropna(), missing.get(target, ()))
    return Schema(version=VERSION, source=source, columns=columns, target=described, ignored=ignored)


def infer_target(values: pd.Series, missing: tuple[str, ...]) -> Column:
    """Describe the range of the number to predict. Raises DataError when it is no number, or never changes."""
    if not pd.api.types.is_numeric_dtype(values):
        raise DataError(f"column {values.name!r} holds text; a regression predicts a number")
    if values.nunique() < 2:
        raise DataError(f"column {values.name!r} never changes; there is nothing to predict")
    return Column(name=str(values.name), kind="number", minimum=values.min(), maximum=values.max(), missing=missing)
