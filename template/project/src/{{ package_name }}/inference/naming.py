"""Names of the columns that predictions add to those a person sent."""

from collections.abc import Collection, Iterable
from itertools import chain, count


def free_names(wanted: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return the wanted names; one that is taken already gets the first number behind it that makes it new."""
    names: list[str] = []
    for name in wanted:
        tried = chain([name], (f"{name}_{number}" for number in count(2)))
        names.append(next(each for each in tried if each not in taken and each not in names))
    return names
