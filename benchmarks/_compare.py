"""Time things side by side, so that a busy machine slows both alike, and print ratios beside their goals."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One measured figure, and the bound that it is held to."""

    what: str
    value: float
    bound: float
    unit: str
    at_most: bool = True

    @property
    def holds(self) -> bool:
        """Whether the figure keeps to its bound."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        """One line: what, the figure, the bound, and whether it holds."""
        sign = "<=" if self.at_most else ">="
        verdict = "ok" if self.holds else "MISSED"
        return f"{self.what:66} {self.value:9.2f} {self.unit:10} {sign} {self.bound:g}  {verdict}"


def seconds(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def ratio(first: Callable[[], object], second: Callable[[], object], *, rounds: int) -> float:
    """Return the median over rounds of first / second, timed in turn, the order changing each round."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            other, one = seconds(second), seconds(first)
        else:
            one, other = seconds(first), seconds(second)
        ratios.append(one / other)
    return statistics.median(ratios)


def run(command: Sequence[str | Path], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed and return what it printed."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
