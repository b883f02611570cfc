"""The command line beside Copier's own, and beside the import of click."""

from __future__ import annotations

import shutil
import sys
import tempfile
from itertools import count
from pathlib import Path

from benchmarks._compare import Result, ratio, run

ROOT = Path(__file__).parents[1]


def measure(rounds: int = 7) -> list[Result]:
    """Return the cost of `new` relative to `copier copy`, and of `--help` relative to importing click."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = count()

        def new() -> None:
            target = Path(folder) / f"new-{next(numbers)}"
            run([sys.executable, "-m", "mlscaffold", "new", target, "--defaults", "--no-git"])
            shutil.rmtree(target)

        def copy() -> None:
            target = Path(folder) / f"copy-{next(numbers)}"
            run([sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", ROOT, target])
            shutil.rmtree(target)

        def help_text() -> None:
            run([sys.executable, "-m", "mlscaffold", "--help"])

        def import_click() -> None:
            run([sys.executable, "-c", "import click"])

        return [
            Result(
                "mlscaffold new --defaults / copier copy --defaults", ratio(new, copy, rounds=rounds), 1.15, "times"
            ),
            Result("mlscaffold --help / import click", ratio(help_text, import_click, rounds=5 * rounds), 1.5, "times"),
        ]
