"""Both networks learn, vary images in training only, and are exported whole; a backbone needs no connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
from sklearn.pipeline import Pipeline

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.errors import ConfigError
from acme_ml.inference.storage import load_model, save_model
from acme_ml.training.export import export
from acme_ml.training.model import (
    ConvolutionalNetwork,
    TransferNetwork,
    build_model,
    load_backbone,
)
from acme_ml.training.network import Network, network_graph
from acme_ml.training.saving import compare
from acme_ml.training.train import fit

Edit = Callable[[dict[str, Any]], Config]
IMAGES = np.random.default_rng(0).integers(0, 255, (24, 16, 20, 3), dtype=np.uint8)
LABELS = np.arange(24) % 3


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small backbone in a file, for images of any size."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(8, 3), keras.layers.BatchNormalization(), keras.layers.ReLU()]
    path = tmp_path_factory.mktemp("backbone") / "small.keras"
    keras.Sequential([keras.Input((None, None, 3)), keras.layers.Rescaling(1 / 255), *layers]).save(path)
    return str(path)


def fitted(network: Network) -> Network:
    return network.set_params(epochs=2, batch_size=8).fit(IMAGES, LABELS)


def graph_scores(network: Network, path: Path) -> Any:
    """Return the exported graph's scores of the images."""
    path.write_bytes(network_graph(network, "pixels").SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["scores"], {"pixels": IMAGES})[0]


def test_images_vary_in_training_only() -> None:
    pixels = keras.Input(IMAGES.shape[1:])
    layers = keras.Model(pixels, ConvolutionalNetwork(shift=0.2, rotation=20, flip=True).augment(pixels))
    images = IMAGES.astype(np.float32)
    first, second = (np.asarray(layers(images, training=True)) for _ in range(2))
    assert not np.allclose(first, second)
    assert not np.allclose(first, images)
    assert np.array_equal(layers(images, training=False), images)


def test_what_is_not_asked_for_is_left_out() -> None:
    pixels = keras.Input(IMAGES.shape[1:])
    assert ConvolutionalNetwork(shift=0, rotation=0, flip=False).augment(pixels) is pixels


def test_the_graph_holds_no_augmentation_and_agrees(tmp_path: Path) -> None:
    network = fitted(ConvolutionalNetwork(shift=0.3, rotation=30, flip=True))
    operations = {node.op_type for node in network_graph(network, "pixels").graph.node}
    assert not {"GridSample", "AffineGrid", "RandomUniform", "RandomUniformLike", "Where", "Dropout"} & operations
    assert np.allclose(graph_scores(network, tmp_path / "model.onnx"), network.predict_proba(IMAGES), atol=1e-5)


@pytest.mark.parametrize("blocks", [0, 5])
def test_blocks_that_do_not_suit_the_images_are_refused(blocks: int) -> None:
    with pytest.raises(ValueError, match=f"blocks: {blocks} do not suit images of 20 x 16 pixels"):
        fitted(ConvolutionalNetwork(blocks=blocks))


@pytest.mark.parametrize("learns", [False, True])
def test_a_backbone_learns_if_it_should(backbone: str, learns: bool) -> None:
    before = keras.saving.load_model(backbone).get_weights()
    network = fitted(TransferNetwork(backbone=backbone, train_backbone=learns))
    (model,) = [layer for layer in network.network_.layers if isinstance(layer, keras.Model)]
    same = [np.array_equal(*pair) for pair in zip(model.get_weights(), before, strict=True)]
    assert all(same) != learns


def test_a_saved_network_needs_its_backbone_no_more(
    backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "copied.keras"
    copied.write_bytes(Path(backbone).read_bytes())
    network = fitted(TransferNetwork(backbone=str(copied)))
    save_model(Pipeline([("model", network)]), tmp_path)
    copied.unlink()
    loaded = load_model(tmp_path)[-1]
    assert np.array_equal(loaded.predict_proba(IMAGES), network.predict_proba(IMAGES))
    assert np.allclose(graph_scores(loaded, tmp_path / "model.onnx"), network.predict_proba(IMAGES), atol=1e-5)


@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0", "ResNet50"])
def test_the_networks_of_keras_are_known_without_a_download(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.utils.get_file", None)
    model, prepare = load_backbone(name, None, (32, 32, 3))
    assert model.output_shape[-1] > 100
    assert prepare(keras.Input((32, 32, 3))).shape == (None, 32, 32, 3)


def test_grey_images_suit_a_backbone_of_three_colours(backbone: str) -> None:
    network = TransferNetwork(backbone=backbone, epochs=1).fit(IMAGES[..., :1], LABELS)
    assert network.predict_proba(IMAGES[..., :1]).shape == (24, 3)


def test_a_backbone_learns_from_the_example(edit_params: Edit, backbone: str, tmp_path: Path) -> None:
    params = {"backbone": backbone, "epochs": 1}
    config = edit_params({"model": "transfer", "models": {"transfer": {"params": params}}})
    dataset = load(config)
    model = build_model(config, dataset.schema)
    fit(model, dataset.train.take(np.arange(200)))
    export(model, dataset.schema, tmp_path)
    assert compare(model, dataset, tmp_path)[0]["served"]


@pytest.mark.parametrize("name", ["none.keras", "NoSuchNet", "MobileNetV2"])
def test_a_backbone_that_cannot_be_loaded_is_named(name: str, edit_params: Edit) -> None:
    # Images of 16 x 16 pixels are too small for the last.
    config = edit_params({"model": "transfer", "models": {"transfer": {"params": {"backbone": name}}}})
    dataset = load(config)
    with pytest.raises(ConfigError, match=f"backbone: '{name}' cannot be loaded"):
        fit(build_model(config, dataset.schema), dataset.train)


def test_a_backbone_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unsafe.keras"
    keras.Sequential([keras.Input((16, 20, 3)), keras.layers.Lambda(lambda images: images)]).save(path)
    with pytest.raises(ValueError, match=r"cannot be loaded.*[Ll]ambda"):
        fitted(TransferNetwork(backbone=str(path)))
