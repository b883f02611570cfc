"""Preparation of texts that lives inside the estimator, so that folds never leak into each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ..inference.encoder import IdReader
from ..inference.words import WordOptions, Words, tell_known
from .lengths import choose_cut


@dataclass(kw_only=True, eq=False, repr=False)
class WordIds(WordOptions, TransformerMixin, BaseEstimator):
    """The first `max_length` words of a text as numbers, the most frequent word first.

    Without `max_length`, as many are read as most texts have; `remarks_` says what is cut off. Words in fewer than
    `min_df` texts count as unknown, and so do those after the `max_words` most frequent.
    """

    max_length: int | None = None
    min_df: int = 2
    max_words: int | None = 10_000

    def fit(self, texts: Sequence[str], target: Any = None) -> Self:
        """Find the words. Raises ValueError when there is none, or an option cannot be used."""
        words = Words(self)
        read = [words(text) for text in texts]
        cut = choose_cut([len(each) for each in read], self.max_length, "words")
        self.length_, self.remarks_ = cut.length, [cut.remark] if cut.remark else []
        # What is cut off is not counted: each number stands for a word that a network has seen.
        found = Counter(chain.from_iterable(set(each[: self.length_]) for each in read))
        frequent = sorted(word for word, count in found.items() if count >= self.min_df)
        self.words_ = sorted(frequent, key=lambda word: -found[word])[: self.max_words]
        if not self.words_:
            raise ValueError("no word of the texts is left; loosen the options of the step `text`")
        self.remarks_.append(tell_known([each[: self.length_] for each in read], self.words_))
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers, shape (texts, length)."""
        return self.reader().read(texts)

    def reader(self) -> IdReader:
        """Return what numbers the words without the training libraries."""
        return IdReader(self, self.words_, self.length_)
