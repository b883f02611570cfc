"""Load the table, check it, and split it."""

from functools import partial

import pandas as pd
from sklearn.model_selection import train_test_split

from ..columns import VERSION
from ..config import Config
from ..schema import Schema
from .dataset import Dataset, Split
from .table import Words, encode_table, infer_columns, open_table


def load(config: Config) -> Dataset:
    """Return the rows to find groups in, and others to measure the groups on.

    Raises DataError that names column, row and rule.
    """
    frame, schema = read_data(config)
    rows = Split(encode_table(frame, schema))
    train, test = train_test_split(range(len(frame)), test_size=config.data.test_size, random_state=config.seed)
    return Dataset(train=rows.take(train), test=rows.take(test), schema=schema)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    infer = partial(infer_schema, config=config)
    return open_table(config.data_path, config.schema_path, infer, ignore=config.data.ignore, refresh=refresh)


def infer_schema(frame: pd.DataFrame, missing: Words, config: Config) -> Schema:
    """Infer what the columns hold. Raises DataError."""
    columns, ignored = infer_columns(frame, missing, config.data_path.name, config.data.ignore)
    return Schema(version=VERSION, source=config.data_path.name, columns=columns, ignored=ignored)
