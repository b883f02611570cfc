"""How large a project becomes: its files, and what its packages need on disk."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from mlscaffold._questions import Answers, Questionnaire

# A computed value of the template: for each question and answer, the megabytes that packages need.
MEGABYTES = "megabytes"


def paths(questionnaire: Questionnaire, answers: Answers) -> list[str]:
    """Return the files that a project will have, without rendering one."""
    places = questionnaire.engine.places(questionnaire.whole(answers))
    return sorted(PurePosixPath(*parts).as_posix() for parts in places.values())


def told(questionnaire: Questionnaire, answers: Mapping[str, object]) -> str:
    """Return in a few words how large a project becomes; `answers` that are missing are the defaults."""
    whole = questionnaire.filled(answers)
    files = f"{len(paths(questionnaire, whole))} files"
    known = questionnaire.state(MEGABYTES, whole).default if MEGABYTES in questionnaire.hidden else {}
    assert isinstance(known, dict)
    total = sum(known.get(name, {}).get(value, 0) for name, value in whole.items())
    return f"{files}, packages of about {_rounded(total)}" if total else files


def folders(files: list[str]) -> Iterator[str]:
    """Yield each folder with the number of its files, then the files that are in none."""
    counts = Counter(path.partition("/")[0] for path in files if "/" in path)
    yield from (f"{folder}/ ({count})" for folder, count in sorted(counts.items()))
    yield from sorted(path for path in files if "/" not in path)


def _rounded(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{round(megabytes, -1)} MB"
