"""The tiers of the tests, and the lines at the end that say what was proved and what was left out."""

from collections.abc import Sequence
from typing import Any, Protocol

import pytest
from tally import Tally
from tiers import COMMANDS, OF_FOLDER, left_out, tier_of

TALLY = pytest.StashKey[Tally]()
GREEN = pytest.StashKey[bool]()


class Worker(Protocol):
    """A worker of xdist, as the process that started it sees it; `workeroutput` is there once it ended well."""

    config: pytest.Config
    workeroutput: dict[str, dict[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    """Start counting."""
    config.stash[TALLY] = Tally()
    config.stash[GREEN] = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its tier, and no other, so that -m finds it once."""
    tiers = [tier_of(item) for item in items]
    for node in {node for item in items for node in item.listchain()}:
        node.own_markers[:] = [marker for marker in node.own_markers if marker.name not in COMMANDS]
    for item, tier in zip(items, tiers, strict=True):
        item.add_marker(tier)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what is left out."""
    if items:
        items[0].config.stash[TALLY].left += [tier_of(item) for item in items]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand the counts of a worker to the process that started it."""
    session.config.stash[GREEN] = exitstatus == 0
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = session.config.stash[TALLY].as_dict()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Worker, error: object) -> None:
    """Take the counts of a worker that ended; one that died took its counts with it."""
    output = getattr(node, "workeroutput", {})
    if "tally" in output:
        node.config.stash[TALLY].add(output["tally"])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the closing lines after everything else."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(config, "workeroutput") and not config.option.collectonly:
        tally = config.stash[TALLY]
        uncollected = [folder for folder in OF_FOLDER if not any(covers(word, folder) for word in config.args)]
        # Only who asks for a tier is told of the others.
        left = left_out(tally.left, uncollected) if config.option.markexpr else []
        for line in [*left, *tally.lines(config.stash[GREEN])]:
            reporter.write_line(line)


def covers(argument: str, folder: str) -> bool:
    """Return whether an argument of pytest is the folder, above it or below it."""
    return f"{argument}/".startswith(f"{folder}/") or f"{folder}/".startswith(f"{argument.rstrip('/')}/")


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """What was proved so far."""
    return pytestconfig.stash[TALLY]
