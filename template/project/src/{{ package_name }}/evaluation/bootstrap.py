"""Samples drawn from examples, which tell how much of a number is chance."""

from collections.abc import Iterator
from math import ceil

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]


def draw_samples(units: Places, count: int, seed: int) -> Iterator[Places]:
    """Yield the places of so many samples: as many units as there are, drawn at random, each with all its examples."""
    numbers = np.unique(units, return_inverse=True)[1]
    # The places of each unit's examples lie side by side.
    places, sizes = np.argsort(numbers, kind="stable"), np.bincount(numbers)
    starts = np.cumsum(sizes) - sizes
    random = np.random.default_rng(seed)
    for _ in range(count):
        drawn = random.integers(len(sizes), size=len(sizes))
        lengths = sizes[drawn]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield places[np.repeat(starts[drawn], lengths) + within]


def cut_blocks(times: NDArray[np.float64] | Places) -> Places:
    """Return the number of each example's block of neighbouring times; of n times, a block has the cube root of n."""
    distinct, ranks = np.unique(times, return_inverse=True)
    return np.asarray(ranks // ceil(len(distinct) ** (1 / 3)), dtype=np.intp)
