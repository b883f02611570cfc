"""What a person may have meant."""

from pathlib import Path

import pytest

from mlscaffold._meant import ALSO, NEAREST, meant
from mlscaffold._questions import load_questions


def test_every_word_stands_for_a_value_that_there_is() -> None:
    questions = load_questions(Path(__file__).parents[2])
    values = {str(value) for name in questions.choosers for value in questions.all_values(name)}
    assert {*ALSO, *NEAREST} <= values
    words = [word for lists in (ALSO, NEAREST) for others in lists.values() for word in others.split()]
    assert len(set(words)) == len(words)
    assert not {value.casefold() for value in values} & set(words)


@pytest.mark.parametrize(
    ("word", "words", "said"),
    [
        ("k8s", ["docker", "kubernetes"], "; did you mean kubernetes?"),
        ("mit", ["MIT", "Apache-2.0"], "; did you mean MIT?"),
        ("poetry", ["uv", "venv"], "; that is not offered, the nearest is uv"),
        ("poetry", ["a", "b"], ""),
        ("fastpi", ["fastapi", "flask"], "; did you mean fastapi?"),
        ("3.10", ["3.11", "3.14"], ""),
        ("", ["a"], ""),
    ],
)
def test_what_is_said(word: str, words: list[str], said: str) -> None:
    assert meant(word, words) == said
