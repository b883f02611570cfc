"""Whether a column is another than it was: how far, and whether that may be chance."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.special import chdtrc, kolmogorov

from ..config import DriftSettings
from .tallies import NumberTally, Tally

# Shares of none are taken for this in the stability index, which knows no zero.
LEAST_SHARE = 1e-4
# Parts of which fewer are expected are taken together: the test needs as many.
LEAST_EXPECTED = 5
MOST_TOLD = 5


class Shift(BaseModel, frozen=True):
    """A column then and now.

    `index` is the population stability index; `distance` the largest difference between shares up to a value for
    numbers, Cramér's V for words (both 0 to 1); `p` how often chance alone would give such a distance, and `q` the same
    once all columns are looked at. `reasons` say why it has drifted, if it has.
    """

    column: str
    kind: str
    index: float
    distance: float
    p: float
    q: float = 1.0
    missing: float
    missing_before: float
    missing_p: float
    missing_q: float = 1.0
    unseen: float
    examples_unseen: tuple[str, ...] = ()
    parts: tuple[str, ...]
    before: tuple[float, ...]
    now: tuple[float, ...]
    reasons: tuple[str, ...] = ()


def find_shifts(tallies: dict[str, Tally], settings: DriftSettings, tied: int = 1) -> list[Shift]:
    """Return the shift of each column, those that have drifted first, and of them the farthest.

    Of so many neighbours that are `tied`, only one counts when it is asked what chance explains.
    """
    shifts = [measure_shift(name, each, tied) for name, each in tallies.items()]
    correct = correct_for_many([p for shift in shifts for p in (shift.p, shift.missing_p)])
    pairs = zip(correct[::2], correct[1::2], strict=True)
    told = [shift.model_copy(update={"q": q, "missing_q": m}) for shift, (q, m) in zip(shifts, pairs, strict=True)]
    found = [shift.model_copy(update={"reasons": tuple(reasons_of(shift, settings))}) for shift in told]
    return sorted(found, key=lambda shift: (not shift.reasons, -max(shift.index, shift.distance)))


def measure_shift(name: str, tallied: Tally, tied: int) -> Shift:
    """Return how far a column is from what it was."""
    total, total_before = tallied.count + tallied.missing, tallied.before.count + tallied.before.missing
    names, before, now = tallied.parts()
    index, distance, p = 0.0, 0.0, 1.0
    if tallied.count and tallied.before.count:
        index = stability_index(before / before.sum(), now / now.sum())
        if isinstance(tallied, NumberTally):
            distance = tallied.distance()
            p = kolmogorov_p(distance, tallied.before.count / tied, tallied.count / tied)
        else:
            distance, p = association(before / tied, now / tied)
    missing = np.array([[tallied.before.missing, tallied.before.count], [tallied.missing, tallied.count]]) / tied
    return Shift(
        column=name,
        kind=tallied.before.kind,
        index=index,
        distance=distance,
        p=p,
        missing=tallied.missing / max(total, 1),
        missing_before=tallied.before.missing / max(total_before, 1),
        missing_p=association(*missing)[1],
        unseen=tallied.unseen / max(tallied.count, 1),
        examples_unseen=tuple(new_words(tallied)),
        parts=tuple(names),
        before=tuple((before / max(before.sum(), 1)).tolist()),
        now=tuple((now / max(now.sum(), 1)).tolist()),
    )


def new_words(tallied: Tally) -> list[str]:
    """Return the most frequent words that training has not seen."""
    if isinstance(tallied, NumberTally) or not tallied.unseen:
        return []
    return [word for word, _ in tallied.new.most_common(MOST_TOLD)]


def stability_index(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Return the population stability index of shares (parts,): 0 for the same, 0.1 is taken for a small shift.

    It is the symmetric divergence of Jeffreys (Proceedings of the Royal Society A 186, 1946).
    """
    then, later = np.maximum(before, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(((later - then) * np.log(later / then)).sum())


def kolmogorov_p(distance: float, count_before: float, count: float) -> float:
    """Return how often chance alone gives such a distance between two samples.

    The limit of Kolmogorov, with the correction of Stephens for samples of any size (JRSS B 32, 1970).
    """
    size = np.sqrt(count_before * count / (count_before + count))
    return float(kolmogorov((size + 0.12 + 0.11 / size) * distance))


def association(before: NDArray[np.float64], now: NDArray[np.float64]) -> tuple[float, float]:
    """Return Cramér's V of counts in two samples (parts,), and how often chance alone gives as much, by chi-squared."""
    table = pooled(np.stack([before, now]))
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(statistic / table.sum())), float(chdtrc(table.shape[1] - 1, statistic))


def pooled(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts (2, parts) with the parts that are too rare for a test as one, and without empty ones."""
    expected = table.sum(axis=1).min() * table.sum(axis=0) / max(table.sum(), 1)
    rare = expected < LEAST_EXPECTED
    rest = table[:, rare].sum(axis=1, keepdims=True)
    whole = np.hstack([table[:, ~rare], rest])
    return whole[:, whole.sum(axis=0) > 0]


def correct_for_many(p: list[float]) -> list[float]:
    """Return the false discovery rate at which each would be one (Benjamini and Hochberg, JRSS B 57, 1995)."""
    if not p:
        return []
    order = np.argsort(p)
    scaled = np.array(p)[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    return found.tolist()


def reasons_of(shift: Shift, settings: DriftSettings) -> Iterator[str]:
    """Yield why a column has drifted: what chance does not explain, and is large enough to matter."""
    if shift.q < settings.chance and max(shift.index, shift.distance) >= settings.effect:
        measured = "Kolmogorov-Smirnov distance" if shift.kind == "numbers" else "Cramér's V"
        yield f"its values have moved: stability index {shift.index:.2g}, {measured} {shift.distance:.2g}"
    if shift.missing_q < settings.chance and abs(shift.missing - shift.missing_before) >= settings.share:
        yield f"{shift.missing:.1%} are missing or cannot be read, and {shift.missing_before:.1%} were"
    # Some numbers lie beyond the range of any sample; words that are new are new to the model in any case.
    if shift.unseen >= settings.share and (shift.examples_unseen or shift.q < settings.chance):
        words = ", ".join(map(repr, shift.examples_unseen))
        new = f"are new to the model, such as {words}" if words else "lie outside of the range seen in training"
        yield f"{shift.unseen:.1%} {new}"


def tell(shifts: Iterable[Shift]) -> Iterator[dict[str, Any]]:
    """Yield a row for a page about each column."""
    for shift in shifts:
        yield {
            "column": shift.column,
            "drifted": "yes" if shift.reasons else "no",
            "why": "; ".join(shift.reasons),
            "stability index": shift.index,
            "distance": shift.distance,
            "q": shift.q,
            "missing": f"{shift.missing:.1%} (was {shift.missing_before:.1%})",
            "unseen": f"{shift.unseen:.1%}",
        }
