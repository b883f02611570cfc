"""Words are numbered by how frequent they are, and a text of any length becomes one row."""

from pathlib import Path

import numpy as np
import pytest

from acme_ml.errors import BundleError
from acme_ml.inference.encoder import PADDING, UNKNOWN, load_encoder
from acme_ml.schema import Schema, Target
from acme_ml.training.features import WordIds

TEXTS = ["red green", "red blue", "red green blue", "rare"]
SCHEMA = Schema(source="", text="said", longest=1, max_characters=9, target=Target(name="", categories=(), counts=()))


def test_frequent_words_come_first_and_rare_ones_are_unknown() -> None:
    ids = WordIds(max_length=4).fit(TEXTS)
    assert ids.words_ == ["red", "blue", "green"]
    assert ids.transform(["green rare red"]).tolist() == [[4, UNKNOWN, 2, PADDING]]
    assert WordIds(max_words=1).fit(TEXTS).words_ == ["red"]


def test_what_is_cut_off_is_not_counted() -> None:
    ids = WordIds(max_length=1, min_df=1).fit(TEXTS)
    assert ids.words_ == ["red", "rare"]
    assert ids.transform(TEXTS).max() == ids.transform(["red", "rare"]).max()


def test_no_word_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no word of the texts is left"):
        WordIds().fit(["", "one two"])


def test_the_encoder_does_the_same_from_its_file(tmp_path: Path) -> None:
    ids = WordIds(max_length=3, stemming="english", stop_words=["green"]).fit(["running green", "run far"])
    ids.reader().save(tmp_path)
    encoder = load_encoder(tmp_path, SCHEMA)
    texts = ["he runs", "", "RUN green run ran"]
    assert np.array_equal(encoder.encode_features(texts)["ids"], ids.transform(texts))
    assert np.array_equal(encoder.encode([{"said": text} for text in texts])["ids"], ids.transform(texts))
    (tmp_path / "text.json").write_text('{"words": []}', encoding="utf-8")
    with pytest.raises(BundleError, match=r"text\.json cannot be loaded"):
        load_encoder(tmp_path, SCHEMA)
