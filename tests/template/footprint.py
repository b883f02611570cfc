"""Which questions each file of the template reads: directly, by computed answers, or by the parts that fill it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from jinja2 import meta

from mlscaffold._questions import Questionnaire
from scripts.composition import DEPENDENCIES, DEPENDENCIES_FILE, context
from scripts.composition import FILLED as MACROS

from .covering import Space
from .sources import PARTS, PROJECT, files, read

FILLED = {**MACROS, "layer": re.compile(r"{{ layer\.(\w+) }}")}


class Folder(NamedTuple):
    """A line of the computed answer `parts`: the folders it can name, and the questions that decide which."""

    names: re.Pattern[str]
    questions: frozenset[str]


class Footprint:
    """The questions that texts of the template read."""

    def __init__(self, questions: Questionnaire) -> None:
        """Read the questions and which folders of parts they choose."""
        self._questions = questions
        # Its filters are needed to read a text, too.
        self._syntax = questions.engine._environment
        self.space = Space(questions.independent())
        self._of_text = cache(self._read_text)
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

    def _read_text(self, text: str) -> frozenset[str]:
        found = self._of_names(meta.find_undeclared_variables(self._syntax.parse(text)) - {"layer"})
        for layer in FILLED["layer"].findall(text):
            found |= self._of_expression(self._layers[layer])
        fills = {name for macro in ("slot", "gather") for name in FILLED[macro].findall(text)}
        if DEPENDENCIES.search(text):
            fills.add(DEPENDENCIES_FILE)
            found |= self._of_names({"serving"})
        for fill in fills:
            for part in files(PARTS):
                if part.endswith(f"/{fill}") and self.folders(part.removesuffix(f"/{fill}")):
                    found |= self.of_fragment_in(part.removesuffix(f"/{fill}"), fill)
        return found

    def of_fragment_in(self, folder: str, name: str) -> frozenset[str]:
        """Return what a fragment of a folder reads, and what decides whether the folder is chosen."""
        deciding = frozenset(question for line in self.folders(folder) for question in line.questions)
        return deciding | self.of_text(read(PARTS, f"{folder}/{name}"))

    def folders(self, name: str) -> list[Folder]:
        """Return the lines that can name the folder."""
        return [line for line in self._lines if line.names.fullmatch(name)]

    def folder_of(self, part: str) -> str:
        """Return the folder that the lines name, of a file in it or below."""
        above = part.split("/")[:-1]
        names = ["/".join(above[:length]) for length in range(len(above), 0, -1)]
        return next(name for name in names if self.folders(name))

    def _of_names(self, names: set[str]) -> frozenset[str]:
        """Return the questions with choices among the names, and those that decide whether and how these are asked."""
        found = names & (set(self._questions.names) | self._questions.hidden)
        pending = found
        while pending:
            pending = {need for name in pending for need in self._questions.needs(name)} - found
            found = found | pending
        return frozenset(found & set(self._questions.choosers))

    def _of_expression(self, expression: str) -> frozenset[str]:
        return self._of_names(meta.find_undeclared_variables(self._syntax.parse(expression)))

    @cached_property
    def _layers(self) -> dict[str, str]:
        text = self._questions.engine.details["layer"]["default"]
        return dict(re.findall(r'^(\w+): "(.*)"$', text, re.MULTILINE))

    @cached_property
    def _lines(self) -> list[Folder]:
        return list(self._read_lines(self._questions.engine.details["parts"]["default"]))

    def _read_lines(self, text: str) -> Iterator[Folder]:
        """Yield what each line of the template's list names, with the questions of the blocks around it."""
        blocks: list[frozenset[str]] = []
        loops: dict[str, str] = {}
        for line in map(str.strip, text.splitlines()):
            if loop := re.fullmatch(r"{% for (\w+) in (.+) %}", line):
                loops[loop[1]] = loop[2]
                blocks.append(self._of_expression(f"{{{{ {loop[2]} }}}}"))
            elif condition := re.fullmatch(r"{% if (.+) %}", line):
                blocks.append(self._of_expression(f"{{{{ {condition[1]} }}}}"))
            elif line.startswith("{% end"):
                blocks.pop()
            elif line:
                path = line.removeprefix("- ")
                pattern = re.sub(r"{{ (\w+) }}", lambda found: self._values(found[1], loops), path)
                yield Folder(re.compile(pattern), self._of_expression(path).union(*blocks))

    def _values(self, name: str, loops: Mapping[str, str]) -> str:
        """Return a pattern of everything that a name in a path can stand for."""
        if name not in loops:
            return f"({'|'.join(re.escape(str(value)) for value in self._questions.all_values(name))})"
        evaluate = self._syntax.compile_expression(loops[name])
        needed = self._of_expression(f"{{{{ {loops[name]} }}}}")
        found: set[str] = set()
        for answers in self.space.of(needed):
            found |= set(evaluate(**self.complete(answers)) or [])
        return f"({'|'.join(map(re.escape, sorted(found)))})"

    def complete(self, answers: Mapping[str, str]) -> dict[str, Any]:
        """Return the answers with the defaults of all other questions, and the computed ones."""
        return self._complete(tuple(answers.items()))
