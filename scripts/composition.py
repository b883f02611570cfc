"""How parts become the files of a project: the answers with all that follows from them, and what fills each file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from copier import _user_data
from jinja2 import Environment, Template, TemplateNotFound, TemplatesNotFound

from mlscaffold._errors import UsageError
from mlscaffold._questions import Questionnaire, load_questions
from scripts.combinations import independent
from scripts.covering import Space

ROOT = Path(__file__).parents[1]
# The package that parts import.
PACKAGE = "acme_ml"
# The questions that decide the code. The matrix shows that no other answer changes it.
CODE_QUESTIONS = ("task", "framework", "tuner", "tracking", "serving")
MODEL = ("task", "framework")

FILLED = {
    "slot": re.compile(r'\bslot\("([\w./-]+)"(?:, package="acme_ml")?\)'),
    "gather": re.compile(r'\bgather\("([\w./-]+)"\)'),
}
# The macro that gathers the same fragments everywhere.
DEPENDENCIES = re.compile(r"\bdependencies\(\)")
# The macro that asks whether there is a service, and nothing else.
EXTRAS = re.compile(r"\bextras\(\)")
DEPENDENCIES_FILE = "deps.txt"
IGNORED = re.compile(r"(^|/)(\.\w+_cache|__pycache__)/")


@dataclass(frozen=True)
class Source:
    """What a rendered file is made of; paths are relative to the repository."""

    frame: str
    parts: tuple[str, ...]
    others: tuple[str, ...]
    # Whether the frame has text of its own, or gathers that of several parts.
    together: bool

    @property
    def text(self) -> str:
        """Return the one file that holds the rendered file's text as it lies, where there is one."""
        return self.parts[0] if len(self.parts) == 1 else self.frame


def files(folder: Path) -> list[str]:
    """Return the relative paths of the files below a folder, without what tools leave behind."""
    paths = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in paths if not IGNORED.search(path)]


def with_defaults(questions: Questionnaire, answers: Mapping[str, object]) -> dict[str, object]:
    """Return the answers, and the defaults of all other questions, those that are not asked included."""
    complete: dict[str, object] = {}
    for name in questions.names:
        complete[name] = answers[name] if name in answers else questions.state(name, complete).default
    return complete


def context(questions: Questionnaire, answers: Mapping[str, object]) -> dict[str, Any]:
    """Return the answers with the defaults of all other questions, and the computed ones."""
    found: dict[str, Any] = with_defaults(questions, answers)
    for name in questions.engine.details:
        if name in questions.hidden:
            found[name] = questions.state(name, found).default
    return found


def remember_files(environment: Environment) -> None:
    """Let Jinja look but once for each file: a slot asks for one in every folder of its parts."""
    environment.auto_reload = False
    # All of them: its own cache would forget the first ones.
    environment.cache = {}
    assert environment.loader is not None
    find, select = environment.loader.get_source, environment.select_template
    missing: set[str] = set()

    def select_template(names: Iterable[str], *others: Any) -> Template:
        asked = list(names)
        known = [name for name in asked if name not in missing]
        if not known:
            raise TemplatesNotFound(asked)
        return select(known, *others)

    def get_source(environment: Environment, name: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if name in missing:
            raise TemplateNotFound(name)
        try:
            return find(environment, name)
        except TemplateNotFound:
            missing.add(name)
            raise

    environment.loader.get_source = get_source  # type: ignore[method-assign, assignment]
    environment.select_template = select_template  # type: ignore[method-assign, assignment]


def hasten_yaml() -> None:
    """Let Copier parse YAML with libyaml where it is there: the lists of parts and layers are long."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def parse(text: str) -> Any:
        try:
            return yaml.load(text, Loader=loader)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error

    casts: Any = _user_data.CAST_STR_TO_NATIVE
    casts["yaml"] = parse


class Composition:
    """A template that lies in a folder: its questions, its frames and its parts."""

    def __init__(self, root: Path = ROOT) -> None:
        """Read the questions and the files."""
        self.root = root
        self.questions = load_questions(root)
        remember_files(self.questions.engine._environment)
        hasten_yaml()
        folder = root / "template/project"
        self.frames = {name: (folder / name).read_bytes() for name in files(folder)}
        self.parts = files(root / "template/parts")
        self._known = frozenset(self.parts)

    def answers(self, words: Iterable[str]) -> dict[str, object]:
        """Return the answers that are given as name=value.

        Raises:
            UsageError: one is no such pair, or does not fit.
        """
        given: dict[str, object] = {"package_name": PACKAGE}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals:
                raise UsageError(f"{word!r} is no answer", "Write it as name=value.")
            given[name] = value
        self.questions.check_names(given)
        return self.questions.complete(given, {})

    def render(self, folder: Path, answers: Mapping[str, object]) -> None:
        """Write the project into the folder."""
        self.questions.engine.render(folder, answers)

    def sources(self, answers: Mapping[str, object]) -> dict[str, Source]:
        """Return what each file of the project is made of, by its path."""
        known = context(self.questions, answers)
        return dict(self._sources(known))

    def _sources(self, known: dict[str, Any]) -> Iterator[tuple[str, Source]]:
        for frame in self.frames:
            path = self._path(frame, known)
            if path is not None:
                text = self.frames[frame].decode() if frame.endswith(".jinja") else ""
                yield path, self._source(frame, text, known["parts"])

    def files(self, answers: Mapping[str, object]) -> dict[str, bytes]:
        """Return the files of the project by their paths, as Copier would write them, without writing them."""
        questions, engine = self.questions, self.questions.engine
        known = context(questions, answers)
        asked = {name: known[name] for name in questions.names if questions.state(name, known).asked}
        known |= {**engine._context, "_copier_answers": {"_src_path": str(self.root), **asked}}
        found = {}
        for frame, content in self.frames.items():
            path = self._path(frame, known)
            if path is not None and frame.endswith(".jinja"):
                content = engine._environment.get_template(f"template/project/{frame}").render(known).encode()
            if path is not None:
                found[path] = content
        return dict(sorted(found.items()))

    def _path(self, frame: str, known: dict[str, Any]) -> str | None:
        """Return where a frame is rendered to, None for a layer that is not chosen."""
        if "_copier_conf" in frame:
            return ".copier-answers.yml"
        path = self.questions.engine._environment.from_string(frame).render(known).removesuffix(".jinja")
        return None if path.startswith("/") or "//" in path else path.removeprefix("./")

    def _source(self, frame: str, text: str, chosen: list[str]) -> Source:
        filling: list[str] = []
        names: set[str] = set()
        for macro, pattern in FILLED.items():
            for name in pattern.findall(text):
                names.add(name)
                having = self._having(name, chosen)
                filling += having[:1] if macro == "slot" else having
        if DEPENDENCIES.search(text):
            names.add(DEPENDENCIES_FILE)
            filling += self._having(DEPENDENCIES_FILE, chosen)
        named = tuple(f"/{name}" for name in names)
        others = [part for part in self.parts if part not in filling and part.endswith(named)]
        below = "template/parts/"
        filled = tuple(below + part for part in dict.fromkeys(filling))
        together = bool(DEPENDENCIES.search(text) or FILLED["gather"].search(text))
        return Source(f"template/project/{frame}", filled, tuple(below + part for part in others), together)

    def _having(self, name: str, folders: list[str]) -> list[str]:
        """Return the parts of that name in the folders, in their order."""
        return [part for part in (f"{folder}/{name}" for folder in folders) if part in self._known]


def code_trees(questions: Questionnaire) -> list[dict[str, str]]:
    """Return answers of all code trees: every model with every two of the other answers that decide the code."""
    space = Space(independent(questions))
    models = list(space.of(MODEL))
    others = space.of(set(CODE_QUESTIONS) - set(MODEL))
    numbered = Space([[{"model": str(number)} for number in range(len(models))], *others.groups])
    valid = list(space.of(CODE_QUESTIONS))
    found = [nearest({**models[int(row.pop("model"))], **row}, valid) for row in numbered.covering(2)]
    return [answers for place, answers in enumerate(found) if answers not in found[:place]]


def nearest(answers: dict[str, str], valid: list[dict[str, str]]) -> dict[str, str]:
    """Return these answers, or where a model does not go with another of them, valid ones that differ in the fewest."""
    return min(valid, key=lambda each: sum(each.get(name) != value for name, value in answers.items()))


def telling_trees(composition: Composition) -> Iterator[dict[str, str]]:
    """Yield so few code trees that every Python file of the template is in one, those with the most new ones first."""
    trees = code_trees(composition.questions)
    holding = [
        {source.text for path, source in composition.sources(answers).items() if path.endswith(".py")}
        for answers in trees
    ]
    missing = set().union(*holding)
    while missing:
        best = max(range(len(trees)), key=lambda number: len(holding[number] & missing))
        missing -= holding[best]
        yield trees[best]
