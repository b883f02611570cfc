"""What was counted, as a line of the log now and then: for platforms whose alarms read logs, and scrape nothing."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..inference.naming import started
from .counts import Counts
from .ranges import USUAL

# With fewer values of a column, a share of them says nothing.
LEAST_VALUES = 100
SECONDS_OF_A_DAY = 86_400
# What the line says, for those who look for it.
TOLD = "counts"

logger = logging.getLogger(__name__)


class Summary:
    """Tells which model answers, how old it is, and in which column most values are none that training has seen."""

    def __init__(self, counts: Counts) -> None:
        """Start with what there is."""
        self._counts = counts
        self._before = counts.values()

    def tell(self) -> None:
        """Write the line."""
        logger.info(TOLD, extra={"fields": self.fields()})

    def fields(self) -> dict[str, Any]:
        """Return its members; what a column was asked since it was last told is kept until that is enough."""
        name = self._counts.model
        told: dict[str, Any] = {"model": name, "model_loaded": int(name is not None)}
        time = started(name) if name else None
        if time:
            told["model_age_days"] = round((datetime.now(UTC) - time).total_seconds() / SECONDS_OF_A_DAY, 2)
        now = self._counts.values()
        shares = dict(unusual_shares(now - self._before))
        self._before = Counter({key: (now if key[1] in shares else self._before)[key] for key in now})
        if shares:
            column = max(shares, key=lambda each: shares[each])
            told |= {"unusual_share": round(shares[column], 4), "unusual_column": column}
        return told


def unusual_shares(values: Counter[tuple[str, str, str]]) -> Iterator[tuple[str, float]]:
    """Yield each column of which there were enough values, and the share of those that are not usual."""
    there: Counter[str] = Counter()
    unusual: Counter[str] = Counter()
    for (_, column, found), count in values.items():
        if found != "missing":
            there[column] += count
            unusual[column] += count * (found != USUAL)
    yield from ((column, unusual[column] / count) for column, count in there.items() if count >= LEAST_VALUES)
