"""The questions as a list for people and as JSON for programs."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from mlscaffold._conditions import Condition, describe
from mlscaffold._copier import Choice, State, open_template
from mlscaffold._decide import propose
from mlscaffold._questions import Questionnaire
from mlscaffold._source import Source, version


@dataclass(frozen=True)
class ChoiceInfo:
    """One choice; `only_with` is None when it can always be chosen."""

    value: object
    label: str
    only_with: tuple[Condition, ...] | None


@dataclass(frozen=True)
class QuestionInfo:
    """One question; `asked_when` is None for always, and empty for never."""

    name: str
    help: str
    consequence: str
    type: str
    default: object
    proposed: object
    asked_when: tuple[Condition, ...] | None
    choices: tuple[ChoiceInfo, ...]


@dataclass(frozen=True)
class Options:
    """Everything that can be answered."""

    mlscaffold: str
    template: str
    template_version: str | None
    questions: tuple[QuestionInfo, ...]


def read_options(source: Source) -> Options:
    """Return the questions of the template as `mlscaffold new` would ask them."""
    with open_template(source) as engine:
        questionnaire = Questionnaire(engine)
        proposing = Questionnaire(engine, propose())
        answers = questionnaire.filled({})
        questions = tuple(
            _question(questionnaire, name, answers, proposing.proposal(name, answers)) for name in questionnaire.names
        )
        return Options(version(), source.location, engine.commit, questions)


def as_json(options: Options) -> str:
    """Return the options as JSON.

    An object with `mlscaffold` (version), `template` (its place), `template_version` (null without git) and
    `questions`, a list in the order of asking. Each has `name`, `help`, `consequence`, `type`, `default` (after the
    defaults of the questions before it), `proposed` (what `mlscaffold new` proposes instead on this machine, else
    null), `asked_when`, and `choices`, a list of `value`, `label` and `only_with`, empty for free text.

    `asked_when` and `only_with` are null when there is no restriction; else a list of which one entry must hold, and
    none can when it is empty. An entry maps names of earlier questions to lists of answers, all of which must fit.
    """
    return json.dumps(asdict(options), indent=2, ensure_ascii=False)


def as_text(options: Options) -> str:
    """Return the options as a page to read."""
    blocks = [f"mlscaffold {options.mlscaffold}, template {options.template} {options.template_version or ''}".rstrip()]
    known = {question.name: [choice.value for choice in question.choices] for question in options.questions}
    blocks += ["\n".join(_lines(question, known)) for question in options.questions]
    return "\n\n".join(blocks)


def _question(questionnaire: Questionnaire, name: str, answers: dict[str, object], proposed: object) -> QuestionInfo:
    text = questionnaire.help(name, answers)
    return QuestionInfo(
        name=name,
        help=text[0],
        consequence=" ".join(text[1:]),
        type=str(questionnaire.engine.details[name].get("type", "")),
        default=answers[name],
        proposed=proposed,
        asked_when=questionnaire.conditions(name, lambda state: state.asked),
        choices=tuple(_choice(questionnaire, name, choice) for choice in questionnaire.all_choices(name)),
    )


def _choice(questionnaire: Questionnaire, name: str, choice: Choice) -> ChoiceInfo:
    def offered(state: State) -> bool:
        return choice.value in state.values

    return ChoiceInfo(choice.value, choice.label, questionnaire.conditions(name, offered))


def _lines(question: QuestionInfo, known: Mapping[str, Collection[object]]) -> list[str]:
    lines = [question.name, f"  {question.help}", f"  {question.consequence}"]
    if question.asked_when is not None:
        when = describe(question.asked_when, known) or "no answers that this template has"
        lines.append(f"  Asked with {when}.")
    if not question.choices:
        lines.append(f"  Free text; default: {json.dumps(question.default, ensure_ascii=False)}")
    width = max((len(str(choice.value)) for choice in question.choices), default=0)
    for choice in question.choices:
        only = f"; only with {describe(choice.only_with, known)}" if choice.only_with else ""
        default = "; the default" if choice.value == question.default else ""
        lines.append(f"    {choice.value!s:{width}}  {choice.label}{default}{only}")
    return lines
