"""Every valid combination of the answers to questions with choices."""

from collections.abc import Iterator
from itertools import product

from mlscaffold._questions import Questionnaire


def independent(questions: Questionnaire) -> list[list[dict[str, str]]]:
    """Return the valid combinations of each group of questions with choices; groups do not limit each other.

    One combination of every group, taken together, is a valid combination of all. Only what is asked is in it. What a
    question merely proposes for another one does not join them.
    """
    groups: list[list[str]] = []
    for name in questions.choosers:
        joined = [group for group in groups if set(group) & set(questions.limits(name))]
        rest = [group for group in groups if group not in joined]
        groups = [*rest, [*(each for group in joined for each in group), name]]
    order = questions.names.index
    groups = sorted((sorted(group, key=order) for group in groups), key=lambda group: order(group[0]))
    return [list(_combinations_of(group, questions)) for group in groups]


def combinations(questions: Questionnaire) -> Iterator[dict[str, str]]:
    """Yield every valid combination of the answers to questions with choices, where they are asked."""
    for parts in product(*independent(questions)):
        answers = {name: value for part in parts for name, value in part.items()}
        yield {name: answers[name] for name in questions.choosers if name in answers}


def _combinations_of(group: list[str], questions: Questionnaire) -> Iterator[dict[str, str]]:
    limiting = {need for name in group for need in questions.limits(name)} | set(group)
    alike = set(questions.names) - limiting
    for answers in questions.walk(group, alike):
        yield {name: str(answers[name]) for name in group if questions.state(name, answers).asked}
