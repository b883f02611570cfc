"""Conditions: the answers that something needs, as data and as words."""

from collections.abc import Iterable, Mapping, Sequence

Condition = dict[str, tuple[object, ...]]


def describe(conditions: Iterable[Condition]) -> str:
    """Return conditions as a person reads them."""
    texts = []
    for condition in conditions:
        texts.append(" and ".join(f"{name}={' or '.join(map(str, values))}" for name, values in condition.items()))
    return "; or with ".join(texts)


def projection(fitting: Sequence[Mapping[str, object]], situations: Sequence[Mapping[str, object]]) -> Condition:
    """Return the values each answer takes in `fitting`, of those answers that are not free there."""
    condition: Condition = {}
    for name in situations[0] if fitting else ():
        here = tuple(dict.fromkeys(answers[name] for answers in fitting))
        if len(here) < len({answers[name] for answers in situations}):
            condition[name] = here
    return condition


def fits(condition: Condition, answers: Mapping[str, object]) -> bool:
    """Return whether the answers are among those the condition gives."""
    return all(answers[name] in values for name, values in condition.items())
