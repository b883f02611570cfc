"""A text becomes the same words in training and afterwards, as its options say."""

import json
from typing import Any

import pytest

from acme_ml.inference.words import WordOptions, Words

TEXT = "The Cafés of <b>Århus</b>: see https://a.example/b?c=d or mail me@a.example, 3.50 each, running late"


def words(text: str, **options: Any) -> list[str]:
    return Words(WordOptions(**options))(text)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "the cafés of århus see or mail 50 each running late"),
        ({"lowercase": False}, "The Cafés of Århus see or mail 50 each running late"),
        ({"strip_accents": True}, "the cafes of arhus see or mail 50 each running late"),
        ({"drop_numbers": True}, "the cafés of århus see or mail each running late"),
        ({"drop_tags": True, "pattern": r"\w+"}, "the cafés of århus see or mail 3 50 each running late"),
        ({"stop_words": True}, "cafés århus mail 50 running late"),
        ({"stop_words": ["THE", "of"]}, "cafés århus see or mail 50 each running late"),
        ({"stemming": "english"}, "the café of århus see or mail 50 each run late"),
        ({"pattern": "(R)un", "lowercase": False}, ""),
        ({"pattern": "(r)un"}, "run"),
    ],
)
def test_each_option_does_what_it_says(options: dict[str, Any], expected: str) -> None:
    assert words(TEXT, **options) == expected.split()


def test_addresses_are_kept_if_asked() -> None:
    assert {"https", "example"} <= set(words(TEXT, drop_addresses=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("Cafe\u0301", ["caf\u00e9"]),
        ("日本語 テキスト", ["日本語", "テキスト"]),
        ("🙂 ok", ["ok"]),
        ("don't stop_here", ["don", "stop", "here"]),
    ],
)
def test_any_script_is_read(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("part", ["a.", "a@", "<", "http://", "1.", "x" * 50, "\u0301"])
def test_no_text_takes_long(part: str) -> None:
    words(part * 10_000, drop_tags=True, drop_numbers=True, strip_accents=True)


@pytest.mark.parametrize("options", [{}, {"stop_words": True, "stemming": "german"}, {"pattern": "[a-z]+"}])
def test_options_survive_their_file(options: dict[str, Any]) -> None:
    saved = json.loads(json.dumps(WordOptions(**options).settings()))
    assert words(TEXT, **saved) == words(TEXT, **options)


@pytest.mark.parametrize(
    ("options", "said"), [({"pattern": "("}, "no regular expression"), ({"stemming": "latin"}, "known are")]
)
def test_an_option_that_cannot_be_used_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        words(TEXT, **options)
