"""What is newer than a project's template is known from names alone, and as the template itself would say."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold import _doctor, _versions
from mlscaffold._copier import open_template
from mlscaffold._errors import MlscaffoldError
from mlscaffold._source import Source

from .toy import commit, git, write

TAGS = {"v1.0.0": "a1b2c3d", "v1.10.0": "b2c3d4e", "v1.9.0": "c3d4e5f", "v2.0.0rc1": "d4e5f6a", "latest": "b2c3d4e"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v1.9.0", "v1.10.0"),
        ("v1.10.0", "v1.10.0"),
        ("v1.10.0-3-gfedcba9", "v1.10.0-3-gfedcba9"),
        ("v1.9.0-3-gfedcba9", "v1.10.0"),
        ("latest", "latest"),
        ("b2c3d4e", "b2c3d4e"),
        ("v2.0.0rc1", "v2.0.0rc1"),
        ("v3.0.0", "v3.0.0"),
        ("0e1d2c3", "v1.10.0"),
    ],
)
def test_the_newest_tag_that_is_a_release_counts(
    monkeypatch: pytest.MonkeyPatch, workshop: Path, before: str, after: str
) -> None:
    write(workshop, {".copier-answers.yml": f"_src_path: https://git.example.com/t.git\n_commit: {before}\n"})
    monkeypatch.setattr("mlscaffold._git.remote_commits", lambda url: {"HEAD": "e5f6a7b", **TAGS})
    assert _versions.newer(workshop) == (before, after)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("gh:acme/template", "https://github.com/acme/template"),
        ("gl:acme/template.git", "https://gitlab.com/acme/template.git"),
        ("git+https://git.example.com/t", "https://git.example.com/t"),
        ("git@git.example.com:acme/t.git", "git@git.example.com:acme/t.git"),
        ("/srv/template", "/srv/template"),
    ],
)
def test_git_is_asked_at_the_address_that_is_meant(location: str, url: str) -> None:
    assert _versions.address(location) == url


@pytest.mark.parametrize("tag", ["", "nightly", "v1.0.0"])
def test_it_is_what_the_template_itself_would_say(make: Callable[..., Path], template: Path, tag: str) -> None:
    git(template, "tag", "--delete", "v1.0.0")
    if tag:
        git(template, "tag", "--annotate", "--message", tag, tag)
    project = make("acme")
    before, same = _versions.newer(project)
    assert before == same
    write(template, {"template/project/NEW.md": "new\n"})
    commit(template, "new")
    if tag.startswith("v"):
        assert _versions.newer(project) == (before, before), "releases alone count where there are some"
        git(template, "tag", "--annotate", "--message", "new", "v1.1.0")
    with open_template(Source(str(template))) as engine:
        said = str(engine.commit)
    after = _versions.newer(project)[1]
    assert after != before
    assert said.endswith(after)


def test_without_git_that_is_what_is_said(make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    project = make("acme")
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(MlscaffoldError, match="git is not installed"):
        _versions.newer(project)
    assert (_doctor.template(project).state, _doctor.git(project).state) == ("look", "wrong")


def test_a_look_at_versions_needs_no_copier(make: Callable[..., Path]) -> None:
    arguments = ["update", "--check", str(make("acme"))]
    program = (
        f"from mlscaffold._cli import cli; cli({arguments}, standalone_mode=False); import sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, _, modules = done.stdout.partition("\n")
    assert first == "Already up to date with the template, v1.0.0."
    assert not {"copier", "jinja2", "prompt_toolkit"} & set(modules.split())
