"""The questions of a new project in a terminal: a few, with a way back, and a summary before anything is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import click

from mlscaffold import _size
from mlscaffold._errors import Stopped
from mlscaffold._prompts import Asked, Back, Item, Prompts, wrapped
from mlscaffold._questions import Answers, Questionnaire

# What can be done with a summary, beside changing one answer.
MAKE, CHANGE, REST, STOP = "make", "change", "rest", "stop"
PLACE = "where it goes"


class Elsewhere(Back):
    """The place is to be asked for again."""


class _Again(Exception):
    """The questions start anew, with the answers that are known."""


@dataclass
class Memory:
    """What a person has said so far; it outlives a change of the place.

    `chosen` holds the answers that are not those proposed, `done` the questions that were answered at all.
    """

    chosen: Answers = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)


class Wizard:
    """Asks the questions that the template wants asked first, shows a summary, and changes what is wished."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        given: Mapping[str, object],
        settled: Mapping[str, object],
        prompts: Prompts,
        memory: Memory,
        place: str,
        back: bool,
    ) -> None:
        """Take answers that are not asked for, and the `place` of the project, empty where it cannot be changed.

        `back` says whether something was asked before.
        """
        self._questionnaire, self._given, self._settled = questionnaire, given, settled
        self._prompts, self._memory, self._place, self._back = prompts, memory, place, back
        memory.wanted |= set(questionnaire.first)
        self._path: list[str] = []

    def answers(self) -> Answers:
        """Return the answers that a person is content with.

        Raises:
            Back: they want to change what was asked before the questions.
            Stopped: they do not want the project.
        """
        while True:
            self._path = []
            try:
                answers = self._questionnaire.complete(self._given, self._settled, self._answer)
                self._review(answers)
            except _Again:
                continue
            return answers

    def _answer(self, name: str, known: Answers) -> object:
        """Return the answer to one question: as it was given before, or as it is given now."""
        state, chosen = self._questionnaire.state(name, known), self._memory.chosen
        fits = name in chosen and not self._questionnaire.problem(name, chosen[name], known)
        proposed = chosen[name] if fits else state.default
        answered = name in self._memory.done and (fits or name not in chosen)
        if name not in self._memory.wanted and not (name in chosen and not fits):
            return proposed
        if not answered:
            answer = self._ask(name, known, proposed)
            self._memory.done.add(name)
            chosen.pop(name, None)
            if answer != state.default:
                chosen[name] = answer
            proposed = answer
        self._path.append(name)
        return proposed

    def _ask(self, name: str, known: Answers, proposed: object) -> object:
        questionnaire = self._questionnaire
        message, *consequence = questionnaire.help(name, known)
        number = len(self._path) + 1
        count = number + self._ahead(name, known, proposed)
        asked = Asked(f"{number} of {count}. {message}", " ".join(consequence), bool(self._path) or self._back)
        click.echo()
        try:
            if choices := questionnaire.state(name, known).choices:
                items = [Item(each.value, each.label, self._brings(name, each.value, known)) for each in choices]
                return self._prompts.choose(asked, items, proposed)
            text = "" if proposed is None else str(proposed)
            typed = self._prompts.type(asked, text, lambda line: questionnaire.problem(name, line, known))
            return questionnaire.parsed(name, typed, known)
        except Back:
            if not self._path:
                raise
            self._memory.done.discard(self._path[-1])
            raise _Again from None

    def _ahead(self, name: str, known: Answers, answer: object) -> int:
        """Return how many questions are likely to come after this one."""
        likely, count = {**known, name: answer}, 0
        names = self._questionnaire.names
        for later in names[names.index(name) + 1 :]:
            state = self._questionnaire.state(later, likely)
            asked = later not in self._given and later not in self._settled and state.asked
            count += asked and later in self._memory.wanted and later not in self._memory.done
            likely[later] = self._given.get(later, state.default)
        return count

    def _brings(self, name: str, value: object, known: Answers) -> str:
        return _size.told(self._questionnaire, {**self._given, **self._settled, **known, name: value})

    def _review(self, answers: Answers) -> None:
        """Show what will be made; return when it is to be.

        Raises:
            _Again: something is to be asked again.
            Stopped: they do not want the project.
        """
        click.echo()
        click.echo("\n".join(self._summary(answers)))
        names = [name for name in answers if not self._is_fixed(name)]
        rest = [name for name in names if name not in self._memory.done]
        items = [Item(MAKE, "make the project"), Item(CHANGE, "change one of the answers")]
        items += [Item(REST, f"customise: answer the other {len(rest)} questions, too")] * bool(rest)
        items += [Item(STOP, "stop, and make nothing")]
        click.echo()
        try:
            action = self._prompts.choose(Asked("Is that what you want?", back=bool(self._path)), items, MAKE)
        except Back:
            self._memory.done.discard(self._path[-1])
            raise _Again from None
        if action == STOP:
            raise Stopped
        if action == CHANGE:
            self._change(answers, names)
        if action == REST:
            self._memory.wanted |= set(self._questionnaire.names)
        if action != MAKE:
            raise _Again

    def _change(self, answers: Answers, names: list[str]) -> None:
        """Let a person choose the answer that is asked for again.

        Raises:
            Elsewhere: it is the place.
        """
        items = [Item(name, f"{name}: {_shown(answers[name])}") for name in names]
        items += [Item(PLACE, f"{PLACE}: {self._place}")] * bool(self._place)
        try:
            name = str(self._prompts.choose(Asked("Which one?", back=True), items, names[0]))
        except Back:
            return
        if name == PLACE:
            raise Elsewhere
        self._memory.wanted.add(name)
        self._memory.done.discard(name)

    def _is_fixed(self, name: str) -> bool:
        return name in self._given or name in self._settled

    def _summary(self, answers: Answers) -> Iterator[str]:
        """Yield the lines of a summary: the answers, those that were asked first, and the folders with their files."""
        questionnaire = self._questionnaire
        yield wrapped(f"{answers.get('project_name', 'The project')}: {_size.told(questionnaire, answers)}")
        answers = {name: value for name, value in answers.items() if value != self._settled.get(name) or value}
        first = [name for name in answers if name in self._memory.done or self._is_fixed(name)]
        widest = max((len(name) for name in first), default=0)
        for name in first:
            yield wrapped(_shown(answers[name]), f"  {name:{widest}}  ", " " * (widest + 4))
        others = ", ".join(f"{name}: {_shown(value)}" for name, value in answers.items() if name not in first)
        if others:
            yield wrapped(others, "  proposed: ", "    ")
        files = _size.paths(questionnaire, questionnaire.filled(answers))
        yield wrapped(", ".join(_size.folders(files)), "  files: ", "    ")


def _shown(value: object) -> str:
    return str(value) if str(value).strip() else '""'
