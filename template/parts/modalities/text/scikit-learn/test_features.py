"""Counts and vectors are those of the libraries, and the same without them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from acme_ml.config import Config
from acme_ml.data.scripts import Finder
from acme_ml.errors import BundleError
from acme_ml.inference.encoder import load_encoder
from acme_ml.schema import Schema, Target
from acme_ml.training.features import SubwordVectors, WordCounts, WordVectors

TEXTS = ["a red fox ran", "the red hens run", "grün, grün ist 日本語", "a red red fox again", "the hens"] * 3
SCHEMA = Schema(source="", text="said", longest=1, max_characters=9, target=Target(name="", categories=(), counts=()))
UNSEEN = ["foxes reddish", "", "日本", "!"]
STEPS: list[Any] = [
    WordCounts(),
    WordCounts(ngrams=2, stemming="english", stop_words=True),
    WordVectors(size=8, passes=2),
    SubwordVectors(size=8, passes=2, buckets=100),
]


@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_counts_are_those_of_scikit_learn(ngrams: int) -> None:
    cut = {"tokenizer": lambda text: list(Finder()(text)), "token_pattern": None}
    expected = CountVectorizer(**cut, ngram_range=(1, ngrams), min_df=2).fit(TEXTS)
    counts = WordCounts(ngrams=ngrams, max_features=None).fit(TEXTS)
    assert counts.get_feature_names_out().tolist() == expected.get_feature_names_out().tolist()
    assert (counts.transform(TEXTS) != expected.transform(TEXTS)).nnz == 0


def test_the_most_frequent_terms_are_kept() -> None:
    assert WordCounts(max_features=2).fit(TEXTS).terms_ == ["a", "red"]


def test_an_unknown_word_has_the_vector_that_gensim_gives_it() -> None:
    step = SubwordVectors(size=8, passes=2, buckets=100).fit(TEXTS)
    sentences = [WordCounts().fit([text, text]).terms_ for text in TEXTS]
    hashes = FastText(sentences, vector_size=8, bucket=100, min_count=1).wv
    hashes.vectors_ngrams = step.vectors_[len(step.words_) :]
    for word in ("foxes", "grünes", "日本酒"):
        found = step.reader().vector(word)
        assert found is not None
        assert np.allclose(found, hashes.get_vector(word), atol=1e-6)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_the_encoder_does_the_same_from_its_files(tmp_path: Path, step: Any) -> None:
    fitted = clone(step).fit(TEXTS)
    again = clone(step).fit(TEXTS)
    fitted.reader().save(tmp_path)
    encoder = load_encoder(tmp_path, SCHEMA)
    (found,) = encoder.encode([{"said": text} for text in TEXTS + UNSEEN]).values()
    expected = [each.transform(TEXTS + UNSEEN) for each in (fitted, again)]
    for other in expected:
        assert np.array_equal(found, other.toarray() if isinstance(step, WordCounts) else other)
    (tmp_path / "text.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BundleError, match=r"text\.json cannot be loaded"):
        load_encoder(tmp_path, SCHEMA)


@pytest.mark.parametrize("step", [WordCounts(), WordVectors(), SubwordVectors()], ids=lambda step: type(step).__name__)
def test_no_word_at_all_is_refused(step: Any) -> None:
    with pytest.raises(ValueError, match="no word of the texts is left"):
        step.fit(["", "one two"])


def test_predicting_needs_no_training_library(trained: tuple[Config, Any]) -> None:
    code = "import sys, pathlib; from acme_ml.inference.bundle import load_bundle"
    code += "; found = load_bundle(pathlib.Path(sys.argv[1]))"
    code += "; found.predictor.scores(found.encoder.encode([{'text': 'a'}])); print(*sys.modules)"
    command = [sys.executable, "-c", code, str(trained[1].bundle)]
    src = Path(__file__).parents[1] / "src"
    loaded = subprocess.run(command, cwd=src, capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "pandas", "gensim", "scipy"} & set(loaded)
