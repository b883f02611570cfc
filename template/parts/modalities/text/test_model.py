"""Every model that params.yaml names learns, and its graph agrees with it whatever the text."""

from pathlib import Path

import numpy as np
import pytest

from acme_ml.config import Config, load_config
from acme_ml.data.load import load
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.encoder import STEPS, load_encoder
from acme_ml.inference.prediction import same, score
from acme_ml.inference.predictor import ONNX_FILE, OnnxPredictor
from acme_ml.inference.storage import load_model, save_model
from acme_ml.training.export import export
from acme_ml.training.model import build_model
from acme_ml.training.train import Run

CONFIG = load_config(Path(__file__).parents[1] / "params.yaml")
OTHERS = [name for name in CONFIG.models if name != CONFIG.model]
ODD = [
    "",
    " ",
    "Ünï\u0301cödé ß ﬁ İ",
    "日本語 テキスト",
    "🙂",
    "a" * 5_000,
    "word " * 4_000,
    "<b>x</b> 3.14 a@b.example",
]


def test_odd_texts_are_scored_alike(trained: tuple[Config, Run]) -> None:
    bundle, native = load_bundle(trained[1].bundle), load_model(trained[1].bundle)
    inputs = bundle.encoder.encode([{"text": text} for text in ODD])
    scores = bundle.predictor.scores(inputs)
    assert np.isfinite(scores).all()
    assert same(score(native, np.array(ODD, dtype=object)), scores).all()
    assert same(score(native[STEPS:], bundle.encoder.decode(inputs)), scores).all()


@pytest.mark.parametrize("name", OTHERS)
def test_every_model_learns_and_its_graph_agrees(project: Path, tmp_path: Path, name: str) -> None:
    config = load_config(project / "params.yaml").model_copy(update={"model": name})
    dataset = load(config)
    some, rest = dataset.train.take(np.arange(0, 1200, 3)), dataset.test.take(np.arange(100))
    model = build_model(config, dataset.schema).fit(*some)
    save_model(model, tmp_path)
    export(model, dataset.schema, tmp_path)
    native = score(model, rest.features)
    assert (model.classes_[native.argmax(axis=1)] == rest.target).mean() > 0.3
    inputs = load_encoder(tmp_path, dataset.schema).encode_features(rest.features)
    assert same(native, OnnxPredictor(tmp_path / ONNX_FILE).scores(inputs)).all()
    assert same(native, score(load_model(tmp_path), rest.features)).all()


def test_the_options_of_texts_are_hyper_parameters(project: Path) -> None:
    config = load_config(project / "params.yaml")
    settings = config.models[config.model]
    changed = settings.model_copy(update={"params": {**settings.params, "text__stemming": "german"}})
    tuned = config.model_copy(update={"models": {config.model: changed}})
    assert build_model(tuned, load(config).schema).get_params()["text__stemming"] == "german"
