"""A text becomes the same pieces in training and afterwards, from a description that is data alone."""

import json

import pytest

from acme_ml.inference.words import Pieces
from acme_ml.training.features import PieceIds

TEXTS = ["read the file", "write the files", "reading and writing", "日本語 テキスト", "über Ünï", "🙂"] * 3


def test_each_text_has_the_same_length() -> None:
    pieces = Pieces(PieceIds(max_length=8).fit(TEXTS).tokenizer_)
    found = pieces.read(["", "read", "read " * 50, "🤖 \u0301 \t", "x" * 10_000])
    assert found.shape == (5, 8)
    assert found[0].tolist() == [2, 3, 0, 0, 0, 0, 0, 0]
    assert (found[2] > 0).all()
    assert found.dtype == "int64"


def test_composed_and_decomposed_letters_are_the_same() -> None:
    pieces = Pieces(PieceIds().fit(TEXTS).tokenizer_)
    assert (pieces.read(["\u00fcber"]) == pieces.read(["U\u0308BER"])).all()


@pytest.mark.parametrize("description", ["", "{}", "[1]", json.dumps({"model": {"type": "Ghost"}})])
def test_what_is_no_description_is_refused(description: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Pieces(description)
