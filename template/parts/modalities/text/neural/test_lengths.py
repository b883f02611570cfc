"""Networks read as much of a text as most texts have; what is cut off is counted aloud."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data.dataset import Split
from acme_ml.data.load import load
from acme_ml.training.lengths import MOST, choose_cut
from acme_ml.training.model import build_model
from acme_ml.training.train import Run, fit, tell_remarks


def test_most_texts_are_read_to_their_end() -> None:
    lengths = [100] * 96 + [200] * 4
    cut = choose_cut(lengths, None, "words")
    assert cut.length == 100
    assert str(cut.remark).startswith(
        "4 of 100 texts have more than 100 words, and are cut off there: text__max_length"
    )
    assert choose_cut([7] * 3, None, "words").remark is None


@pytest.mark.parametrize(("lengths", "asked", "length"), [([9000] * 5, None, MOST), ([9000], 512, 512), ([0], None, 1)])
def test_no_more_than_asked_or_than_it_may_cost(lengths: list[int], asked: int | None, length: int) -> None:
    assert choose_cut(lengths, asked, "words").length == length


def test_long_texts_are_told_apart_by_how_they_end(
    trained: tuple[Config, Run], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    config, _ = trained
    random = np.random.default_rng(0)
    common = [f"word{number}" for number in range(50)]
    endings = ["sunrise", "thunder"]
    texts = [" ".join([*random.choice(common, 80), endings[place % 2]]) for place in range(240)]
    texts += [f"{text} {text} {text}" for text in texts[:2]]
    labels = pd.Series([endings[place % 2] for place in range(242)])
    params: dict[str, Any] = {"epochs": 12, "batch_size": 16, "text__max_length": None}
    settings = config.models[config.model]
    changed = settings.model_copy(update={"params": {**settings.params, **params}})
    schema = load(config).schema
    config = config.model_copy(update={"models": {**config.models, config.model: changed}, "root": tmp_path})
    model = build_model(config, schema)
    fit(model, Split(np.array(texts[40:], dtype=object), labels[40:]))
    tell_remarks(model)
    assert "2 of 202 texts have more than" in caplog.text
    found = model.classes_[model.predict_proba(np.array(texts[:40], dtype=object)).argmax(axis=1)]
    assert (found == labels[:40]).mean() == 1.0
