"""Renderers that the tests share."""

import os
from pathlib import Path

import pytest
from tally import Tally

from .rendering import Renderer, all_answers, copy_template


@pytest.fixture(scope="session")
def combinations(tally: Tally) -> list[dict[str, str]]:
    """So many of the valid combinations, from the questions themselves, that every three answers are in one."""
    space = all_answers()
    tally.possible = len(space)
    return space.covering(3)


@pytest.fixture(scope="session")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Renders the template as it was when the tests started."""
    return Renderer(copy_template(tmp_path_factory.mktemp("template") / "copy"), tmp_path_factory.mktemp("projects"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a git identity, and nothing of the person who runs the tests."""
    make_home(tmp_path, monkeypatch)
    return tmp_path


def make_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the variables name a home below the folder, with a git identity."""
    home = folder / "home"
    home.mkdir()
    (home / "gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[advice]\ndetachedHead = false\n")
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "COPIER_", "MLSCAFFOLD_"))]:
        patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
