"""The page about the texts finds what deserves a look, and the words that set classes apart."""

from pathlib import Path

import numpy as np
import pandas as pd

from acme_ml.data.summary import Summary
from acme_ml.evaluation.explore import (
    count_words,
    find_all,
    near_duplicates,
    weigh,
    write_exploration,
)
from acme_ml.schema import Schema, Target

RANDOM = np.random.default_rng(0)
COMMON = ["the", "a", "of", "and", "to"]
OWN = {"glad": ["sun", "song", "cake"], "sad": ["rain", "cold", "lost"]}
SCHEMA = Schema(
    source="own.csv",
    text="said",
    longest=90,
    max_characters=900,
    target=Target(name="mood", categories=("glad", "sad"), counts=(30, 30)),
)


def texts(rows: int = 60) -> pd.DataFrame:
    """Return texts of two moods, of common words and some of their own."""
    moods = ["glad" if row % 2 else "sad" for row in range(rows)]
    said = [
        f"{' '.join(RANDOM.choice(COMMON, 6))} {' '.join(RANDOM.choice(OWN[mood], 2))} {row}"
        for row, mood in enumerate(moods)
    ]
    return pd.DataFrame({"said": said, "mood": moods})


def told(frame: pd.DataFrame) -> str:
    """Return all findings as one text."""
    counts, _ = count_words(frame["said"])
    near = near_duplicates(frame, counts, SCHEMA)
    return "\n".join(
        f"{what}: {todo}" for what, todo in find_all(frame, frame["said"].str.split().str.len(), near, SCHEMA)
    )


def test_words_that_are_everywhere_set_nothing_apart() -> None:
    frame = texts()
    counts, words = count_words(frame["said"])
    for mood, own in OWN.items():
        weights = weigh(counts, (frame["mood"] == mood).to_numpy())
        first = set(words[np.argsort(-weights)][:3])
        assert first == set(own)
        assert np.abs(weights[np.isin(words, COMMON)]).max() < 2


def test_texts_that_are_nearly_the_same_are_found() -> None:
    one = "a long text of many words that nobody would write twice by chance in all their days"
    frame = pd.concat(
        [texts(), pd.DataFrame({"said": [one, f"{one}!", f"{one} again"], "mood": ["sad", "glad", "sad"]})]
    )
    near = near_duplicates(frame, count_words(frame["said"])[0], SCHEMA)
    assert near["text"].str.startswith("a long text").sum() == 3
    assert near["alike"][0] > 0.99
    assert "3 pairs of texts are nearly the same, 2 of them of different classes: data.group" in told(frame)


def test_what_deserves_a_look_is_told() -> None:
    frame = texts()
    assert told(frame) == ""
    rare = frame.assign(mood=["sad"] * 57 + ["glad"] * 3)
    assert "'glad' has 5.0% of the texts: training.class_weight" in told(rare)
    both = pd.concat([frame, frame.head(1).assign(mood="glad"), frame.tail(1)])
    assert "1 texts are there with several classes" in told(both)
    assert "2 texts repeat another" in told(both)
    long = pd.concat([frame, pd.DataFrame({"said": ["word " * 900, ""], "mood": ["sad", "sad"]})])
    assert "the longest text has 900 words, most have about 9: is it one text?" in told(long)
    assert "1 texts have no words" in told(long)


def test_texts_without_words_have_a_page_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"said": ["!", "?", "...", "-"], "mood": ["glad", "sad"] * 2})
    summary = Summary(source="own.csv", rows=4, rows_left_out={}, columns=("said", "mood"), columns_left_out={})
    frame.attrs["summary"] = summary.model_dump()
    assert "4 texts have no words" in write_exploration(frame, SCHEMA, tmp_path).read_text(encoding="utf-8")
