"""Preprocessing that lives inside the estimator, so that folds never leak into each other."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ..schema import MISSING, Column, Schema


def build_features(schema: Schema, *, scale: bool) -> ColumnTransformer:
    """Return an unfitted transformer: numbers imputed by their median and scaled if asked, categories one-hot.

    It takes the columns by place, numbers first, as an exported graph has no names for them.
    """
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    categories = [column for column in schema.columns if column.kind == "category"]
    one_hot = OneHotEncoder(
        categories=[levels(column) for column in categories],
        handle_unknown="ignore",
        sparse_output=False,
        dtype=np.float32,
    )
    first = len(schema.numbers)
    steps = [
        ("numbers", make_pipeline(impute, StandardScaler()) if scale else impute, list(range(first))),
        ("categories", one_hot, list(range(first, len(schema.columns)))),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def levels(column: Column) -> list[str]:
    """Return the words that the column can hold, the one for a missing value included."""
    return [*column.categories, *([MISSING] if column.nullable else [])]
