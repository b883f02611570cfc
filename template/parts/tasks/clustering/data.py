"""Load the table, check it, and split it."""

import pandas as pd
from sklearn.model_selection import train_test_split

from .config import Config
from .dataset import Dataset, Split
from .schema import Schema
from .table import encode_table, open_table


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
    return open_table(config.data_path, config.schema_path, ignore=config.data.ignore, refresh=refresh)
