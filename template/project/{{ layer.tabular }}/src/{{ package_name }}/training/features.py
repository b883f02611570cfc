"""Preprocessing that lives inside the estimator, so that folds never leak into each other."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ..columns import Cleaning, Column, Outliers
from ..config import Config
from ..data.outliers import find_limits
from ..schema import MISSING, Schema
from .cleaning import CLEANING, OTHER_WORDS, Clip, Fill, Flags, RareWords, TargetWords, Told
from .estimators import set_step_params
from .preprocessing import DateParts, Narrow

# Of a column with more words than are told apart one by one, those that are, where there is no target to go by.
MOST_FREQUENT = 50
COMPONENTS_SHOWN = 5


class TablePipeline(Pipeline):
    """The steps from a table's columns to scores. If asked, it does not learn from rows with outliers.

    These are looked for in the `numbers`, by their places among the columns, and in the target if it is a number. What
    is predicted keeps all rows.
    """

    def __init__(
        self,
        steps: Any,
        *,
        drop: dict[str, Any] | None = None,
        numbers: Sequence[int] = (),
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        """Store the settings, as scikit-learn expects of an estimator."""
        super().__init__(steps, memory=memory, verbose=verbose)
        self.drop = drop
        self.numbers = numbers

    def fit(self, X: pd.DataFrame, y: Any = None, **params: Any) -> Self:
        """Fit the steps. Raises ValueError if each row has an outlier, and they are not to be learned from."""
        self.left_out_: dict[str, int] = {}
        if self.drop is not None:
            keep = ~self.find_outliers(X, y, Outliers(**self.drop))
            if not keep.any():
                raise ValueError("each row has an outlier by cleaning.outliers, and none is left to learn from")
            X, y = X[keep], None if y is None else y[keep]
        super().fit(X, y, **params)
        return self

    def find_outliers(self, X: pd.DataFrame, y: Any, rule: Outliers) -> Any:
        """Return for each row whether it has an outlier, and keep how many each column has."""
        columns = {str(name): X[name] for name in X.columns[list(self.numbers)]}
        if pd.api.types.is_float_dtype(y):
            columns[str(getattr(y, "name", None) or "the target")] = y
        beyond = np.zeros(len(X), dtype=bool)
        for name, cells in columns.items():
            values = np.asarray(cells, dtype=np.float64)
            found = find_limits(values, rule).beyond(values)
            self.left_out_ |= {name: int(found.sum())} if found.any() else {}
            beyond |= found
        return beyond

    @property
    def told_(self) -> Told:
        """What the fitted steps cleaned, column by column."""
        told: Told = [
            {"column": name, "what": "outliers", "rows": rows, "become": "nothing: these rows are not learned from"}
            for name, rows in self.left_out_.items()
        ]
        for step in self.named_steps["features"].named_transformers_.values():
            for part in step if isinstance(step, Pipeline) else [step]:
                told += getattr(part, "told_", [])
        return told

    @property
    def remarks_(self) -> list[str]:
        """What people should know of the cleaning, in words."""
        found = [
            (row["what"], f"{row['column']!r} in {row['rows']} rows, become {row['become']}") for row in self.told_
        ]
        kinds = dict.fromkeys(what for what, _ in found)
        return [f"cleaning: {kind}: " + "; ".join(text for what, text in found if what == kind) for kind in kinds]

    @property
    def tables_(self) -> dict[str, pd.DataFrame]:
        """What the fitted steps did to the columns, for the report."""
        features, told = self.named_steps["features"], self.told_
        tables = {CLEANING: pd.DataFrame(told)} if told else {}
        if "pca" in self.named_steps:
            tables |= tell_components(self.named_steps["pca"], features.get_feature_names_out())
        return tables

    def describe(self, train: pd.DataFrame, test: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the table in fewer dimensions, if it was reduced: rows of the file, components, what is predicted."""
        if "pca" not in self.named_steps:
            return {}
        rows = pd.concat([train, test]).sort_index()
        reduced = self[:-1].transform(rows)
        components = {f"component {place + 1}": column for place, column in enumerate(reduced.T)}
        found = {"row": rows.index + 1, "held out": rows.index.isin(test.index), **components}
        return {"components": pd.DataFrame(found | {"predicted": self.predict(rows)})}


def build_pipeline(schema: Schema, config: Config, model: Any, *, scale: bool) -> TablePipeline:
    """Return the unfitted pipeline: features, principal components if asked for, the model. Raises ConfigError."""
    pca = config.features.pca
    steps = [("features", build_features(schema, config, scale=scale or pca is not None))]
    if pca is not None:
        steps.append(("pca", PCA(pca, svd_solver="full")))
    outliers = config.cleaning.outliers
    drop = outliers.model_dump() if outliers.treat == "drop" else None
    numbers = [place for place, column in enumerate(schema.inputs) if column.kind == "number"]
    return set_step_params(TablePipeline([*steps, ("model", model)], drop=drop, numbers=numbers), config)


def build_features(schema: Schema, config: Config, *, scale: bool) -> ColumnTransformer:
    """Return an unfitted transformer: numbers and parts of dates filled in, and scaled if asked; words as numbers.

    It takes the columns by place, numbers first, as an exported graph has no names for them.
    """
    inputs = [*enumerate(schema.inputs)]
    numbers = [(place, column) for place, column in inputs if column.kind in ("number", "boolean")]
    dates = [(place, column) for place, column in inputs if column.kind == "date"]
    few = [(place, column) for place, column in inputs if column.kind == "category" and not column.many]
    many = [(place, column) for place, column in inputs if column.many]
    flagged = [
        (place, column) for place, column in numbers + dates if column.nullable and config.cleaning.missing_flags
    ]
    steps = [
        ("numbers", number_steps(columns_of(numbers), config.cleaning, scale=scale), numbers),
        ("dates", date_steps(columns_of(dates), config.cleaning, scale=scale), dates),
        ("missing", Flags(), flagged),
        ("categories", category_steps(columns_of(few), config.cleaning), few),
        ("words", word_steps(columns_of(many), schema, config.cleaning, scale=scale), many),
    ]
    return ColumnTransformer([(name, step, [place for place, _ in found]) for name, step, found in steps if found])


def columns_of(found: Sequence[tuple[int, Column]]) -> list[Column]:
    """Return the columns without their places."""
    return [column for _, column in found]


def number_steps(columns: Sequence[Column], cleaning: Cleaning, *, scale: bool) -> Pipeline:
    """Return the steps of numbers: outliers clipped if asked, what is missing filled in, scaled if asked."""
    names = [column.name for column in columns]
    clipped = [place for place, column in enumerate(columns) if column.kind == "number"]
    clip = [Clip(cleaning.outliers.model_dump(), clipped, names)] if cleaning.outliers.treat == "clip" else []
    return make_pipeline(*clip, fill(names, cleaning), Narrow(), *([StandardScaler()] if scale else []))


def date_steps(columns: Sequence[Column], cleaning: Cleaning, *, scale: bool) -> Pipeline:
    """Return the steps of dates: what is missing filled in, taken apart, scaled if asked."""
    names = [column.name for column in columns]
    # A constant is meant for numbers.
    middle = cleaning if isinstance(cleaning.missing, str) else Cleaning()
    return make_pipeline(fill(names, middle), DateParts(), *([StandardScaler()] if scale else []))


def fill(names: Sequence[str], cleaning: Cleaning) -> Fill:
    """Return what fills in numbers that are missing; where rows without are left out, there is none."""
    if isinstance(cleaning.missing, float):
        return Fill("constant", cleaning.missing, names)
    return Fill("median" if cleaning.missing == "drop" else cleaning.missing, names=names)


def category_steps(columns: Sequence[Column], cleaning: Cleaning) -> Pipeline:
    """Return the steps of categories: rare words taken together if asked, then one column for each word."""
    words = [levels(column) for column in columns]
    if not cleaning.rare:
        return make_pipeline(one_hot(words))
    rare = RareWords(cleaning.rare, None, [column.name for column in columns])
    return make_pipeline(rare, one_hot([[*each, OTHER_WORDS] for each in words]))


def word_steps(columns: Sequence[Column], schema: Schema, cleaning: Cleaning, *, scale: bool) -> Pipeline:
    """Return the steps of columns of many words: the target's mean for each, or a column for the frequent ones."""
    names = [column.name for column in columns]
    if cleaning.many_words == "frequent" or schema.target_type is None:
        return make_pipeline(RareWords(cleaning.rare, MOST_FREQUENT, names), one_hot("auto"))
    rare = [RareWords(cleaning.rare, None, names)] if cleaning.rare else []
    return make_pipeline(*rare, TargetWords(schema.target_type), *([StandardScaler()] if scale else []))


def one_hot(words: Any) -> OneHotEncoder:
    """Return what makes one column of each word; one that it does not know is nothing but zeros."""
    return OneHotEncoder(categories=words, handle_unknown="ignore", sparse_output=False, dtype=np.float32)


def levels(column: Column) -> list[str]:
    """Return the words that the column can hold, the one for a missing value included."""
    return [*column.categories, *([MISSING] if column.nullable else [])]


def tell_components(pca: PCA, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return the share of variance of each component, and what the features weigh in the first of them."""
    shares = pca.explained_variance_ratio_
    numbers = np.arange(1, len(shares) + 1)
    explained = {"component": numbers, "share of variance": shares, "with those before": shares.cumsum()}
    weights = {
        f"component {number}": row for number, row in zip(numbers, pca.components_[:COMPONENTS_SHOWN], strict=False)
    }
    features = [name.split("__")[-1] for name in names]
    return {"Principal components": pd.DataFrame(explained), "Loadings": pd.DataFrame({"feature": features} | weights)}
