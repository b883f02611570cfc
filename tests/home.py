"""A home of its own for a test, so that nothing of the person who runs it counts."""

import os
from pathlib import Path

import pytest

IDENTITY = "[user]\nname = Ada\nemail = ada@example.com\n[advice]\ndetachedHead = false\n"


def make_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the variables name a home below the folder, with a git identity."""
    home = folder / "home"
    home.mkdir()
    (home / "gitconfig").write_text(IDENTITY)
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "COPIER_", "MLSCAFFOLD_"))]:
        patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
