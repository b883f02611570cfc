"""A tokenizer is learned from the texts alone, the same each time, and travels with the model as a file."""

from pathlib import Path

import numpy as np
import pytest

from acme_ml.errors import BundleError
from acme_ml.inference.encoder import TOKENIZER_FILE, load_encoder
from acme_ml.schema import Schema, Target
from acme_ml.training.features import PieceIds

TEXTS = ["Read the file", "write the files", "reading and writing"] * 5
SCHEMA = Schema(source="", text="said", longest=1, max_characters=9, target=Target(name="", categories=(), counts=()))


def test_the_same_texts_give_the_same_tokenizer() -> None:
    rare = ["".join(chr(letter) for letter in range(start, start + 40)) for start in range(0x4E00, 0x5000, 40)]
    found = {PieceIds(vocabulary=200).fit([*TEXTS, *rare]).tokenizer_ for _ in range(5)}
    assert len(found) == 1


def test_the_options_do_what_they_say() -> None:
    cased, lower = (PieceIds(lowercase=lowercase).fit(TEXTS) for lowercase in (False, True))
    for step, same in ((cased, False), (lower, True)):
        assert np.array_equal(step.transform(["READ"]), step.transform(["read"])) == same
    assert PieceIds(vocabulary=30).fit(TEXTS).transform(TEXTS).max() < 30


def test_frequent_words_are_one_piece() -> None:
    ids = PieceIds(max_length=5).fit(TEXTS).transform(["write the file", "file the write"])
    assert np.array_equal(ids[0, [1, 2, 3]], ids[1, [3, 2, 1]])
    assert len(set(ids[0])) == 5


def test_the_encoder_does_the_same_from_its_file(tmp_path: Path) -> None:
    step = PieceIds(max_length=6).fit(TEXTS)
    (tmp_path / TOKENIZER_FILE).write_text(step.tokenizer_, encoding="utf-8")
    encoder = load_encoder(tmp_path, SCHEMA)
    texts = ["he reads", "", "WRITE it all down"]
    assert np.array_equal(encoder.encode([{"said": text} for text in texts])["ids"], step.transform(texts))
    (tmp_path / TOKENIZER_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match=r"tokenizer\.json cannot be loaded"):
        load_encoder(tmp_path, SCHEMA)
