"""Load the table, check it, and split it."""

from collections.abc import Collection, Mapping
from functools import partial
from math import ceil

import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from ..columns import VERSION, Column
from ..config import Config
from ..errors import DataError
from ..schema import Schema
from .cells import Reader
from .classes import pick_positive
from .dataset import Dataset, Split
from .infer import MAX_CATEGORIES, infer_columns, merge_spellings
from .leaks import warn_of_leaks
from .splitting import Known, Ties, find_sides, hold_out, tie_rows
from .table import encode_table, open_table, spelled, with_made


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the rows to train and to test on, with the same share of each class in both.

    What is known from an earlier split stays where it was. Raises DataError that names column, row and rule.
    """
    rows, schema, ties = read_examples(config)
    # Small trees cannot learn single rows by heart.
    alone = warn_of_leaks(rows, DecisionTreeClassifier(min_samples_leaf=5, random_state=0), "balanced_accuracy")
    count, classes = len(rows.target), rows.target.nunique()
    least = ceil(classes / min(config.data.test_size, 1 - config.data.test_size))
    if count < least:
        raise DataError(f"{config.data_path}: {count} rows are too few to split {classes} classes; it takes {least}")
    labels, sides = rows.target.to_numpy(), find_sides(rows.keys, known)
    train, test = hold_out(ties, config.data.test_size, config.seed, labels, str(config.data_path), sides)
    whole = rows if config.training.final_fit == "all" else None
    return Dataset(rows.take(train), rows.take(test), schema, ties.take(train), whole, alone, stratified=True)


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all rows, their schema, and which of them are tied. Raises DataError that names column, row and rule."""
    frame, schema = read_data(config)
    schema = with_made(frame, schema, config.features)
    rows = Split(encode_table(frame, schema), frame[config.data.target])
    return rows, schema, tie_rows(rows.keys(), frame)


def read_data(config: Config, *, refresh: bool = False) -> tuple[pd.DataFrame, Schema]:
    """Return the checked table and its schema, inferred anew if asked. Raises DataError."""
    infer = partial(infer_schema, config=config)
    target = config.data.target
    path, schema_path, cleaning = config.data_path, config.schema_path, config.cleaning
    frame, schema = open_table(
        path, schema_path, config.data, infer, cleaning, target=target, kind="category", refresh=refresh
    )
    if config.data.positive in (None, schema.positive):
        return frame, schema
    return frame, schema.model_copy(update={"positive": pick_positive(frame[target], config.data.positive, path.name)})


def infer_schema(frame: pd.DataFrame, readers: Mapping[str, Reader], config: Config) -> Schema:
    """Infer what the columns hold. Raises DataError."""
    source, target = config.data_path.name, config.data.target
    columns, ignored = infer_columns(frame, readers, config.data, source, target)
    described = infer_target(frame[target].dropna(), readers[target].missing)
    labels = spelled(frame[target].dropna(), described.categories)
    return Schema(
        version=VERSION,
        source=source,
        columns=columns,
        ignored=ignored,
        decided=config.data.decided(),
        target=described,
        positive=pick_positive(labels, config.data.positive, source),
    )


def infer_target(values: pd.Series, missing: Collection[str] = ()) -> Column:
    """Describe the classes. Raises DataError when there are too few or too many, or one of them has a single row."""
    words = merge_spellings(values)
    counts = spelled(values, words).value_counts()
    if len(counts) < 2:
        raise DataError(f"column {values.name!r} holds {len(counts)} class; a classifier needs two or more")
    if len(counts) > MAX_CATEGORIES:
        raise DataError(f"column {values.name!r} holds {len(counts)} different values, too many classes to tell apart")
    if counts.min() < 2:
        raise DataError(f"class {counts.idxmin()!r} of column {values.name!r} has one row; give it more, or remove it")
    return Column(name=str(values.name), kind="category", categories=words, missing=tuple(missing))
