"""Both networks learn, vary images in training only, and are exported whole; a backbone needs no connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from sklearn.pipeline import Pipeline
from transformers import ResNetConfig, ResNetModel, ViTConfig, ViTModel

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError
from acme_ml.inference.storage import load_model, save_model
from acme_ml.training.export import export
from acme_ml.training.model import (
    Augment,
    Backbone,
    ConvolutionalNetwork,
    Scale,
    TransferNetwork,
    build_model,
)
from acme_ml.training.network import Network, network_graph
from acme_ml.training.saving import compare
from acme_ml.training.train import fit

Edit = Callable[[dict[str, Any]], Config]
IMAGES = np.random.default_rng(0).integers(0, 255, (24, 16, 20, 3), dtype=np.uint8)
LABELS = np.arange(24) % 3


@pytest.fixture(scope="session")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small convolutional backbone, as transformers saves it."""
    folder = tmp_path_factory.mktemp("resnet")
    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ResNetModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small backbone of the other kind, which depends on the size of images."""
    folder = tmp_path_factory.mktemp("transformer")
    config = ViTConfig(
        image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    ViTModel(config).save_pretrained(folder)
    return str(folder)


def fitted(network: Network) -> Network:
    return network.set_params(epochs=2, batch_size=8).fit(IMAGES, LABELS)


def graph_scores(network: Network, path: Path) -> Any:
    """Return the exported graph's scores of the images."""
    path.write_bytes(network_graph(network, "pixels").SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["scores"], {"pixels": IMAGES})[0]


def test_images_vary_in_training_only() -> None:
    images = Scale()(torch.from_numpy(IMAGES))
    layer = Augment(shift=0.2, rotation=20, flip=True)
    assert not torch.equal(layer.train()(images), layer(images))
    assert layer.eval()(images) is images


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"shift": 0, "rotation": 0, "flip": False}, lambda image: image),
        ({"shift": 0, "rotation": 180, "flip": False}, lambda image: image.flip(1, 2)),
    ],
)
def test_a_turn_keeps_the_shape_of_what_is_shown(
    settings: dict[str, Any], expected: Callable[[torch.Tensor], torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "rand", lambda shape, device: torch.ones(shape))
    image = torch.arange(12.0).reshape(1, 3, 4)
    changed = Augment(**settings).train()(image[None])[0]
    assert torch.allclose(changed, expected(image), atol=1e-4)


def test_half_of_the_images_are_mirrored() -> None:
    torch.manual_seed(0)
    image = torch.arange(12.0).reshape(1, 1, 3, 4)
    changed = Augment(0, 0, flip=True).train()(image.repeat(200, 1, 1, 1))
    mirrored = [bool(torch.allclose(each, image[0].flip(2), atol=1e-4)) for each in changed]
    same = [bool(torch.allclose(each, image[0], atol=1e-4)) for each in changed]
    assert 70 < sum(mirrored) < 130
    assert sum(same) == 200 - sum(mirrored)


def test_the_graph_holds_no_augmentation_and_agrees(tmp_path: Path) -> None:
    network = fitted(ConvolutionalNetwork(shift=0.3, rotation=30, flip=True))
    operations = {node.op_type for node in network_graph(network, "pixels").graph.node}
    assert not {"GridSample", "AffineGrid", "RandomUniform", "RandomUniformLike", "Dropout"} & operations
    assert np.allclose(graph_scores(network, tmp_path / "model.onnx"), network.predict_proba(IMAGES), atol=1e-5)


@pytest.mark.parametrize("blocks", [0, 5])
def test_blocks_that_do_not_suit_the_images_are_refused(blocks: int) -> None:
    with pytest.raises(ValueError, match=f"blocks: {blocks} do not suit images of 20 x 16 pixels"):
        fitted(ConvolutionalNetwork(blocks=blocks))


@pytest.mark.parametrize("learns", [False, True])
def test_a_backbone_learns_if_it_should(resnet: str, learns: bool) -> None:
    before = ResNetModel.from_pretrained(resnet).state_dict()
    network = fitted(TransferNetwork(backbone=resnet, train_backbone=learns))
    (backbone,) = [module for module in network.network_.modules() if isinstance(module, Backbone)]
    after = backbone.model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before) != learns


@pytest.mark.parametrize("kind", ["resnet", "transformer"])
def test_a_saved_network_needs_its_backbone_no_more(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = fitted(TransferNetwork(backbone=request.getfixturevalue(kind)))
    save_model(Pipeline([("model", network)]), tmp_path)
    monkeypatch.setattr("transformers.AutoModel.from_pretrained", None)
    loaded = load_model(tmp_path)[-1]
    assert np.array_equal(loaded.predict_proba(IMAGES), network.predict_proba(IMAGES))
    assert np.allclose(graph_scores(loaded, tmp_path / "model.onnx"), network.predict_proba(IMAGES), atol=1e-5)


def test_grey_images_suit_a_backbone_of_three_colours(resnet: str) -> None:
    network = TransferNetwork(backbone=resnet, epochs=1).fit(IMAGES[..., :1], LABELS)
    assert network.predict_proba(IMAGES[..., :1]).shape == (24, 3)


def test_a_backbone_learns_from_the_example(edit_params: Edit, resnet: str, tmp_path: Path) -> None:
    params = {"backbone": resnet, "train_backbone": True, "epochs": 1}
    config = edit_params({"model": "transfer", "models": {"transfer": {"params": params}}})
    dataset = load(config)
    model = build_model(config, dataset.schema)
    fit(model, dataset.train.take(np.arange(200)))
    export(model, dataset.schema, tmp_path)
    assert compare(model, dataset, tmp_path)[0]["served"]


@pytest.mark.parametrize("content", [None, b"{}", b"pickle"])
def test_a_backbone_that_cannot_be_loaded_is_named(
    content: bytes | None, edit_params: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "backbone"
    folder.mkdir()
    if content is not None:
        (folder / "config.json").write_text('{"model_type": "resnet"}', encoding="utf-8")
        (folder / "pytorch_model.bin").write_bytes(content)
    config = edit_params({"model": "transfer", "models": {"transfer": {"params": {"backbone": str(folder)}}}})
    dataset = load(config)
    with pytest.raises(ConfigError, match=r"backbone: .* cannot be loaded"):
        fit(build_model(config, dataset.schema), dataset.train)
