"""Preprocessing that lives inside the estimator, so that folds never leak into each other."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ..columns import Column
from ..schema import MISSING, Schema
from .preprocessing import DateParts, Narrow


def build_features(schema: Schema, *, scale: bool) -> ColumnTransformer:
    """Return an unfitted transformer: numbers and parts of dates imputed, and scaled if asked; categories one-hot.

    It takes the columns by place, numbers first, as an exported graph has no names for them.
    """
    categories = [column for column in schema.columns if column.kind == "category"]
    one_hot = OneHotEncoder(
        categories=[levels(column) for column in categories],
        handle_unknown="ignore",
        sparse_output=False,
        dtype=np.float32,
    )
    places = iter(range(len(schema.columns)))
    steps = [
        ("numbers", filled(Narrow(), scale=scale), [next(places) for _ in schema.numbers]),
        ("dates", filled(DateParts(), scale=scale), [next(places) for _ in schema.dates]),
        ("categories", one_hot, [next(places) for _ in schema.categories]),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def filled(first: Narrow | DateParts, *, scale: bool) -> Pipeline:
    """Return the steps of numbers: what is missing is their median."""
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(first, impute, StandardScaler()) if scale else make_pipeline(first, impute)


def levels(column: Column) -> list[str]:
    """Return the words that the column can hold, the one for a missing value included."""
    return [*column.categories, *([MISSING] if column.nullable else [])]
