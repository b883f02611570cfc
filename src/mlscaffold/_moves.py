"""Where a project's files belong by other answers, and in a newer version of the template."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

import yaml

from mlscaffold._copier import Engine
from mlscaffold._errors import MlscaffoldError
from mlscaffold._merge import Places
from mlscaffold._questions import Answers, Questionnaire

# Which files and folders a template has moved: a list, each with `from` and `to`; folders end in a slash.
MOVES_FILE = "template/moves.yml"


def by_answers(engine: Engine, before: Mapping[str, object], after: Mapping[str, object]) -> Places:
    """Return what is elsewhere by other answers, such as all of a package that has another name."""
    old, new = (_places(engine, answers) for answers in (before, after))
    files, folders = {}, {}
    for source in old.keys() & new.keys():
        was, now = old[source], new[source]
        files[_path(was)] = _path(now)
        for depth in range(1, len(was)):
            folders[_path(was[:depth])] = _path(now[:depth])
    return Places(_different(files), _different(folders))


def by_versions(engine: Engine, answers: Mapping[str, object], made: Collection[str]) -> Places:
    """Return what the newer template says that it has moved, of the files that it has `made` for this project.

    Raises:
        MlscaffoldError: it does not say so in the form that is known here.
    """
    questionnaire = Questionnaire(engine)
    text = engine.text(MOVES_FILE, questionnaire.whole(questionnaire.filled(answers)))
    try:
        moves = [(str(move["from"]), str(move["to"])) for move in yaml.safe_load(text) or []]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise MlscaffoldError(f"{MOVES_FILE} of the template cannot be read: {error}") from error
    files = {old: new for old, new in moves if new in made and old not in made}
    folders = {old.rstrip("/"): new.rstrip("/") for old, new in moves if old.endswith("/")}
    return Places(files, folders)


def _places(engine: Engine, answers: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    questionnaire = Questionnaire(engine)
    known: Answers = questionnaire.filled(questionnaire.complete({}, answers))
    return engine.places(questionnaire.whole(known))


def _path(parts: tuple[str, ...]) -> str:
    return PurePosixPath(*parts).as_posix()


def _different(places: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in places.items() if old != new and old != "." and new != "."}
