"""Load the texts, check them, and split them."""

import logging

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .dataset import Dataset, Split
from .example import write_example
from .texts import open_texts

log = logging.getLogger(__name__)

EXAMPLE = "data/raw/example.csv"


def load(config: Config) -> Dataset:
    """Return the texts to train and to test on, with the same share of each class in both.

    Raises DataError that names column, row and rule.
    """
    frame, schema = read_data(config)
    target = frame[config.data.target]
    if len(target) * min(config.data.test_size, 1 - config.data.test_size) < target.nunique():
        raise DataError(f"{config.data_path}: {len(target)} texts are too few to split {target.nunique()} classes")
    texts = Split(frame[config.data.text].to_numpy(object), target)
    train, test = train_test_split(
        np.arange(len(frame)), test_size=config.data.test_size, stratify=target, random_state=config.seed
    )
    return Dataset(train=texts.take(train), test=texts.take(test), schema=schema)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked texts and their schema, inferred anew if asked. Raises DataError."""
    if config.data.path == EXAMPLE and not config.data_path.exists():
        log.info("%s is not there: writing the example, docstrings of Python's standard library", config.data_path)
        write_example(config.data_path)
    return open_texts(config.data_path, config.schema_path, config.data, refresh=refresh)
