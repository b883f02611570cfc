"""What `mlscaffold doctor` says of a project: what it looked at, and the next step."""

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from mlscaffold import _doctor, _inside

from .conftest import Invoke
from .toy import release, tree, write

Make = Callable[..., Path]
SOUND: dict[str, dict[str, Any]] = {
    "python": {"version": "3.12.4"},
    "packages": {"wrong": [], "absent": ["tracing"], "others": []},
    "accelerator": {"cards": None},
    "data": {"examples": 344},
    "model": {"name": "20240131-ridge"},
}


def examine(invoke: Invoke, project: Path, code: int) -> dict[str, tuple[str, str, str]]:
    result = invoke("doctor", project, "--json")
    assert result.exit_code == code, result.output
    return {each["what"]: (each["state"], each["said"], each["next"]) for each in json.loads(result.stdout)}


def put_environment(project: Path, found: dict[str, dict[str, Any]]) -> None:
    """Let the environment of a project say this."""
    python = project / ".venv" / "bin" / "python"
    write(project, {".venv/bin/python": f"#!/bin/sh\necho a warning\ncat <<'END'\n{json.dumps(found)}\nEND\n"})
    python.chmod(0o755)


def test_what_was_not_looked_at_is_said(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    before = tree(project)
    release(template, "v2.0.0", {"template/project/NEW.md": "new\n"})
    found = examine(invoke, project, 1)
    assert found["template"] == ("look", "v1.0.0; there is v2.0.0", "mlscaffold diff shows what it changes")
    assert found["environment"] == ("wrong", "there is no .venv", "make setup")
    assert found["packages"] == found["service"] == ("skipped", "needs the environment", "")
    assert tree(project) == before
    told = invoke("doctor", project).stdout
    assert "WRONG  environment          there is no .venv\n" + " " * 28 + "-> make setup\n" in told


def test_a_sound_project_is_found_sound(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    put_environment(project, SOUND)
    found = examine(invoke, project, 0)
    assert found["environment"] == ("ok", "Python 3.12.4", "")
    assert found["packages"] == ("ok", "as pyproject.toml wants them, without tracing", "")
    assert found["graphics card"] == ("ok", "none is used", "")
    assert found["data"] == ("ok", "344 examples fit the schema", "")
    assert found["model"] == ("ok", "20240131-ridge loads", "")
    assert "service" not in found


@pytest.mark.parametrize(
    ("what", "changed", "expected"),
    [
        (
            "environment",
            {"python": {"version": "3.11.2"}},
            ("look", "Python 3.11.2, and .python-version says 3.12", ""),
        ),
        (
            "packages",
            {
                "packages": {
                    "wrong": ["numpy is missing (wanted: >=2)"],
                    "absent": [],
                    "others": ["pandas 2 (locked: 3)"],
                }
            },
            ("wrong", "numpy is missing (wanted: >=2); pandas 2 (locked: 3)", "make setup"),
        ),
        ("packages", {"packages": {"error": "ImportError: no"}}, ("wrong", "ImportError: no", "make setup")),
        ("graphics card", {"accelerator": {"cards": ["H200"]}}, ("ok", "H200", "")),
        ("graphics card", {"accelerator": {"cards": []}}, ("ok", "none; it trains on the processor", "")),
        ("data", {"data": {"examples": None}}, ("look", "it has no schema yet", "make data")),
        ("data", {"data": {"error": "row 7: 'x' is no number"}}, ("wrong", "row 7: 'x' is no number", "make data")),
        ("model", {"model": {"name": None}}, ("look", "there is none yet", "make train")),
        ("model", {"model": {"error": "it is damaged"}}, ("wrong", "it is damaged", "make train")),
    ],
)
def test_each_finding_has_a_next_step(
    make: Make, invoke: Invoke, what: str, changed: dict[str, dict[str, Any]], expected: tuple[str, str, str]
) -> None:
    project = make("acme")
    write(project, {".python-version": "3.12\n"})
    put_environment(project, {**SOUND, **changed})
    assert examine(invoke, project, int(expected[0] == "wrong"))[what] == expected


def test_a_graphics_card_that_is_wanted_and_not_there_is_told() -> None:
    found = _doctor.of_accelerator({"cards": []}, "gpu")
    assert (found.state, found.said) == ("look", "none is found, and the project is for one")


def test_an_environment_that_cannot_run_is_told(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {".venv/bin/python": "#!/bin/sh\nexit 1\n"})
    (project / ".venv/bin/python").chmod(0o755)
    state, said, following = examine(invoke, project, 1)["environment"]
    assert (state, said.startswith("its Python cannot be run: "), following) == ("wrong", True, "make setup")


def test_what_is_no_project_is_told(workshop: Path, invoke: Invoke) -> None:
    result = invoke("doctor", workshop)
    assert (result.exit_code, "has no .copier-answers.yml" in result.stderr) == (1, True)


def test_packages_are_compared_with_what_is_declared_and_locked(tmp_path: Path) -> None:
    there = metadata.version("click")
    project = {
        "pyproject.toml": """\
[project]
dependencies = ["click>=8", "no-such-package>=1 ; sys_platform == 'none'", "packaging>=999"]
optional-dependencies = {tracing = ["no-such-package>=1"], some = ["click>=8", "no-such-other"]}
""",
        "uv.lock": '[[package]]\nname = "click"\nversion = "0.1"\n[[package]]\nname = "packaging"\nsource = "x"\n',
    }
    write(tmp_path, project)
    found = _inside.packages(tmp_path)
    assert found["wrong"] == [
        f"packaging {metadata.version('packaging')} (wanted: >=999)",
        "no-such-other is missing (wanted: any)",
    ]
    assert found["absent"] == ["tracing"]
    assert found["others"] == [f"click {there} (locked: 0.1)"]


def test_whatever_is_wrong_becomes_a_sentence() -> None:
    def look() -> dict[str, Any]:
        raise KeyError("gone")

    assert _inside.attempt(look) == {"error": "KeyError: 'gone'"}
    assert _inside.accelerator("scikit-learn") == {"cards": None}
