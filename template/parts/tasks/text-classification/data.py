"""Load the texts, check them, and split them."""

import logging
from math import ceil

import pandas as pd

from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .dataset import Dataset, Split
from .example import write_example
from .splitting import Known, Ties, find_sides, hold_out, tie_rows
from .texts import open_texts

log = logging.getLogger(__name__)

EXAMPLE = "data/raw/example.csv"


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the texts to train and to test on, with the same share of each class in both.

    What is known from an earlier split stays where it was. Raises DataError that names column, row and rule.
    """
    texts, schema, ties = read_examples(config)
    count, classes = len(texts.target), texts.target.nunique()
    least = ceil(classes / min(config.data.test_size, 1 - config.data.test_size))
    if count < least:
        raise DataError(f"{config.data_path}: {count} texts are too few to split {classes} classes; it takes {least}")
    labels, sides = texts.target.to_numpy(), find_sides(texts.keys, known)
    train, test = hold_out(ties, config.data.test_size, config.seed, labels, str(config.data_path), sides)
    whole = texts if config.training.final_fit == "all" else None
    return Dataset(texts.take(train), texts.take(test), schema, ties.take(train), whole)


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all texts, their schema, and which of them are tied. Raises DataError that names column, row and rule."""
    frame, schema = read_data(config)
    texts = Split(frame[config.data.text].to_numpy(object), frame[config.data.target])
    return texts, schema, tie_rows(texts.keys(), frame)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked texts and their schema, inferred anew if asked. Raises DataError."""
    if config.data.path == EXAMPLE and not config.data_path.exists():
        log.info("%s is not there: writing the example, docstrings of Python's standard library", config.data_path)
        write_example(config.data_path)
    return open_texts(config.data_path, config.schema_path, config.data, refresh=refresh)
