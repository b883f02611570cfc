"""Preparation of texts that lives inside the estimator, so that folds never leak into each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self
from zlib import crc32

import numpy as np
from gensim.models import FastText, Word2Vec
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from ..inference.encoder import CountReader, VectorReader, runs
from ..inference.words import WordOptions, Words, tell_known

NOTHING_LEFT = "no word of the texts is left; loosen the options of the step `text`"


@dataclass(kw_only=True, eq=False, repr=False)
class WordCounts(WordOptions, TransformerMixin, BaseEstimator):
    """How often each term is in a text: a word, or a run of up to `ngrams` words.

    Terms in fewer than `min_df` texts are left out, and of the others the `max_features` most frequent are kept.
    """

    ngrams: int = 1
    min_df: int = 2
    max_features: int | None = 5_000

    def fit(self, texts: Sequence[str], target: Any = None) -> Self:
        """Find the terms. Raises ValueError when there is none, or an option cannot be used."""
        words = Words(self)
        read = [runs(words(text), self.ngrams) for text in texts]
        found = Counter(chain.from_iterable(map(set, read)))
        frequent = sorted(term for term, count in found.items() if count >= self.min_df)
        kept = sorted(frequent, key=lambda term: -found[term])[: self.max_features]
        if not kept:
            raise ValueError(NOTHING_LEFT)
        self.terms_ = sorted(kept)
        self.remarks_ = [tell_known(read, self.terms_, "terms")]
        return self

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the counts, shape (texts, terms)."""
        reader = self.reader()
        counts = [reader.count(text) for text in texts]
        columns = np.fromiter(chain.from_iterable(counts), dtype=np.int32)
        values = np.fromiter(chain.from_iterable(count.values() for count in counts), dtype=np.float32)
        ends = np.cumsum([0, *map(len, counts)])
        return csr_matrix((values, columns, ends), shape=(len(counts), len(self.terms_)))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the terms in the order of the columns."""
        return np.array(self.terms_, dtype=object)

    def reader(self) -> CountReader:
        """Return what counts the terms without the training libraries."""
        return CountReader(self, self.terms_, self.ngrams)


@dataclass(kw_only=True, eq=False, repr=False)
class WordVectors(WordOptions, TransformerMixin, BaseEstimator):
    """The mean of the vectors of a text's words, which Word2Vec learns from the texts it is fitted on.

    Mikolov et al., Distributed Representations of Words and Phrases and their Compositionality, NIPS 2013.
    """

    size: int = 64
    window: int = 5
    passes: int = 20
    min_count: int = 2
    random_state: int = 0

    def fit(self, texts: Sequence[str], target: Any = None) -> Self:
        """Learn the vectors. Raises ValueError when no word is left, or an option cannot be used."""
        words = Words(self)
        sentences = [words(text) for text in texts]
        if not any(count >= self.min_count for count in Counter(chain.from_iterable(sentences)).values()):
            raise ValueError(NOTHING_LEFT)
        self.words_, self.vectors_ = self._learn(sentences)
        self.remarks_ = [tell_known(sentences, self.words_)]
        return self

    def _learn(self, sentences: list[list[str]]) -> tuple[list[str], NDArray[np.float32]]:
        """Return the words, and a vector for each."""
        found = Word2Vec(sentences, **self._settings()).wv
        return list(found.index_to_key), found.vectors

    def _settings(self) -> dict[str, Any]:
        """Return what Gensim is given; a single worker and a fixed hash make it repeatable."""
        return {
            "vector_size": self.size,
            "window": self.window,
            "epochs": self.passes,
            "min_count": self.min_count,
            "sg": 1,
            "seed": self.random_state,
            "workers": 1,
            "hashfxn": hash_word,
        }

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the mean vectors, shape (texts, size)."""
        return self.reader().read(texts)

    def reader(self) -> VectorReader:
        """Return what looks up the vectors without the training libraries."""
        return VectorReader(self, self.words_, self.vectors_)


@dataclass(kw_only=True, eq=False, repr=False)
class SubwordVectors(WordVectors):
    """The same, learned by fastText: what is unknown gets its vector from pieces of 3 to 6 characters that it shares.

    Bojanowski et al., Enriching Word Vectors with Subword Information, TACL 2017.
    """

    shortest: int = 3
    longest: int = 6
    buckets: int = 20_000

    def _learn(self, sentences: list[list[str]]) -> tuple[list[str], NDArray[np.float32]]:
        """Return the words, and a vector for each; after them those that the pieces share."""
        pieces = {"min_n": self.shortest, "max_n": self.longest, "bucket": self.buckets}
        found = FastText(sentences=sentences, **self._settings(), **pieces).wv
        return list(found.index_to_key), np.concatenate([found.vectors, found.vectors_ngrams])

    def reader(self) -> VectorReader:
        """Return what looks up the vectors without the training libraries."""
        return VectorReader(self, self.words_, self.vectors_, (self.shortest, self.longest))


def hash_word(word: str) -> int:
    """Return the same number for a word in every process, which Python's own hash does not."""
    return crc32(word.encode())
