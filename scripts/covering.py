"""Few of many combinations that together hold every few answers that can go together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod
from random import Random

Answers = dict[str, str]
Item = tuple[str, str]

# So many drawn combinations compete for the next place.
CANDIDATES = 30


class Space:
    """All valid combinations of answers: one of each group, and groups do not depend on each other."""

    def __init__(self, groups: Sequence[Sequence[Answers]]) -> None:
        """Take the valid combinations of every group."""
        self.groups = [list(group) for group in groups]

    def __len__(self) -> int:
        """Return how many combinations there are."""
        return prod(len(group) for group in self.groups)

    def __iter__(self) -> Iterator[Answers]:
        """Yield all combinations."""
        for parts in product(*self.groups):
            yield joined(parts)

    def of(self, names: Iterable[str]) -> "Space":
        """Return the combinations of the answers to some questions alone."""
        wanted = set(names)
        groups = [
            list({tuple(kept.items()): kept for each in group for kept in [chosen(each, wanted)]}.values())
            for group in self.groups
        ]
        return Space([group for group in groups if group != [{}]])

    def tuples(self, size: int) -> dict[tuple[Item, ...], None]:
        """Return every so many answers that can go together, in an order that is always the same."""
        found: dict[tuple[Item, ...], None] = {}
        for some in combinations(range(len(self.groups)), min(size, len(self.groups))):
            # A group may hold several of the answers, so that no more than its own are asked of the others.
            for shares in product(range(size + 1), repeat=len(some)):
                if sum(shares) == size:
                    kinds = [subsets(self.groups[number], share) for number, share in zip(some, shares, strict=True)]
                    found.update(dict.fromkeys(tuple(sorted(sum(parts, ()))) for parts in product(*kinds)))
        return found

    def covering(self, size: int) -> list[Answers]:
        """Return combinations in which every so many answers that can go together are together in one."""
        size = min(size, sum(max(map(len, group)) for group in self.groups))
        missing, random, rows = self.tuples(size), Random(0), []
        while missing:
            first = next(iter(missing))
            drawn = [self._draw(first, random) for _ in range(CANDIDATES)]
            best = max(drawn, key=lambda row: sum(each in missing for each in tuples_of(row, size)))
            rows.append(best)
            for each in tuples_of(best, size):
                missing.pop(each, None)
        return rows

    def _draw(self, wanted: tuple[Item, ...], random: Random) -> Answers:
        """Return a combination that holds the wanted answers, and any others."""
        parts = []
        for group in self.groups:
            names = {name for each in group for name in each}
            own = {item for item in wanted if item[0] in names}
            parts.append(random.choice([each for each in group if own <= each.items()]))
        return joined(parts)


def joined(parts: Iterable[Mapping[str, str]]) -> Answers:
    """Return the answers of all parts together."""
    return {name: value for part in parts for name, value in part.items()}


def chosen(answers: Mapping[str, str], names: set[str]) -> Answers:
    """Return the answers to these questions alone."""
    return {name: value for name, value in answers.items() if name in names}


def subsets(group: Sequence[Answers], size: int) -> list[tuple[Item, ...]]:
    """Return every so many answers that go together in one of the group's combinations."""
    return list(dict.fromkeys(found for each in group for found in combinations(each.items(), size)))


def tuples_of(answers: Answers, size: int) -> Iterator[tuple[Item, ...]]:
    """Yield every so many of the answers."""
    return combinations(sorted(answers.items()), size)
