"""An encoder from a folder learns on, is saved whole, and needs neither its folder nor a hub afterwards."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.pipeline import Pipeline
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, BertConfig, PreTrainedTokenizerFast

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.encoder import load_encoder
from acme_ml.inference.prediction import same, score
from acme_ml.inference.predictor import ONNX_FILE, OnnxPredictor
from acme_ml.inference.storage import load_model, save_model
from acme_ml.training.export import export
from acme_ml.training.features import PieceIds
from acme_ml.training.model import build_model
from acme_ml.training.train import Run, fit

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
Edit = Callable[[dict[str, Any]], Config]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny encoder and its tokenizer, as transformers saves them."""
    tokenizer = Tokenizer.from_str(PieceIds(vocabulary=200).fit(["a few words to learn pieces from"] * 3).tokenizer_)
    wrap: Any = PreTrainedTokenizerFast
    wrap(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(tmp_path / "encoder")
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=40,
    )
    make: Any = AutoModel.from_config
    make(config).save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way out of this machine."""

    def refuse(*_: Any) -> None:
        raise AssertionError("something was asked for over the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def with_encoder(edit_params: Edit, name: str, **params: Any) -> Config:
    """Return settings that name this encoder."""
    models = {"encoder": {"params": {"encoder": name, "epochs": 2, "text__max_length": 16, **params}}}
    return edit_params({"models": models})


def fitted(config: Config) -> tuple[Pipeline, Any]:
    """Return a model fitted on some of the data, and the data."""
    dataset = load(config)
    model = build_model(config, dataset.schema)
    fit(model, dataset.train.take(np.arange(0, 1200, 6)))
    return model, dataset


@pytest.mark.usefixtures("offline")
def test_a_folder_is_needed_for_training_alone(edit_params: Edit, folder: Path, tmp_path: Path) -> None:
    model, dataset = fitted(with_encoder(edit_params, str(folder)))
    before = AutoModel.from_pretrained(folder, local_files_only=True).get_input_embeddings().weight
    assert torch.allclose(model[-1].network_[0].encoder.get_input_embeddings().weight, before, atol=0.1)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    expected = tokenizer(ODD, truncation=True, max_length=16, padding="max_length")["input_ids"]
    assert model[0].transform(ODD).tolist() == expected
    shutil.rmtree(folder)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    save_model(model, bundle)
    export(model, dataset.schema, bundle)
    native = score(model, np.array(ODD, dtype=object))
    assert np.array_equal(score(load_model(bundle), np.array(ODD, dtype=object)), native)
    inputs = load_encoder(bundle, dataset.schema).encode_features(ODD)
    assert same(native, OnnxPredictor(bundle / ONNX_FILE).scores(inputs)).all()


def test_odd_texts_are_scored_alike(trained: tuple[Config, Run]) -> None:
    bundle, native = load_bundle(trained[1].bundle), load_model(trained[1].bundle)
    scores = bundle.predictor.scores(bundle.encoder.encode([{"text": text} for text in ODD]))
    assert np.isfinite(scores).all()
    assert same(score(native, np.array(ODD, dtype=object)), scores).all()


@pytest.mark.usefixtures("offline")
def test_weights_that_could_run_code_are_refused(edit_params: Edit, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        fitted(with_encoder(edit_params, str(folder)))


def test_a_text_longer_than_the_encoder_takes_is_named(edit_params: Edit, folder: Path) -> None:
    with pytest.raises(ConfigError, match="takes at most 40 pieces"):
        fitted(with_encoder(edit_params, str(folder), text__max_length=41))


def test_heads_that_cannot_share_the_width_are_named(edit_params: Edit) -> None:
    with pytest.raises(ConfigError, match="heads: 3 cannot share"):
        fitted(edit_params({"models": {"encoder": {"params": {"heads": 3}}}}))


def test_an_empty_folder_is_no_encoder(edit_params: Edit, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ConfigError, match="no tokenizer that can be loaded"):
        fitted(with_encoder(edit_params, str(tmp_path / "nothing")))
