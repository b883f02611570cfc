"""The one module that reaches into Copier: opening a template, evaluating its questions, rendering, updating.

Copier has no public way to read a questionnaire, so this uses private names of Copier 9; tests/cli/test_copier.py
fails when a release changes them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from copier._main import Worker
from copier._settings import SettingsModel, load_settings
from copier._template import Template
from copier._types import MISSING
from copier._user_data import AnswersMap, Question
from copier._vcs import get_repo
from copier.errors import CopierError
from jinja2 import meta

from mlscaffold._errors import UsageError
from mlscaffold._source import Source
from mlscaffold._translate import DIRTY, quiet, translated

_TEMPLATED = ("type", "help", "when", "default", "choices", "validator", "placeholder")
# What decides whether a question is asked, and which answers it takes.
_LIMITING = ("type", "when", "choices", "validator")


@dataclass(frozen=True)
class Choice:
    """One value a question takes, and what a person reads."""

    value: object
    label: str


@dataclass(frozen=True)
class State:
    """What a question is once the questions before it are answered."""

    asked: bool
    default: object
    choices: tuple[Choice, ...]

    @property
    def values(self) -> tuple[object, ...]:
        """Return the values it takes."""
        return tuple(choice.value for choice in self.choices)


class _NewProject(Worker):
    """A Copier run into an empty folder, where no file can be in a git index yet."""

    def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
        """Spare one git process per written file: there is nothing to correct."""


class Engine:
    """An open template."""

    def __init__(self, template: Template, folder: Path) -> None:
        """Read the questions; `folder` is where the project will be."""
        self.notes: list[str] = []
        self._template = template
        self._settings = _settings()
        worker = self._worker(folder)
        # Copier compiles the same few texts again and again: path names, conditions, choices.
        worker.jinja_env.from_string = cache(worker.jinja_env.from_string)  # type: ignore[method-assign, assignment]
        self._environment = worker.jinja_env
        self._context = worker._render_context()
        self.details: dict[str, dict[str, Any]] = template.questions_data
        self._references: dict[str, set[str]] = {}

    @property
    def commit(self) -> str | None:
        """Return what Copier records as the version, None for a plain folder."""
        return self._template.commit

    def share(self, origin: Callable[[Path, str], str]) -> str:
        """Let projects record where others find the template, and return that; `origin` finds it for a local clone.

        Of changes that are not committed, and what is not in git, only this machine has a copy.
        """
        place = Path(self._template.url)
        if self._template.vcs == "git" and place.is_dir() and DIRTY not in self.notes:
            self._template.url = origin(place, self._template.commit_hash or "") or self._template.url
        return self._template.url

    def is_at(self, commit: str) -> bool:
        """Return whether this is that version, given as Copier records it or as a commit's full name."""
        return commit in {self._template.commit, self._template.commit_hash}

    @property
    def preferences(self) -> Mapping[str, object]:
        """Return the defaults from the person's own Copier settings."""
        return self._settings.defaults

    def references(self, name: str) -> set[str]:
        """Return the questions that the text of this one mentions."""
        if name not in self._references:
            self._references[name] = self._mentioned(name, _TEMPLATED)
        return self._references[name]

    def limits(self, name: str) -> set[str]:
        """Return those of them that decide more than what is proposed."""
        return self._mentioned(name, _LIMITING)

    def _mentioned(self, name: str, parts: Sequence[str]) -> set[str]:
        texts = [self.details[name].get(part) for part in parts]
        found: set[str] = set()
        for text in (item for entry in texts for item in (entry if isinstance(entry, list) else [entry])):
            if isinstance(text, str):
                found |= meta.find_undeclared_variables(self._environment.parse(text))
        return found & (self.details.keys() - {name})

    def state(self, name: str, known: Mapping[str, object], proposed: object = None) -> State:
        """Evaluate a question after the answers in `known`; `proposed` goes before the template's default."""
        question = self._question(name, known, proposed)
        with translated(f"question {name}"):
            default = question.get_default()
            choices = [Choice(question.cast_answer(c.value), str(c.title)) for c in question._formatted_choices]
            return State(question.get_when(), None if default is MISSING else default, tuple(choices))

    def parse(self, name: str, value: object, known: Mapping[str, object]) -> object:
        """Return the value in the question's type.

        Raises:
            ValueError: it has another type, or the question's validator refuses it.
        """
        question = self._question(name, known)
        answer = question.parse_answer(value)
        try:
            question.validate_answer(answer)
        except ValueError as error:
            # Copier puts words before what a validator says.
            raise ValueError(str(error).partition(": ")[2] or str(error)) from error
        return answer

    def help(self, name: str, known: Mapping[str, object]) -> list[str]:
        """Return the lines of a question's help text."""
        return [line.strip() for line in self._question(name, known).get_message().splitlines() if line.strip()]

    def render(self, folder: Path, answers: Mapping[str, object], only: str = "") -> None:
        """Write the project into `folder`, as `copier copy` would, or one of its folders alone."""
        worker = self._worker(folder, answers)
        if only:
            worker.exclude = ("*", f"!/{only}", f"!/{only}/**")
        worker.__dict__["jinja_env"] = self._environment
        with translated("the template does not render"), quiet() as notes:
            worker.run_copy()
        self.notes.extend(notes)

    def places(self, known: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        """Return where `render` would write each file with answers to all questions, the computed ones included.

        A place is in as many parts as the file's path in the template.
        """
        top, suffix = self._template.local_abspath / self._template.subdirectory, self._template.templates_suffix
        context = {**self._context, **known, "_copier_conf": {"answers_file": ".copier-answers.yml"}}
        found = {}
        with translated("the template does not render"):
            for file in (path.relative_to(top) for path in sorted(top.rglob("*")) if path.is_file()):
                parts = tuple(self._environment.from_string(part).render(context) for part in file.parts)
                if all(part.removesuffix(suffix) for part in parts):
                    found[file.as_posix()] = (*parts[:-1], parts[-1].removesuffix(suffix))
        return found

    def text(self, file: str, known: Mapping[str, object]) -> str:
        """Return a file of the template with answers put in, nothing if there is no such file."""
        path = self._template.local_abspath / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        with translated(f"{file} of the template"):
            return self._environment.from_string(text).render({**self._context, **known})

    def is_before(self, other: "Engine") -> bool:
        """Return whether this is an older version of the template than the other."""
        mine, theirs = self._template.version, other._template.version
        return mine is not None and theirs is not None and mine < theirs

    def _worker(self, folder: Path, answers: Mapping[str, object] | None = None) -> Worker:
        worker = _NewProject(
            src_path=self._template.url,
            dst_path=folder,
            data=dict(answers or {}),
            settings=self._settings,
            defaults=True,
            quiet=True,
            cleanup_on_error=False,
        )
        # One clone serves the questions and the rendering.
        worker.__dict__["template"] = self._template
        return worker

    def _question(self, name: str, known: Mapping[str, object], proposed: object = None) -> Question:
        return Question(
            answers=AnswersMap(user_defaults={} if proposed is None else {name: proposed}),
            context={**self._context, **known},
            jinja_env=self._environment,
            settings=self._settings,
            var_name=name,
            **self.details[name],
        )


@contextmanager
def open_template(source: Source, folder: Path | None = None) -> Iterator[Engine]:
    """Yield the template at the version Copier would take: the newest tag, else the last commit.

    Raises:
        MlscaffoldError: it cannot be read.
    """
    template = Template(url=source.location, ref=source.commit)
    if source.folder:
        vcs = "git" if source.commit else None
        template.__dict__.update(local_abspath=source.folder, vcs=vcs, commit=source.commit, commit_hash=source.commit)
        template.__dict__["git_index_modes"] = {}
    try:
        with translated(f"cannot read the template at {source.location}"), quiet() as notes:
            engine = Engine(template, folder or Path.cwd())
        engine.notes.extend(notes)
        yield engine
    finally:
        template._cleanup()


def open_folder(folder: Path) -> Engine:
    """Return the template that lies in `folder`, as it is now, without cloning it."""
    with translated(f"cannot read the template at {folder}"):
        template = Template(url=str(folder))
        template.__dict__.update(local_abspath=folder.resolve(), vcs=None)
        return Engine(template, Path.cwd())


def is_reachable(location: str) -> bool:
    """Return whether a local template is still a git repository; one that is a URL is believed."""
    return get_repo(location) is not None


def _settings() -> SettingsModel:
    try:
        settings = load_settings()
    except (CopierError, OSError, AttributeError) as error:
        raise UsageError(f"your Copier settings file cannot be used: {error}") from error
    return SettingsModel(defaults=dict(settings.defaults), trust=set(settings.trust))
