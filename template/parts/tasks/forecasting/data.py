"""Load the series, check them, cut them into windows, and split those by time."""

from bisect import bisect_left

import pandas as pd

from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .dataset import (
    HELD_BACK,
    LEAST_WINDOWS,
    Dataset,
    Known,
    RollingOrigin,
    Split,
    Ties,
    split_by_time,
    tie_windows,
)
from .history import open_history
from .windows import build_windows

LEAST_FOLDS = 2


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the windows to train on, and the last ones to test on, whatever is known from an earlier split.

    Raises DataError that says what does not fit.
    """
    windows, schema, _ = read_examples(config)
    check_size(windows, config)
    train, test = split_by_time(windows.features, config.data.test_size, gap=schema.horizon - 1)
    whole = windows if config.training.final_fit == "all" else None
    return Dataset(train=windows.take(train), test=windows.take(test), schema=schema, whole=whole)


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all windows, their schema, and which of them overlap. Raises DataError that says what does not fit."""
    frame, schema = read_data(config)
    windows = build_windows(frame, schema)
    return windows, schema, tie_windows(windows)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    return open_history(config.data_path, config.schema_path, config.data, refresh=refresh)


def check_size(windows: Split, config: Config) -> None:
    """Raise DataError, which says how many times it takes, when the first fold has too little to learn from."""
    found, folds = windows.features.index.unique("origin").size, config.evaluation.folds
    if first_windows(found, config, folds) >= LEAST_WINDOWS:
        return
    rest = config.data.lags + config.data.horizon - 1
    needed = {each: rest + least_origins(config, each) for each in sorted({folds, LEAST_FOLDS}, reverse=True)}
    told = ", ".join(f"{count} with evaluation.folds: {each}" for each, count in needed.items())
    raise DataError(
        f"{config.data_path}: a series of {found + rest} times is too short to learn from; with these lags, horizon "
        f"and test_size it takes {told}"
    )


def least_origins(config: Config, folds: int) -> int:
    """Return how many times to forecast from leave the first fold enough to learn from."""
    most = LEAST_WINDOWS
    while first_windows(most, config, folds) < LEAST_WINDOWS:
        most *= 2
    return bisect_left(range(most), LEAST_WINDOWS, key=lambda origins: first_windows(origins, config, folds))


def first_windows(origins: int, config: Config, folds: int) -> int:
    """Return how many windows of a series the first fold, which has the least, learns from; the others are measured."""
    gap = config.data.horizon - 1
    index = pd.MultiIndex.from_product([[""], range(origins)], names=["series", "origin"])
    train, _ = split_by_time(pd.DataFrame(index=index), config.data.test_size, gap=gap)
    windows = pd.DataFrame(index=index[train])
    try:
        first, _ = next(RollingOrigin(folds, gap=gap).split(windows))
    except ValueError:
        return 0
    return len(split_by_time(windows.iloc[first], HELD_BACK, gap=gap)[0])
