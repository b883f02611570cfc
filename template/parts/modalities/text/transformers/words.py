"""From a text to pieces of words, without the training libraries: the same function in training and afterwards."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


class Pieces:
    """Cuts texts into pieces of words, and numbers them."""

    def __init__(self, description: str) -> None:
        """Read the description of a tokenizer in JSON. Raises ValueError when it is none."""
        try:
            self._tokenizer = Tokenizer.from_str(description)
        # The library raises nothing more special.
        except Exception as error:
            raise ValueError(str(error)) from error

    def read(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers, shape (texts, length), cut off and filled up to the length that the description names."""
        return np.array([found.ids for found in self._tokenizer.encode_batch(list(texts))], dtype=np.int64)
