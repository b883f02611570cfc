"""How much of a text a network reads: as much as most texts have, as long as that does not cost too much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# This share of the texts is read to its end.
WHOLE = 0.95
# Attention takes four times as long for texts that are twice as long; what takes longer is for a person to ask for.
MOST = 256


@dataclass(frozen=True)
class Cut:
    """How much is read of texts, and what that leaves unread, in words for people."""

    length: int
    remark: str | None


def choose_cut(lengths: Sequence[int], asked: int | None, unit: str) -> Cut:
    """Return how many units (words, pieces of words) of texts of these lengths are read, which may be asked for."""
    usual = max(1, int(np.quantile(lengths, WHOLE, method="higher")))
    length = asked or min(usual, MOST)
    longer = sum(each > length for each in lengths)
    if not longer:
        return Cut(length, None)
    remark = f"{longer} of {len(lengths)} texts have more than {length} {unit}, and are cut off there"
    return Cut(length, f"{remark}: text__max_length in params.yaml lets a network read more")
