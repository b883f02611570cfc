"""The template's questions as data: what each one is for given answers, and what fits together."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import cast

from mlscaffold._conditions import Condition, describe, fits, merged, projection
from mlscaffold._copier import Choice, Engine, State, open_folder
from mlscaffold._errors import UsageError
from mlscaffold._meant import meant

Answers = dict[str, object]
Ask = Callable[[str, Answers], object]
# Any answer to a question that may be left empty.
SOME_TEXT = "…"
# A computed value: the questions that a person is asked in any case.
FIRST = "asked_first"


def load_questions(folder: Path) -> "Questionnaire":
    """Return the questions of the template that lies in `folder`, uncommitted changes included."""
    return Questionnaire(open_folder(folder))


class Questionnaire:
    """The questions of one template, in the order they are asked."""

    def __init__(self, engine: Engine, proposals: Mapping[str, object] | None = None) -> None:
        """Take the questions of `engine`; `proposals` go before the template's defaults where they are valid."""
        self.engine = engine
        self.hidden = {name for name, details in engine.details.items() if details.get("when", True) is False}
        self.names = [name for name in engine.details if name not in self.hidden]
        self._states: dict[tuple[object, ...], State] = {}
        self._needs: dict[str, list[str]] = {}
        self._limits: dict[str, list[str]] = {}
        # A person's own settings for Copier go before what is proposed.
        wanted = set(self.names) - set(engine.preferences)
        self._proposals = {name: value for name, value in (proposals or {}).items() if name in wanted}

    @cached_property
    def choosers(self) -> list[str]:
        """Return the questions that have choices."""
        return [name for name in self.names if self.engine.details[name].get("choices")]

    @cached_property
    def first(self) -> list[str]:
        """Return the questions that the template wants a person asked; the others have defaults that mostly do."""
        return cast(list[str], self.state(FIRST, {}).default) if FIRST in self.hidden else self.names

    def help(self, name: str, answers: Mapping[str, object]) -> list[str]:
        """Return the lines of a question's help text after `answers`."""
        return self.engine.help(name, self._known(name, answers))

    def parsed(self, name: str, value: object, answers: Mapping[str, object]) -> object:
        """Return an answer without a problem in its type."""
        return self.engine.parse(name, value, self._known(name, answers))

    def state(self, name: str, answers: Mapping[str, object]) -> State:
        """Return what a question is after `answers`, which hold at least those it depends on."""
        key = (name, *(repr(answers[need]) for need in self.needs(name)))  # lists and catalogues are no keys
        if key not in self._states:
            known = self._known(name, answers)
            self._states[key] = self.engine.state(name, known, self.proposal(name, answers))
        return self._states[key]

    def proposal(self, name: str, answers: Mapping[str, object]) -> object:
        """Return what is proposed for a question after `answers`, None for nothing, or nothing that is valid then."""
        value = self._proposals.get(name)
        return None if value is None or self.problem(name, value, answers) else value

    def needs(self, name: str) -> list[str]:
        """Return the visible questions whose answers this one depends on, also through hidden ones."""
        if name not in self._needs:
            self._needs[name] = self._visible(self.engine.references(name))
        return self._needs[name]

    def limits(self, name: str) -> list[str]:
        """Return those of them that decide whether it is asked and what it takes, and not its default alone."""
        if name not in self._limits:
            self._limits[name] = self._visible(self.engine.limits(name))
        return self._limits[name]

    def _visible(self, references: Iterable[str]) -> list[str]:
        found: set[str] = set()
        for reference in references:
            found |= set(self.needs(reference)) if reference in self.hidden else {reference}
        return [each for each in self.names if each in found]

    def complete(self, given: Mapping[str, object], earlier: Mapping[str, object], ask: Ask | None = None) -> Answers:
        """Return an answer to every question that is asked.

        `given` must fit; `earlier` answers are kept where they do. The rest comes from `ask`, else from the defaults.

        Raises:
            UsageError: an answer in `given` is wrong or does not go with another.
        """
        answers: Answers = {}
        for name in self.names:
            state = self.state(name, answers)
            if name in given:
                answers[name] = self._checked(name, given[name], answers)
            elif name in earlier and state.asked and not self.problem(name, earlier[name], answers):
                answers[name] = earlier[name]
            else:
                answers[name] = ask(name, answers) if ask and state.asked else state.default
        return {name: value for name, value in answers.items() if self.state(name, answers).asked}

    def filled(self, given: Mapping[str, object]) -> Answers:
        """Return these answers, and for every other question the default after those before it, asked or not."""
        answers: Answers = {}
        for name in self.names:
            answers[name] = given[name] if name in given else self.state(name, answers).default
        return answers

    def whole(self, answers: Answers) -> Answers:
        """Return answers to all questions with the values that the template computes of them."""
        return answers | {name: self.state(name, answers).default for name in self.hidden}

    def check_names(self, given: Iterable[str]) -> None:
        """Refuse answers to questions that nobody asks.

        Raises:
            UsageError: a name is unknown, or belongs to a value that the template computes.
        """
        for name in given:
            if name in self.hidden:
                raise UsageError(f"{name} is computed by the template, it cannot be set", _SEE_OPTIONS)
            if name not in self.names:
                raise UsageError(f"there is no question {name!r}{meant(name, self.names)}", _SEE_OPTIONS)

    def check_early(self, given: Mapping[str, object]) -> None:
        """Refuse what is wrong whatever a person answers to the questions still to be asked.

        Raises:
            UsageError: see `complete`.
        """
        self.check_names(given)
        settled: Answers = {}
        guess = self.filled({})
        for name in self.names:
            known = {**guess, **settled}
            if all(need in settled for need in self.limits(name)):
                if name in given:
                    settled[name] = self._checked(name, given[name], known)
                elif not self.state(name, known).asked:
                    settled[name] = self.state(name, known).default
            elif name in given and name in self.choosers and given[name] not in self.all_values(name):
                raise self._unknown(name, given[name])

    def all_values(self, name: str) -> list[object]:
        """Return every value the question takes in some combination."""
        return [choice.value for choice in self.all_choices(name)]

    def all_choices(self, name: str) -> list[Choice]:
        """Return every choice of the question in some combination."""
        states = [self.state(name, answers) for answers in self.situations(name)]
        return list({choice.value: choice for state in states for choice in state.choices}.values())

    def situations(self, name: str) -> list[Answers]:
        """Return every way to answer the questions that this one depends on."""
        return list(self.walk(self.needs(name)))

    def walk(self, names: Iterable[str], alike: Collection[str] = ()) -> Iterator[Answers]:
        """Yield every way to answer the named questions and those that they depend on; of `alike`, one answer each."""
        needed: set[str] = set()
        pending = list(names)
        while pending:
            needed |= set(pending)
            pending = [need for each in pending for need in self.needs(each) if need not in needed]
        yield from self._walk([each for each in self.names if each in needed], {}, alike)

    def conditions(self, name: str, holds: Callable[[State], bool]) -> tuple[Condition, ...] | None:
        """Return when `holds` is true of the question: None for always, else any of these; none of them is never.

        A condition gives for each question it names the values that fit; all the names must fit.
        """
        situations = self.situations(name)
        fitting = [answers for answers in situations if holds(self.state(name, answers))]
        if len(fitting) == len(situations):
            return None
        together = projection(fitting, situations)
        if sum(fits(together, answers) for answers in situations) == len(fitting):
            return (together,) if fitting else ()
        relevant = [each for each in self.choosers if each in self.needs(name)]
        return merged({each: (answers[each],) for each in relevant} for answers in fitting)

    def _walk(self, names: list[str], answers: Answers, alike: Collection[str]) -> Iterator[Answers]:
        if not names:
            yield answers
            return
        state = self.state(names[0], answers)
        values: tuple[object, ...] = (state.default,)
        if names[0] not in alike and state.asked and state.choices:
            values = state.values
        elif state.asked and state.default == "":
            values = ("", SOME_TEXT)
        for value in values:
            yield from self._walk(names[1:], {**answers, names[0]: value}, alike)

    def _known(self, name: str, answers: Mapping[str, object]) -> Answers:
        references = self.engine.references(name)
        hidden = {each: self.state(each, answers).default for each in references & self.hidden}
        return hidden | {each: answers[each] for each in references - self.hidden if each in answers}

    def problem(self, name: str, value: object, answers: Mapping[str, object]) -> str:
        """Return what is wrong with an answer after `answers`, nothing if it will do."""
        try:
            self.engine.parse(name, value, self._known(name, answers))
        except ValueError as error:
            return str(error)
        return ""

    def _checked(self, name: str, value: object, answers: Answers) -> object:
        """Return the answer in its type.

        Raises:
            UsageError: it is not valid after `answers`.
        """
        state, problem = self.state(name, answers), self.problem(name, value, answers)
        if not problem and (state.asked or value == state.default):
            return self.parsed(name, value, answers)
        if name in self.choosers and value not in self.all_values(name):
            raise self._unknown(name, value)
        if name not in self.choosers and state.asked:
            raise UsageError(f"{name}: {problem}", f"The answer was {value!r}.")
        raise self._misfit(name, value, answers)

    def _unknown(self, name: str, value: object) -> UsageError:
        values = [str(each) for each in self.all_values(name)]
        said = f"{name}: there is no choice {str(value)!r}{meant(str(value), values)}"
        return UsageError(said, f"Choose one of: {', '.join(values)}.")

    def _misfit(self, name: str, value: object, answers: Answers) -> UsageError:
        because = " and ".join(f"{need}={answers[need]}" for need in self.needs(name))
        state = self.state(name, answers)
        if not state.asked:
            hint = f"With {because} the question {name} is not asked: leave it out"
        else:
            hint = f"With {because} choose one of: {', '.join(map(str, state.values))}"
        where = self.conditions(name, lambda state: state.asked and (not state.choices or value in state.values))
        known = {each: self.all_values(each) for each in self.needs(name) if each in self.choosers}
        return UsageError(
            f"{name}={value} does not go with {because}",
            f"{hint}{f', or use it with {describe(where, known)}' if where else ''}.",
        )


_SEE_OPTIONS = "Run mlscaffold options for the list."
