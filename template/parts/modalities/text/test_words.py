"""A text becomes the same words in training and afterwards, as its options say."""

import json
from typing import Any

import pytest

from acme_ml.inference.words import WordOptions, Words, tell_known

TEXT = "The Cafés of <b>Århus</b>: see https://a.example/b?c=d or mail me@a.example, 3.50 each, running late"


def words(text: str, **options: Any) -> list[str]:
    return Words(WordOptions(**options))(text)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "the cafés of b århus b see or mail 3 50 each running late"),
        ({"lowercase": False}, "The Cafés of b Århus b see or mail 3 50 each running late"),
        ({"strip_accents": True}, "the cafes of b arhus b see or mail 3 50 each running late"),
        ({"drop_numbers": True}, "the cafés of b århus b see or mail each running late"),
        ({"drop_tags": True, "pattern": r"\w+"}, "the cafés of århus see or mail 3 50 each running late"),
        ({"stop_words": True}, "cafés b århus b mail 3 50 running late"),
        ({"stop_words": ["THE", "of"]}, "cafés b århus b see or mail 3 50 each running late"),
        ({"stemming": "english", "drop_tags": True}, "the café of århus see or mail 3 50 each run late"),
        ({"lemmatizing": "en", "drop_tags": True}, "the café of århus see or mail 3 50 each run late"),
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
        ("日本語 テキスト", ["日本", "本語", "テキスト"]),
        ("我喜欢这部 iPhone手机", ["我喜", "喜欢", "欢这", "这部", "iphone", "手机"]),
        ("好", ["好"]),
        ("मैं हिन्दी पढ़ता हूँ", ["मैं", "हिन्दी", "पढ़ता", "हूँ"]),
        ("சென்னை", ["சென்னை"]),
        ("สวัสดี", ["สวั", "วัส", "สดี"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("\U0001f642 ok \U0001f468\u200d\U0001f4bb", ["\U0001f642", "ok", "\U0001f468\u200d\U0001f4bb"]),
        ("\U0001f1e9\U0001f1ea I", ["\U0001f1e9\U0001f1ea", "i"]),
        ("don't stop_here", ["don", "t", "stop", "here"]),
    ],
)
def test_any_script_is_read(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_becomes_its_entry_in_a_dictionary() -> None:
    assert words("mice were better, Häuser", lemmatizing="en") == ["mouse", "be", "good", "häuser"]
    assert words("Häuser besser", lemmatizing="de") == ["haus", "gut"]


def test_how_many_words_are_left_is_told() -> None:
    texts = [["a", "b", "c"], ["a"], ["z"], ["a", "b"]]
    told = "2 words are known, 71% of all in the texts, 1.5 in a text by the median; 1 texts have none of them"
    assert tell_known(texts, ["a", "b"]) == told


@pytest.mark.parametrize("part", ["好", "\U0001f468\u200d", "a.", "a@", "<", "http://", "1.", "x" * 50, "\u0301"])
def test_no_text_takes_long(part: str) -> None:
    words(part * 10_000, drop_tags=True, drop_numbers=True, strip_accents=True)


@pytest.mark.parametrize("options", [{}, {"stop_words": True, "stemming": "german"}, {"pattern": "[a-z]+"}])
def test_options_survive_their_file(options: dict[str, Any]) -> None:
    saved = json.loads(json.dumps(WordOptions(**options).settings()))
    assert words(TEXT, **saved) == words(TEXT, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pattern": "("}, "no regular expression"),
        ({"stemming": "latin"}, "known are"),
        ({"lemmatizing": "english"}, "known are .*en, "),
    ],
)
def test_an_option_that_cannot_be_used_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        words(TEXT, **options)
