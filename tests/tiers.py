"""Which of the three commands runs a test: the one place that says what each of them leaves out.

A test that a marker names belongs to that tier, any other to the tier of its folder. `make check` collects the folders
of the first tier alone, as its environment lacks what the others import.
"""

from collections import Counter
from collections.abc import Iterable

import pytest

COMMANDS = {"check": "make check", "test": "make test", "prove": "make prove"}
OF_FOLDER = {"tests/cli": "check", "tests/template": "check", "tests/delivery": "test"}
# What a tier adds to the one before it.
ADDS = {
    "check": "questions, composition, parts, files, projects for every two answers, the command",
    "test": "every three answers, updates, a code tree of each task, deployments, pipelines as files, an image, a life",
    "prove": "all code trees, images, lives, pipelines executed, alerts, checkov, lowest versions, the largest files",
}


def tier_of(item: pytest.Item) -> str:
    """Return the tier of a test."""
    named = [tier for tier in COMMANDS if item.get_closest_marker(tier)]
    folder = next(folder for folder in OF_FOLDER if item.nodeid.startswith(f"{folder}/"))
    return named[-1] if named else OF_FOLDER[folder]


def left_out(tiers: Iterable[str], uncollected: Iterable[str]) -> list[str]:
    """Return what to print about tests that did not run: those of these tiers, and whole folders."""
    counts = Counter(tiers)
    also: dict[str, list[str]] = {}
    for folder in uncollected:
        also.setdefault(OF_FOLDER[folder], []).append(folder)
    lines = []
    for tier, command in COMMANDS.items():
        known = [f"{counts[tier]} test{'' if counts[tier] == 1 else 's'}"] if counts[tier] else []
        if known or tier in also:
            lines.append(f"not run: {' and '.join([*known, *also.get(tier, [])])} of {command} ({ADDS[tier]})")
    return lines
