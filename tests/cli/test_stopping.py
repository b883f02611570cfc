"""Ctrl-C and signals at any moment leave nothing behind."""

import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from .toy import ENDLESS, release


@pytest.fixture
def endless(template: Path) -> None:
    """Let the template render for ever."""
    release(template, "v1.0.1", {"template/project/slow.txt.jinja": ENDLESS})


CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
# Each signal and each place once on every save, and every signal at every place on every push.
FIRST = [("acme", signal.SIGINT), ("a/b/acme", signal.SIGTERM), ("empty", signal.SIGHUP)]
OTHERS = [pair for pair in product(("acme", "a/b/acme", "empty"), CODES) if pair not in FIRST]


@pytest.mark.parametrize(
    ("path", "number"), [*FIRST, *(pytest.param(*pair, marks=pytest.mark.test) for pair in OTHERS)]
)
def test_stopped_while_rendering(
    endless: None, machine: Path, workshop: Path, path: str, number: signal.Signals
) -> None:
    (workshop / "empty").mkdir()
    command = [sys.executable, "-m", "mlscaffold", "new", path, "--defaults"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 90
        while not list(workshop.glob("**/.mlscaffold-*/*/README.md")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (CODES[number], "")
    assert err.strip() == "stopped; nothing was written"
    assert [entry.name for entry in workshop.rglob("*")] == ["empty"]
    assert list((machine / "temporary").iterdir()) == []
