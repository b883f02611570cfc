"""Renderers that the tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from home import make_home
from hypothesis.internal.constants_ast import Constants
from tally import Tally

from .rendering import Renderer, all_answers, copy_template


@pytest.fixture(scope="session")
def combinations(tally: Tally) -> list[dict[str, str]]:
    """So many of the valid combinations, from the questions themselves, that every two answers are in one."""
    space = all_answers()
    tally.possible = len(space)
    return space.covering(2)


@pytest.fixture(scope="session")
def triples(combinations: list[dict[str, str]]) -> list[dict[str, str]]:
    """So many that every three answers are in one; those that are among the others are left out."""
    return [answers for answers in all_answers().covering(3) if answers not in combinations]


@pytest.fixture(scope="session")
def quadruples(combinations: list[dict[str, str]], triples: list[dict[str, str]]) -> list[dict[str, str]]:
    """So many that every four answers are in one; those that are among the others are left out."""
    fewer = [*combinations, *triples]
    return [answers for answers in all_answers().covering(4) if answers not in fewer]


@pytest.fixture(scope="session")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Renders the template as it was when the tests started."""
    return Renderer(copy_template(tmp_path_factory.mktemp("template") / "copy"), tmp_path_factory.mktemp("projects"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a git identity, and nothing of the person who runs the tests."""
    make_home(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def same_examples() -> Iterator[None]:
    """Hypothesis draws words from all modules that are loaded, and these differ from worker to worker: let it not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hypothesis.internal.conjecture.providers._get_local_constants", Constants)
        yield
