"""Which questions each file of the template reads: directly, by computed answers, or by the parts that fill it."""

import re
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from itertools import combinations
from typing import Any

from jinja2 import meta

from mlscaffold._questions import Questionnaire
from scripts.combinations import independent
from scripts.composition import DEPENDENCIES, DEPENDENCIES_FILE, EXTRAS, FILLED, context
from scripts.covering import Space

from .sources import PARTS, PROJECT, files, read

LAYER = re.compile(r"{{ layer\.(\w+) }}")
# So many questions at most decide whether a folder of parts or a layer is chosen.
DECIDING = 3

Known = Mapping[str, Any]


class Footprint:
    """The questions that texts of the template read."""

    def __init__(self, questions: Questionnaire) -> None:
        """Read the questions."""
        self._questions = questions
        self._parts = files(PARTS)
        # Its filters are needed to read a text, too.
        self._syntax = questions.engine._environment
        self.space = Space(independent(questions))
        self._of_text = cache(self._read_text)
        self._of_folder = cache(lambda name: self._deciding(lambda known: name in known["parts"]))
        self._of_layer = cache(lambda name: self._deciding(lambda known: known["layer"][name]))
        self._complete = cache(lambda given: context(questions, dict(given)))

    def of_file(self, name: str) -> frozenset[str]:
        """Return what a file below template/project reads; what its path reads, too."""
        return self.of_text(name) | (self.of_text(read(PROJECT, name)) if name.endswith(".jinja") else frozenset())

    def of_fragment(self, name: str) -> frozenset[str]:
        """Return what a file below template/parts reads, and what decides whether its folder is chosen."""
        folder = self.folder_of(name)
        return self.of_fragment_in(folder, name.removeprefix(f"{folder}/"))

    def of_text(self, text: str) -> frozenset[str]:
        """Return what a text reads."""
        return self._of_text(text)

    def of_fragment_in(self, folder: str, name: str) -> frozenset[str]:
        """Return what a fragment of a folder reads, and what decides whether the folder is chosen."""
        return self._of_folder(folder) | self.of_text(read(PARTS, f"{folder}/{name}"))

    def folder_of(self, part: str) -> str:
        """Return the folder that some answers choose, of a file in it or below."""
        above = part.split("/")[:-1]
        names = ["/".join(above[:length]) for length in range(len(above), 0, -1)]
        return next(name for name in names if name in self._folders)

    def complete(self, answers: Mapping[str, str]) -> dict[str, Any]:
        """Return the answers with the defaults of all other questions, and the computed ones."""
        return self._complete(tuple(answers.items()))

    def _read_text(self, text: str) -> frozenset[str]:
        found = self._of_names(meta.find_undeclared_variables(self._syntax.parse(text)) - {"layer"})
        for layer in LAYER.findall(text):
            found |= self._of_layer(layer)
        fills = {name for pattern in FILLED.values() for name in pattern.findall(text)}
        if DEPENDENCIES.search(text):
            fills.add(DEPENDENCIES_FILE)
        if DEPENDENCIES.search(text) or EXTRAS.search(text):
            found |= self._of_names({"serving"})
        for fill in fills:
            for part in self._parts:
                if part.endswith(f"/{fill}") and part.removesuffix(f"/{fill}") in self._folders:
                    found |= self.of_fragment_in(part.removesuffix(f"/{fill}"), fill)
        return found

    def _of_names(self, names: set[str]) -> frozenset[str]:
        """Return the questions with choices among the names, and those that decide whether and how these are asked."""
        questions = self._questions
        found = names & (set(questions.names) | questions.hidden)
        pending = found
        while pending:
            # The default of what is never asked is its value.
            needs = (questions.needs(name) if name in questions.hidden else questions.limits(name) for name in pending)
            pending = {need for each in needs for need in each} - found
            found = found | pending
        return frozenset(found & set(questions.choosers))

    @cached_property
    def _sample(self) -> list[Known]:
        """Answers of which every few that can decide together are together in one."""
        return [self.complete(answers) for answers in self.space.covering(DECIDING)]

    @cached_property
    def _folders(self) -> set[str]:
        """The folders of parts that any answers choose."""
        return {folder for known in self._sample for folder in known["parts"]}

    def _deciding(self, holds: Callable[[Known], object]) -> frozenset[str]:
        """Return the fewest questions whose answers decide whether something holds."""
        seen = [(known, bool(holds(known))) for known in self._sample]
        for size in range(DECIDING + 1):
            for names in combinations(self._questions.choosers, size):
                found = {(*(known[name] for name in names), truth) for known, truth in seen}
                if len({each[:-1] for each in found}) == len(found):
                    return self._of_names(set(names))
        raise AssertionError(f"more than {DECIDING} questions decide whether it is chosen")
