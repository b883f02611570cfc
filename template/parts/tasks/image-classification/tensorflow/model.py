"""The networks that params.yaml can name: a convolutional one, and one on a backbone that may have learned before."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.pipeline import Pipeline

from ..config import Config
from ..data.pixels import ReadImages
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .objective import NetworkClassifier


@dataclass(kw_only=True, eq=False, repr=False)
class ImageNetwork(NetworkClassifier):
    """What both networks share: in training, images are moved, turned and mirrored at random.

    `shift` is a share of width and height, `rotation` in degrees; `flip` mirrors every other image.
    """

    shift: float = 0.1
    rotation: float = 10.0
    flip: bool = False
    dropout: float = 0.2

    input_type: ClassVar[type[np.generic]] = np.uint8

    def augment(self, images: Any) -> Any:
        """Change images in training; what moves in from outside is like the edge."""
        seed = self.random_state
        if self.shift:
            images = keras.layers.RandomTranslation(self.shift, self.shift, fill_mode="nearest", seed=seed)(images)
        if self.rotation:
            images = keras.layers.RandomRotation(self.rotation / 360, fill_mode="nearest", seed=seed)(images)
        return keras.layers.RandomFlip("horizontal", seed=seed)(images) if self.flip else images

    def classify(self, features: Any, outputs: int) -> Any:
        """Return a value for each class; in full precision, as their differences may be small."""
        features = keras.layers.Dropout(self.dropout, seed=self.random_state)(features)
        return keras.layers.Dense(outputs, dtype="float32")(features)


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalNetwork(ImageNetwork):
    """Blocks of a convolution with a stride of 2; each halves the image and has twice the channels of the one before.

    Springenberg et al., Striving for Simplicity: The All Convolutional Net, ICLR 2015.
    """

    blocks: int = 3
    channels: int = 16

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the model for images of this height, width and channels. Raises ValueError for too many blocks."""
        height, width, _ = inputs
        if not 1 <= self.blocks <= math.log2(min(height, width)):
            raise ValueError(f"blocks: {self.blocks} do not suit images of {width} x {height} pixels")
        pixels = keras.Input(inputs, dtype="uint8")
        images = self.augment(keras.layers.Rescaling(1 / 255)(pixels))
        for number in range(self.blocks):
            # Normalisation has a bias of its own.
            convolution = keras.layers.Conv2D(self.channels * 2**number, 3, strides=2, padding="same", use_bias=False)
            images = keras.layers.BatchNormalization(momentum=0.9)(convolution(images))
            images = keras.layers.ReLU()(images)
        return keras.Model(pixels, self.classify(keras.layers.GlobalAveragePooling2D()(images), outputs))


RANDOM_WEIGHTS = "the backbone has learned nothing before: weights: imagenet, or a file, starts from what it knows"


@dataclass(kw_only=True, eq=False, repr=False)
class TransferNetwork(ImageNetwork):
    """A linear layer on a backbone: the name of one in keras.applications, or a .keras file.

    `weights` of a named one are random (null), those of a file, or `imagenet`, which is downloaded. The backbone learns
    too with `train_backbone`, or stays as it is. A file takes red, green and blue from 0 to 255.
    """

    backbone: str = "MobileNetV2"
    weights: str | None = None
    train_backbone: bool = True

    def build(self, inputs: tuple[int, ...], outputs: int) -> keras.Model:
        """Return the model. Raises ValueError when the backbone cannot be loaded, or does not suit the images."""
        height, width, channels = inputs
        pixels = keras.Input(inputs, dtype="uint8")
        images = self.augment(keras.layers.Rescaling(1.0)(pixels))
        if channels == 1:
            images = keras.layers.Concatenate()([images] * 3)
        backbone, prepare = load_backbone(self.backbone, self.weights, (height, width, 3))
        backbone.trainable = self.train_backbone
        random = self.weights is None and not self.backbone.endswith(".keras")
        self.remarks_ = [RANDOM_WEIGHTS] if random else []
        # A backbone that stays as it is does not adapt its normalisation either.
        features = backbone(prepare(images), training=None if self.train_backbone else False)
        if len(features.shape) == 4:
            features = keras.layers.GlobalAveragePooling2D()(features)
        return keras.Model(pixels, self.classify(features, outputs))


NETWORKS = {"convolutional": ConvolutionalNetwork, "transfer": TransferNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from paths to class probabilities. Raises ConfigError."""
    reader = ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits)
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return set_step_params(Pipeline([("images", reader), ("model", network)]), config)


def load_backbone(
    name: str, weights: str | None, shape: tuple[int, int, int]
) -> tuple[keras.Model, Callable[[Any], Any]]:
    """Return the backbone, and what turns colours from 0 to 255 into its input. Raises ValueError."""
    try:
        if name.endswith(".keras"):
            return keras.saving.load_model(name, compile=False, safe_mode=True), keras.layers.Identity()
        family = find_family(name)
        backbone = getattr(family, name)(include_top=False, weights=weights, input_shape=shape)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"backbone: {name!r} cannot be loaded: {error}") from error
    return backbone, family.preprocess_input


def find_family(name: str) -> Any:
    """Return the module of keras.applications that has this network. Raises ValueError when there is none."""
    for family in vars(keras.applications).values():
        if hasattr(family, "preprocess_input") and callable(getattr(family, name, None)):
            return family
    raise ValueError("it is neither a .keras file nor one of keras.applications")
