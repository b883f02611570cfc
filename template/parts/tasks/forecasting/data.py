"""Load the series, check them, cut them into windows, and split those by time."""

import pandas as pd

from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .dataset import HELD_BACK, LEAST_WINDOWS, Dataset, Split, split_by_time
from .history import open_history
from .windows import build_windows

TOO_SHORT = "the history is too short: use fewer folds, or smaller lags, horizon or test_size"


def load(config: Config) -> Dataset:
    """Return the windows to train on, and the last ones to test on. Raises DataError that says what does not fit."""
    windows, schema, _ = read_examples(config)
    train, test = split_by_time(windows.features, config.data.test_size, gap=schema.horizon - 1)
    whole = windows if config.training.final_fit == "all" else None
    dataset = Dataset(train=windows.take(train), test=windows.take(test), schema=schema, whole=whole)
    check_size(dataset, config.evaluation.folds)
    return dataset


def read_examples(config: Config) -> tuple[Split, Schema, None]:
    """Return all windows and their schema; time alone ties them. Raises DataError that says what does not fit."""
    frame, schema = read_data(config)
    return build_windows(frame, schema), schema, None


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    return open_history(config.data_path, config.schema_path, config.data, refresh=refresh)


def check_size(dataset: Dataset, folds: int) -> None:
    """Raise DataError when the first fold, which has the least to learn from, has too little."""
    try:
        smallest, _ = next(dataset.splitter(folds).split(dataset.train.features))
    except ValueError:
        raise DataError(f"{dataset.schema.source} cannot be cut into {folds} folds; {TOO_SHORT}") from None
    windows = dataset.train.take(smallest)
    early, _ = split_by_time(windows.features, HELD_BACK, gap=dataset.schema.horizon - 1)
    if len(early) < LEAST_WINDOWS:
        found = f"the first of {folds} folds would learn from {len(early)} windows, and {LEAST_WINDOWS} are needed"
        raise DataError(f"{dataset.schema.source}: {found}; {TOO_SHORT}")
