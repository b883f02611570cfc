"""Conditions: the answers that something needs, as data and as words."""

from collections.abc import Collection, Iterable, Mapping, Sequence

Condition = dict[str, tuple[object, ...]]


def describe(conditions: Iterable[Condition], known: Mapping[str, Collection[object]]) -> str:
    """Return conditions as a person reads them; `known` are all values of each answer."""
    texts = []
    for condition in conditions:
        texts.append(" and ".join(_clause(name, values, known.get(name, ())) for name, values in condition.items()))
    return "; or with ".join(texts)


def _clause(name: str, values: Collection[object], known: Collection[object]) -> str:
    """Return the values of one answer, or the others where these are fewer."""
    others = [value for value in known if value not in values]
    if 0 < len(others) < len(values):
        return f"{name} other than {' or '.join(map(str, others))}"
    return f"{name}={' or '.join(map(str, values))}"


def projection(fitting: Sequence[Mapping[str, object]], situations: Sequence[Mapping[str, object]]) -> Condition:
    """Return the values each answer takes in `fitting`, of those answers that are not free there."""
    condition: Condition = {}
    for name in situations[0] if fitting else ():
        here = tuple(dict.fromkeys(answers[name] for answers in fitting))
        if len(here) < len({answers[name] for answers in situations}):
            condition[name] = here
    return condition


def merged(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return fewer conditions that say the same: two that differ in one answer are one with the values of both."""
    found = list(conditions)
    # The answer with the most values is joined first, so that the others stay short.
    names = sorted({name for each in found for name in each}, key=lambda name: len({each[name] for each in found}))
    for name in names:
        joined: dict[tuple[object, ...], Condition] = {}
        for each in found:
            rest = tuple(values for other, values in each.items() if other != name)
            before = joined.get(rest, {name: ()})[name]
            joined[rest] = {**each, name: (*before, *each[name])}
        found = list(joined.values())
    return tuple(found)


def fits(condition: Condition, answers: Mapping[str, object]) -> bool:
    """Return whether the answers are among those the condition gives."""
    return all(answers[name] in values for name, values in condition.items())
