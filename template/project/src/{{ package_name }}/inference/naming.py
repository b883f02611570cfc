"""Names: of columns that predictions add to those a person sent, of metrics, and of runs."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, count

from ..errors import ConfigError

# How the name of a run begins, so that the newest comes last.
STARTED = "%Y%m%d-%H%M%S-%f"
# Larger numbers have an exponent.
LARGEST_WRITTEN = 1e15


def free_names(wanted: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return the wanted names; one that is taken already gets the first number behind it that makes it new."""
    names: list[str] = []
    for name in wanted:
        tried = chain([name], (f"{name}_{number}" for number in count(2)))
        names.append(next(each for each in tried if each not in taken and each not in names))
    return names


def find_metric(asked: str, measured: Iterable[str], where: str = "evaluation.metric") -> str:
    """Return the metric that is asked for, or the average that is named after it.

    Raises ConfigError for others, which names the setting that asks.
    """
    known = list(measured)
    for name in (asked, f"{asked}_macro"):
        if name in known:
            return name
    raise ConfigError(f"{where}: {asked!r} is unknown; known are {', '.join(known)}")


def match_name(asked: str, names: Sequence[str]) -> str | None:
    """Return the name that is asked for, or the last of those that end so after a hyphen; None if there is none."""
    if asked in names:
        return asked
    return next((name for name in reversed(names) if name.endswith(f"-{asked}")), None)


def write_number(number: float, figures: int = 4) -> str:
    """Return a number with so many figures, and all before the point of one that has more."""
    return f"{number:.0f}" if 10**figures <= abs(number) < LARGEST_WRITTEN else f"{number:.{figures}g}"


def started(name: str) -> datetime | None:
    """Return when a run was started, as its name says; None for a name that says nothing of it."""
    try:
        return datetime.strptime("-".join(name.split("-")[:3]), STARTED).replace(tzinfo=UTC)
    except ValueError:
        return None
