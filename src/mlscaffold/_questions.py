"""The template's questions as data: what each one is for given answers, what fits together, every combination."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from pathlib import Path

from mlscaffold._conditions import Condition, describe, fits, merged, projection
from mlscaffold._copier import Choice, Engine, State, open_folder
from mlscaffold._errors import UsageError
from mlscaffold._meant import meant

Answers = dict[str, object]
Ask = Callable[[str, Answers], object]
# Any answer to a question that may be left empty.
SOME_TEXT = "…"


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
        # A person's own settings for Copier go before what is proposed.
        wanted = set(self.names) - set(engine.preferences)
        self._proposals = {name: value for name, value in (proposals or {}).items() if name in wanted}

    @cached_property
    def choosers(self) -> list[str]:
        """Return the questions that have choices."""
        return [name for name in self.names if self.engine.details[name].get("choices")]

    def state(self, name: str, answers: Mapping[str, object]) -> State:
        """Return what a question is after `answers`, which hold at least those it depends on."""
        # repr, because the hidden catalogues and lists are no keys
        key = (name, *(repr(answers[need]) for need in self.needs(name)))
        if key not in self._states:
            known = self._known(name, answers)
            self._states[key] = self.engine.state(name, known, self.proposal(name, answers))
        return self._states[key]

    def proposal(self, name: str, answers: Mapping[str, object]) -> object:
        """Return what is proposed for a question after `answers`, None for nothing, or nothing that is valid then."""
        value = self._proposals.get(name)
        return None if value is None or self._problem(name, value, answers) else value

    def needs(self, name: str) -> list[str]:
        """Return the visible questions whose answers this one depends on, also through hidden ones."""
        if name not in self._needs:
            found: set[str] = set()
            for reference in self.engine.references(name):
                found |= set(self.needs(reference)) if reference in self.hidden else {reference}
            self._needs[name] = [each for each in self.names if each in found]
        return self._needs[name]

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
            elif name in earlier and state.asked and not self._problem(name, earlier[name], answers):
                answers[name] = earlier[name]
            else:
                answers[name] = ask(name, answers) if ask and state.asked else state.default
        return {name: value for name, value in answers.items() if self.state(name, answers).asked}

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
        for name in self.names:
            if all(need in settled for need in self.needs(name)):
                if name in given:
                    settled[name] = self._checked(name, given[name], settled)
                elif not self.state(name, settled).asked:
                    settled[name] = self.state(name, settled).default
            elif name in given and name in self.choosers and given[name] not in self.all_values(name):
                raise self._unknown(name, given[name])

    def all_values(self, name: str) -> list[object]:
        """Return every value the question takes in some combination."""
        states = [self.state(name, answers) for answers in self.situations(name)]
        return list(dict.fromkeys(value for state in states for value in state.values))

    def all_choices(self, name: str) -> list[Choice]:
        """Return every choice of the question in some combination."""
        states = [self.state(name, answers) for answers in self.situations(name)]
        return list({choice.value: choice for state in states for choice in state.choices}.values())

    def situations(self, name: str) -> list[Answers]:
        """Return every way to answer the questions that this one depends on."""
        needed: set[str] = set()
        pending = self.needs(name)
        while pending:
            needed |= set(pending)
            pending = [need for each in pending for need in self.needs(each) if need not in needed]
        return list(self._walk([each for each in self.names if each in needed], {}))

    def independent(self) -> list[list[dict[str, str]]]:
        """Return the valid combinations of each group of questions with choices; groups do not depend on each other.

        One combination of every group, taken together, is a valid combination of all. Only what is asked is in it.
        """
        groups: list[list[str]] = []
        for name in self.choosers:
            joined = [group for group in groups if set(group) & set(self.needs(name))]
            rest = [group for group in groups if group not in joined]
            groups = [*rest, [*(each for group in joined for each in group), name]]
        order = self.names.index
        groups = sorted((sorted(group, key=order) for group in groups), key=lambda group: order(group[0]))
        return [list(self._combinations_of(group)) for group in groups]

    def combinations(self) -> Iterator[dict[str, str]]:
        """Yield every valid combination of the answers to questions with choices, where they are asked."""
        for parts in product(*self.independent()):
            answers = {name: value for part in parts for name, value in part.items()}
            yield {name: answers[name] for name in self.choosers if name in answers}

    def _combinations_of(self, group: list[str]) -> Iterator[dict[str, str]]:
        needed = {need for name in group for need in self.needs(name)} | set(group)
        for answers in self._walk([name for name in self.names if name in needed], {}):
            yield {name: str(answers[name]) for name in group if self.state(name, answers).asked}

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

    def ask(self, name: str, answers: Answers) -> object:
        """Ask a person one question."""
        return self.engine.ask(name, self._known(name, answers), self.proposal(name, answers))

    def _walk(self, names: list[str], answers: Answers) -> Iterator[Answers]:
        if not names:
            yield answers
            return
        state = self.state(names[0], answers)
        values: tuple[object, ...] = (state.default,)
        if state.asked and state.choices:
            values = state.values
        elif state.asked and state.default == "":
            values = ("", SOME_TEXT)
        for value in values:
            yield from self._walk(names[1:], {**answers, names[0]: value})

    def _known(self, name: str, answers: Mapping[str, object]) -> Answers:
        references = self.engine.references(name)
        hidden = {each: self.state(each, answers).default for each in references & self.hidden}
        return hidden | {each: answers[each] for each in references - self.hidden if each in answers}

    def _problem(self, name: str, value: object, answers: Mapping[str, object]) -> str:
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
        state, problem = self.state(name, answers), self._problem(name, value, answers)
        if not problem and (state.asked or value == state.default):
            return self.engine.parse(name, value, self._known(name, answers))
        if name in self.choosers and value not in self.all_values(name):
            raise self._unknown(name, value)
        if name not in self.choosers and state.asked:
            raise UsageError(f"{name}: {problem}", f"The answer was {value!r}.")
        raise self._misfit(name, value, answers)

    def _unknown(self, name: str, value: object) -> UsageError:
        values = [str(each) for each in self.all_values(name)]
        return UsageError(
            f"{name}: there is no choice {str(value)!r}{meant(str(value), values)}",
            f"Choose one of: {', '.join(values)}.",
        )

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
