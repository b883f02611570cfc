"""Renderers that the tests share, and the closing line that says how much was rendered and run."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from .rendering import Renderer, all_answers, copy_template


@dataclass
class Tally:
    """What this process, and with xdist its workers, did."""

    combinations: int = 0
    possible: int = 0
    combination_seconds: float = 0.0
    files: int = 0
    renderings: int = 0
    trees: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    green: bool = True

    def add(self, other: dict[str, Any]) -> None:
        """Add what another process did."""
        self.combinations += other["combinations"]
        self.possible = max(self.possible, other["possible"])
        self.combination_seconds += other["combination_seconds"]
        self.files += other["files"]
        self.renderings += other["renderings"]
        self.trees.update(other["trees"])

    def lines(self) -> list[str]:
        """Return what to print at the end."""
        slowest = [
            f"  {seconds:5.1f} s of a processor  tests of {tree}" for tree, seconds in sorted(self.trees.items())
        ]
        each = self.combination_seconds / self.combinations if self.combinations else 0
        total = time.monotonic() - self.started
        closing = (
            f"{self.files} files of the template for every combination of the answers they read ({self.renderings}), "
            f"{self.combinations} of {self.possible} whole projects ({each:.2f} s each), "
            f"{len(self.trees)} distinct code trees ran their own tests, {total:.0f} s: "
            f"{'all green' if self.green else 'NOT green'}"
        )
        return [*slowest, closing]


class Worker(Protocol):
    """A worker of xdist, as the process that started it sees it; `workeroutput` is there once it ended well."""

    config: pytest.Config
    workeroutput: dict[str, dict[str, Any]]


TALLY = pytest.StashKey[Tally]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice between some of the code trees and more of them."""
    parser.addoption("--whole-matrix", action="store_true", help="code trees for every two answers")


def pytest_configure(config: pytest.Config) -> None:
    """Start counting."""
    config.stash[TALLY] = Tally()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand the counts of a worker to the process that started it."""
    tally = session.config.stash[TALLY]
    tally.green = exitstatus == 0
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["template"] = asdict(tally)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Worker, error: object) -> None:
    """Take the counts of a worker that ended; one that died took its counts with it."""
    output = getattr(node, "workeroutput", {})
    if "template" in output:
        node.config.stash[TALLY].add(output["template"])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the closing line after everything else."""
    tally, reporter = config.stash[TALLY], config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(config, "workeroutput") and (tally.combinations or tally.trees):
        for line in tally.lines():
            reporter.write_line(line)


@pytest.fixture(scope="session")
def combinations(pytestconfig: pytest.Config) -> list[dict[str, str]]:
    """So many of the valid combinations, from the questions themselves, that every three answers are in one."""
    space = all_answers()
    pytestconfig.stash[TALLY].possible = len(space)
    return space.covering(3)


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """What was rendered and run so far."""
    return pytestconfig.stash[TALLY]


@pytest.fixture(scope="session")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Renders the template as it was when the tests started."""
    return Renderer(copy_template(tmp_path_factory.mktemp("template") / "copy"), tmp_path_factory.mktemp("projects"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a git identity, and nothing of the person who runs the tests."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[advice]\ndetachedHead = false\n")
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "COPIER_", "MLSCAFFOLD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return tmp_path


@pytest.fixture(scope="session")
def tool_cache(pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """Return a folder that a tool's cache may keep from run to run, one for each worker."""

    def folder(tool: str) -> Path:
        cache = pytestconfig.cache
        assert cache is not None
        return cache.mkdir(f"{tool}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")

    return folder
