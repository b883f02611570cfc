"""Which of two classes is the one to find."""

import logging
from collections import Counter
from collections.abc import Iterable

from ..errors import DataError

log = logging.getLogger(__name__)


def pick_positive(labels: Iterable[str], chosen: str | None, source: str) -> str | None:
    """Return the positive one of two classes: the one that is chosen, or else the rarer; None if there are more.

    Raises DataError when the chosen one is none of two classes.
    """
    counts = Counter(labels)
    known = ", ".join(map(repr, sorted(counts)))
    if chosen is not None and (chosen not in counts or len(counts) != 2):
        raise DataError(f"{source}: data.positive is {chosen!r}, which is none of two classes; there are {known}")
    if len(counts) != 2:
        return None
    if chosen is None:
        chosen = min(sorted(counts, reverse=True), key=counts.__getitem__)
        rarer = "as the rarer" if len(set(counts.values())) == 2 else "as the last in order"
        log.info(
            "of the classes %s, %r is taken for the positive one, %s; data.positive can say another",
            known,
            chosen,
            rarer,
        )
    return chosen
