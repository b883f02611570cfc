"""How strongly columns of a table go together: numbers, dates and words alike."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from ..columns import Column

# Of so many rows mutual information is reckoned, in so many bins.
MAX_ROWS = 5_000
BINS = 12
# More words than that are taken together.
MAX_WORDS = 50


def is_number(column: Column) -> bool:
    """Return whether the values of a column have an order."""
    return column.kind in ("number", "date", "boolean")


def associate(frame: pd.DataFrame, one: Column, other: Column) -> float:
    """Return how strongly two columns go together, from 0 to 1; below 0 where one falls as the other rises.

    Of two numbers it is Spearman's rank correlation (Am. J. Psychol. 15, 1904), of a number and words the root of the
    share of the variance of the ranks between the words (Kruskal and Wallis, J. Am. Stat. Assoc. 47, 1952), and of
    words Cramer's V (Mathematical Methods of Statistics, 1946). NaN where a column has one value only.
    """
    both = frame[[one.name, other.name]].dropna()
    if both[one.name].nunique() < 2 or both[other.name].nunique() < 2:
        return np.nan
    if is_number(one) and is_number(other):
        ranks = [both[column.name].astype(np.float64).rank() for column in (one, other)]
        return float(np.corrcoef(*ranks)[0, 1])
    if is_number(one) or is_number(other):
        number, words = (one, other) if is_number(one) else (other, one)
        return between_words(both[number.name].astype(np.float64).rank(), few_words(both[words.name]))
    return cramers_v(few_words(both[one.name]), few_words(both[other.name]))


def between_words(ranks: pd.Series, words: pd.Series) -> float:
    """Return the root of the share of the variance of ranks that lies between the groups of rows with a word."""
    means = ranks.groupby(words.to_numpy()).transform("mean")
    return float(np.sqrt(means.var() / ranks.var()))


def cramers_v(one: pd.Series, other: pd.Series) -> float:
    """Return Cramer's V of two columns of words."""
    counts = pd.crosstab(one.to_numpy(), other.to_numpy()).to_numpy(np.float64)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_squared / (counts.sum() * (min(counts.shape) - 1)))) if min(counts.shape) > 1 else np.nan


def few_words(words: pd.Series) -> pd.Series:
    """Return the words as text, the rarer of very many as one."""
    texts = words.astype(str)
    frequent = texts.value_counts().index[:MAX_WORDS]
    return texts.where(texts.isin(frequent), "(other)")


def with_target(frame: pd.DataFrame, columns: list[Column], target: Column) -> pd.DataFrame:
    """Return how strongly each column goes with the target, the strongest first, and their mutual information.

    This is 0 for chance and 1 for columns that say the same, and sees what rises and falls again, too; numbers are cut
    into bins for it, and what is missing is one. Vinh, Epps and Bailey, J. Mach. Learn. Res. 11, 2010.
    """
    sample = frame.dropna(subset=[target.name])
    sample = sample.sample(MAX_ROWS, random_state=0) if len(sample) > MAX_ROWS else sample
    goal = in_bins(sample[target.name], target)
    found = [
        {
            "column": column.name,
            "goes with the target": associate(frame, column, target),
            "mutual information": float(adjusted_mutual_info_score(goal, in_bins(sample[column.name], column))),
        }
        for column in columns
    ]
    return pd.DataFrame(found).sort_values("mutual information", ascending=False, ignore_index=True)


def in_bins(values: pd.Series, column: Column) -> NDArray[np.int64]:
    """Return the number of each value's bin: one for each word, or for numbers of about the same size."""
    if is_number(column) and values.nunique() > BINS:
        return np.asarray(
            pd.qcut(values.astype(np.float64), BINS, labels=False, duplicates="drop").fillna(-1), dtype=int
        )
    words = values if is_number(column) else few_words(values.astype(object).fillna("(missing)"))
    return np.asarray(pd.factorize(words)[0])
