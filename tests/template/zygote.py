"""Run the tests of many projects in forks of one process, so that the imports they share are paid once.

As a script it takes the names of modules, imports them, and then forks for every line of JSON that it reads: a folder,
the arguments of pytest and the file for its output. It answers with the exit status and the seconds of a processor, as
long as one takes that does `pace` in `USUAL` seconds: how fast a machine is, and what else it does, changes nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

# Fitted, as nobody timed `pace` when the bounds of projects' tests were found: 0.0037 would tell of clustering what it
# cost then, so that this is on the strict side.
USUAL = 0.005


class Outcome(NamedTuple):
    """How a project's tests ended: pytest's exit status, and how long a processor worked on them."""

    status: int
    seconds: float


class Zygote:
    """A process that has imported what projects import."""

    def __init__(self, modules: str, environment: dict[str, str]) -> None:
        """Start the process; it imports the modules in the background."""
        command = [sys.executable, __file__, *modules.split()]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def pytest(self, folder: Path, arguments: Sequence[str], output: Path) -> Outcome:
        """Run pytest in the folder, in a fork that has imported nothing of the project."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(folder), list(arguments), str(output)]), file=self._process.stdin, flush=True)
        status, seconds = json.loads(self._process.stdout.readline())
        return Outcome(status, seconds)

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def serve(modules: Sequence[str]) -> None:
    """Import the modules; then fork for each line of the standard input and answer how it ended."""
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        folder, arguments, output = json.loads(line)
        if not (child := os.fork()):
            os._exit(run(folder, arguments, output))
        paces = [pace()]
        while not (ended := os.wait4(child, os.WNOHANG))[0]:
            time.sleep(1)
            paces.append(pace())
        _, status, used = ended
        seconds = (used.ru_utime + used.ru_stime) * USUAL / mean(paces)
        print(json.dumps([os.waitstatus_to_exitcode(status), seconds]), flush=True)


def pace() -> float:
    """Return how many seconds a processor takes for some work that is always the same."""
    start = time.process_time()
    sum(number * number for number in range(100_000))
    return time.process_time() - start


def run(folder: str, arguments: list[str], output: str) -> int:
    """Run pytest as `python -m pytest` in the folder would, with its output in a file; return its exit status."""
    import pytest

    os.chdir(folder)
    sys.path.insert(0, folder)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)
    status = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    serve(sys.argv[1:])
