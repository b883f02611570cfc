"""Rendering the template in this process, and what a rendered project holds."""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

from mlscaffold._questions import load_questions
from scripts import composition
from scripts.combinations import independent
from scripts.composition import CODE_QUESTIONS, Composition
from scripts.covering import Space

ROOT = Path(__file__).parents[2]

CODE = ("src/", "tests/", "data/", "params.yaml")
# Where nothing is asked, as there is no choice.
ONLY_FRAMEWORK = "scikit-learn"


@dataclass(frozen=True)
class Project:
    """A rendered project: its answers, its folder, and every file by its relative path."""

    answers: Mapping[str, str]
    folder: Path
    files: Mapping[str, bytes]

    def text(self, name: str) -> str:
        """Return a file as text, with its line ends as they are."""
        return self.files[name].decode("utf-8")

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """Return the settings of pyproject.toml."""
        return tomllib.loads(self.text("pyproject.toml"))

    @property
    def package(self) -> str:
        """Return the name of the package, as its folder says."""
        (package,) = {name.split("/")[1] for name in self.files if name.startswith("src/")}
        return package

    @contextmanager
    def written(self, *suffixes: str) -> Iterator[Path]:
        """Write the files, or those with such a name, into the folder; remove it afterwards, unless it was there."""
        new = not self.folder.exists()
        if new:
            for name, content in self.files.items():
                if suffixes and not name.endswith(suffixes):
                    continue
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        try:
            yield self.folder
        finally:
            if new:
                shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def python(self) -> dict[str, bytes]:
        """Return the Python files."""
        return {name: content for name, content in self.files.items() if name.endswith(".py")}

    @property
    def code_tree(self) -> str:
        """Return a digest of code, settings and data: projects that share it behave the same."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            if name.startswith(CODE):
                digest.update(name.encode() + b"\0" + self.files[name] + b"\0")
        return digest.hexdigest()


class Renderer:
    """Renders a template that lies in a plain folder, without a process, a clone or most of Copier's work.

    test_matrix.py shows for projects that hold every two answers that Copier writes the same.
    """

    def __init__(self, template: Path, room: Path) -> None:
        """Read the questions and files of `template`; projects are rendered below `room`."""
        self.template = template
        self.composition = Composition(template)
        self.questions = self.composition.questions
        self._room = room
        self._numbers = count()

    @contextmanager
    def project(self, answers: Mapping[str, str]) -> Iterator[Project]:
        """Render with these answers, and the defaults for the others; the folder is removed afterwards."""
        project = self.render(answers)
        with project.written():
            yield project

    def render(self, answers: Mapping[str, str] | None = None) -> Project:
        """Render without writing anything.

        Raises:
            MlscaffoldError: an answer is refused.
        """
        given = dict(answers or {})
        typed = {name: value for name, value in given.items() if name not in self.questions.choosers}
        self.questions.complete(typed, {})
        folder = self._room / f"{os.getpid()}-{next(self._numbers)}"
        return Project(given, folder, self.composition.files(given))

    def copier(self, folder: Path, answers: Mapping[str, str]) -> dict[str, bytes]:
        """Let Copier write the project into the folder, in this process, and return its files."""
        self.questions.engine.render(folder, dict(answers))
        return read_tree(folder)


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder by its relative path, git's own left out."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def copy_template(folder: Path) -> Path:
    """Copy the template as it is now, without what tools leave behind, and return the folder."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "template", folder / "template", ignore=shutil.ignore_patterns(".*_cache", "__pycache__"))
    return folder


def label(answers: Mapping[str, str]) -> str:
    """Return the answers as a person would type them."""
    return " ".join(f"{name}={value}" for name, value in answers.items())


def code_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return those of the answers that decide the code."""
    return {name: answers[name] for name in CODE_QUESTIONS if name in answers}


@cache
def all_answers() -> Space:
    """Return all valid combinations of answers."""
    return Space(independent(load_questions(ROOT)))


def code_trees() -> list[dict[str, str]]:
    """Return answers of all code trees; those of one framework follow each other, so that a worker imports few."""
    return sorted(composition.code_trees(load_questions(ROOT)), key=lambda each: each.get("framework", ONLY_FRAMEWORK))
