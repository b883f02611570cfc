"""The pipeline's first step: from paths to pixels, read when they are asked for and not before."""

import logging
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ..errors import DataError
from ..schema import Colour, OnBadFile
from .images import BITS, CHANNELS, BadImage, Pixels, for_each, read_image

logger = logging.getLogger(__name__)

# As many pixels are kept once they are read; the others are read again whenever they are asked for.
KEPT_BYTES = 64 * 2**20
BLANK = 127


class ReadImages(TransformerMixin, BaseEstimator):
    """Turns paths into images of one size. A bad file is refused by name, or skipped: a blank takes its place."""

    def __init__(
        self,
        size: tuple[int, int] = (64, 64),
        colour: Colour = "rgb",
        on_bad_file: OnBadFile = "refuse",
        bits: int = BITS,
    ) -> None:
        """Keep the width and height, the colour, what becomes of bad files, and how many of 16 bits are used."""
        self.size = size
        self.colour = colour
        self.on_bad_file = on_bad_file
        self.bits = bits

    def __sklearn_is_fitted__(self) -> bool:
        """Say that there is nothing to learn from the paths."""
        return True

    def fit(self, features: Sequence[str], target: Any = None) -> Self:
        """Return the step itself."""
        return self

    def transform(self, features: Sequence[str]) -> "LazyImages":
        """Return the images of the paths; none is read yet."""
        return LazyImages(features, self)

    def read(self, path: str) -> Pixels:
        """Read one image, shape (height, width, channels). Raises DataError."""
        try:
            return read_image(path, self.size, self.colour, self.bits)
        except BadImage as error:
            if self.on_bad_file == "refuse":
                raise DataError(f"{path} {error}; the data command names all such files") from None
            logger.warning("%s %s; a blank takes its place, until the data command leaves it out", path, error)
        return np.full(self.shape, BLANK, np.uint8)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The height, width and channels of an image."""
        width, height = self.size
        return height, width, CHANNELS[self.colour]


class LazyImages:
    """A sequence of images that reads what an index asks for.

    Behaves like an array of shape (images, height, width, channels) and dtype uint8, as far as estimators need one.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, paths: Sequence[str], reader: ReadImages) -> None:
        """Make room for what will be kept; the system gives memory only to what is written to."""
        self.paths = np.asarray(paths, dtype=object)
        self.reader = reader
        size = int(np.prod(reader.shape))
        self._kept = np.empty((min(len(self.paths), KEPT_BYTES // size), *reader.shape), np.uint8)
        self._is_kept = np.zeros(len(self._kept), bool)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Copy the paths, and not the pixels that were read so far."""
        return type(self), (self.paths, self.reader)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an array of all images."""
        return len(self.paths), *self.reader.shape

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.paths)

    def __getitem__(self, places: Any) -> Pixels:
        """Return the images at these places: an integer, a slice, or an array of integers or truth values."""
        wanted = np.arange(len(self))[places]
        images = self._take(np.atleast_1d(wanted))
        return images[0] if wanted.ndim == 0 else images

    def _take(self, places: NDArray[np.intp]) -> Pixels:
        """Return the images at these places, from memory where they are kept."""
        images = np.empty((len(places), *self.reader.shape), np.uint8)
        keep = places < len(self._kept)
        known = keep.copy()
        known[keep] = self._is_kept[places[keep]]
        images[known] = self._kept[places[known]]
        if not known.all():
            images[~known] = list(for_each(self.reader.read, self.paths[places[~known]].tolist()))
            self._kept[places[keep]] = images[keep]
            self._is_kept[places[keep]] = True
        return images
