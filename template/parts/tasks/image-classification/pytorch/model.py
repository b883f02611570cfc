"""The networks that params.yaml can name: a convolutional one, and one on a backbone that has learned before."""

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import Tensor, nn
from torch.nn import functional

from ..config import Config
from ..data.pixels import ReadImages
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .objective import NetworkClassifier

# Mean and standard deviation of red, green and blue in ImageNet, which most backbones have learned from.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


# Pixels times channels.
SMALL = 32 * 32 * 3


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

    @property
    def threads(self) -> int | None:  # type: ignore[override]
        """One for small images, as sharing their layers costs more time than it saves; all of them for others."""
        return 1 if math.prod(self.inputs_) <= SMALL else None

    def augment(self) -> "Augment":
        """Return the layer that changes images in training."""
        return Augment(self.shift, self.rotation, self.flip)


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalNetwork(ImageNetwork):
    """Blocks of a convolution with a stride of 2; each halves the image and has twice the channels of the one before.

    Springenberg et al., Striving for Simplicity: The All Convolutional Net, ICLR 2015.
    """

    blocks: int = 3
    channels: int = 16

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module for images of this height, width and channels. Raises ValueError for too many blocks."""
        height, width, channels = inputs
        if not 1 <= self.blocks <= math.log2(min(height, width)):
            raise ValueError(f"blocks: {self.blocks} do not suit images of {width} x {height} pixels")
        layers: list[nn.Module] = [Scale(), self.augment()]
        for number in range(self.blocks):
            wider = self.channels * 2**number
            # Normalisation has a bias of its own.
            convolution = nn.Conv2d(channels, wider, 3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(wider), nn.ReLU()]
            channels = wider
        return nn.Sequential(*layers, Average(), nn.Dropout(self.dropout), nn.Linear(channels, outputs))


@dataclass(kw_only=True, eq=False, repr=False)
class TransferNetwork(ImageNetwork):
    """A linear layer on a backbone: a folder as transformers saves it, or a name on the Hugging Face hub.

    The backbone stays as it is, or learns too with `train_backbone`.
    """

    backbone: str
    train_backbone: bool = False

    def build(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module on the backbone's own weights. Raises ValueError when they cannot be loaded."""
        backbone, mean, std = load_backbone(self.backbone)
        self.backbone_ = json.loads(backbone.config.to_json_string())
        return self.assemble(backbone, Normalize(mean, std), inputs, outputs)

    def rebuild(self, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module without the backbone's own weights; neither its folder nor the hub is needed."""
        from transformers import AutoConfig, AutoModel

        untrained: Any = AutoModel.from_config
        backbone = untrained(AutoConfig.for_model(**self.backbone_))
        return self.assemble(backbone, Normalize(IMAGENET_MEAN, IMAGENET_STD), inputs, outputs)

    def assemble(self, backbone: Any, normalize: nn.Module, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        """Return the module of its parts."""
        features = nn.Sequential(Scale(), self.augment(), normalize, Backbone(backbone, learns=self.train_backbone))
        with torch.no_grad():
            width = features.eval()(torch.zeros((1, *inputs), dtype=torch.uint8)).shape[1]
        return nn.Sequential(features, nn.Dropout(self.dropout), nn.Linear(width, outputs))


NETWORKS = {"convolutional": ConvolutionalNetwork, "transfer": TransferNetwork}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from paths to class probabilities. Raises ConfigError."""
    reader = ReadImages(schema.size, schema.colour, schema.on_bad_file, schema.bits)
    network = make_estimator(NETWORKS, config).set_params(checkpoints=str(config.models_dir / ".checkpoints"))
    return set_step_params(Pipeline([("images", reader), ("model", network)]), config)


class Scale(nn.Module):
    """Turns bytes (images, height, width, channels) into numbers from 0 to 1 (images, channels, height, width)."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the numbers."""
        return pixels.permute(0, 3, 1, 2).float() / 255


class Augment(nn.Module):
    """Moves, turns and mirrors each image at random, in training only."""

    def __init__(self, shift: float, rotation: float, flip: bool) -> None:
        """Keep how far: a share of the size, degrees, and whether images are mirrored."""
        super().__init__()
        self.shift = shift
        self.rotation = rotation
        self.flip = flip

    def forward(self, images: Tensor) -> Tensor:
        """Return the images, each changed in its own way; what moves in from outside is like the edge."""
        if not self.training:
            return images
        grid = functional.affine_grid(self.draw(images), list(images.shape), align_corners=False)
        return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    def draw(self, images: Tensor) -> Tensor:
        """Draw an affine map for each image, shape (images, 2, 3), between places from -1 to 1."""
        count, _, height, width = images.shape
        angle, across, down, mirror = torch.rand((4, count), device=images.device) * 2 - 1
        angle = angle * math.radians(self.rotation)
        # A turn goes by pixels, of which there may be more in width than in height.
        sine, cosine, ratio = torch.sin(angle), torch.cos(angle), height / width
        side = torch.where(mirror < 0, -1.0, 1.0) if self.flip else torch.ones_like(mirror)
        first = torch.stack([side * cosine, -sine * ratio, 2 * self.shift * across], dim=1)
        second = torch.stack([side * sine / ratio, cosine, 2 * self.shift * down], dim=1)
        return torch.stack([first, second], dim=1)


class Average(nn.Module):
    """Averages over height and width."""

    def forward(self, images: Tensor) -> Tensor:
        """Return one number for each channel."""
        return images.mean(dim=(2, 3))


class Normalize(nn.Module):
    """Brings red, green and blue to the mean and spread that a backbone has learned with; grey counts as all three."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Keep mean and standard deviation of each colour."""
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the normalised images, with three channels."""
        return (images - self.mean) / self.std


class Backbone(nn.Module):
    """A model of transformers that gives the mean of its last layer; one that does not learn stays as it is."""

    def __init__(self, model: Any, *, learns: bool) -> None:
        """Keep the model, and the size of the images that it has learned with if it depends on one."""
        super().__init__()
        self.model = model.requires_grad_(learns)
        self.learns = learns
        size = getattr(model.config, "image_size", None)
        self.size = [size, size] if isinstance(size, int) else size

    def train(self, mode: bool = True) -> Self:
        """Keep what does not learn from adapting in other ways, such as in its batch normalisation."""
        super().train(mode and self.learns)
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return the features of each image."""
        if self.size is not None:
            images = functional.interpolate(images, self.size, mode="bilinear")
        last: Tensor = self.model(pixel_values=images).last_hidden_state
        # Convolutional models give (images, channels, height, width), the others (images, places, channels).
        return last.mean(dim=(2, 3)) if last.ndim == 4 else last.mean(dim=1)


def load_backbone(name: str) -> tuple[Any, tuple[float, ...], tuple[float, ...]]:
    """Return a model of transformers, and mean and standard deviation of the colours that it has learned with.

    Only safetensors are read, and no code that comes with them is run. Raises ValueError.
    """
    # Imported where they are used: they take seconds, and the other network has no need of them.
    from transformers import AutoModel
    from transformers.image_processing_base import ImageProcessingMixin

    try:
        model = AutoModel.from_pretrained(name, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise ValueError(f"backbone: {name!r} cannot be loaded: {error}") from error
    try:
        found, _ = ImageProcessingMixin.get_image_processor_dict(name)
    except OSError:
        found = {}
    return model, found.get("image_mean", IMAGENET_MEAN), found.get("image_std", IMAGENET_STD)
