"""Where the template comes from, for each way to install the command."""

import shutil
from pathlib import Path

import pytest
import yaml

from mlscaffold._source import Source, _installed_source, find_source

from .conftest import Invoke
from .toy import commit, git, release

REPOSITORY = Path(__file__).parents[2]


def test_in_a_checkout_it_is_the_checkout() -> None:
    assert find_source() == Source(str(REPOSITORY))


def test_the_variable_goes_first_and_paths_become_absolute(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(template.parent)
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", "toy")
    assert find_source() == Source(str(template))
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", "gh:acme/template")
    assert find_source() == Source("gh:acme/template")


def test_installed_from_a_clone_it_is_the_clone(template: Path, machine: Path) -> None:
    clone = template.rename(machine / "my clone")
    direct_url: dict[str, object] = {"url": clone.as_uri(), "dir_info": {}}
    assert _installed_source(direct_url, machine / "bundled") == Source(str(clone))


@pytest.mark.parametrize("direct_url", [{}, {"url": "file:///nowhere", "dir_info": {}}, {"url": "https://x/a.whl"}])
def test_installed_without_git_it_is_the_bundle_and_updates_are_denied(
    machine: Path, direct_url: dict[str, object]
) -> None:
    source = _installed_source(direct_url, machine / "bundled")
    assert (source.location, source.folder) == (str(machine / "bundled"), machine / "bundled")
    assert "install it from its git repository" in source.no_updates


@pytest.mark.test
def test_installed_from_a_git_url_it_is_offline_and_its_projects_can_be_updated(
    template: Path, machine: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = machine / "bundled"
    shutil.copytree(template, bundled, ignore=shutil.ignore_patterns(".git"))
    head = git(template, "rev-parse", "HEAD")
    direct_url: dict[str, object] = {"url": template.as_uri(), "vcs_info": {"vcs": "git", "commit_id": head}}
    monkeypatch.setattr("mlscaffold._source.find_source", lambda: _installed_source(direct_url, bundled))

    offline = template.rename(machine / "offline")
    result = invoke("new", "acme", "--defaults")
    assert result.exit_code == 0, result.output
    assert "mlscaffold update brings later versions" in result.stdout
    recorded = yaml.safe_load((workshop / "acme/.copier-answers.yml").read_text())
    assert (recorded["_src_path"], recorded["_commit"]) == (f"git+{template.as_uri()}", head)

    offline.rename(template)
    assert "Already up to date" in invoke("update", "acme").stdout
    assert git(workshop / "acme", "status", "--porcelain") == ""
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})
    result = invoke("update", "acme")
    assert result.exit_code == 0, result.output
    assert (workshop / "acme/NEW.md").read_text() == "new\n"


def test_a_template_by_url_without_network_is_told(
    workshop: Path, machine: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", f"git+{(machine / 'nowhere').as_uri()}")
    result = invoke("new", "acme", "--defaults")
    assert result.exit_code == 1
    assert "git says: " in result.stderr
    assert list(workshop.iterdir()) == []


def test_a_template_in_a_path_with_spaces(
    template: Path, machine: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = template.rename(machine / "die größte vorlage")
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(moved))
    assert invoke("new", "acme", "--defaults").exit_code == 0
    (moved / "template/project/NEW.md").write_text("new\n")
    commit(moved, "new")
    git(moved, "tag", "v1.1.0")
    assert invoke("update", "acme").exit_code == 0
    assert (workshop / "acme/NEW.md").is_file()


@pytest.mark.parametrize(
    ("origin", "recorded"),
    [
        ("https://example.org/acme/toy.git", "https://example.org/acme/toy.git"),
        ("https://ada:secret@example.org:8443/acme/toy", "git+https://example.org:8443/acme/toy"),
        ("git@example.org:acme/toy", "git@example.org:acme/toy"),
        ("ssh://git@example.org/acme/toy", "git+ssh://git@example.org/acme/toy"),
        ("../elsewhere", None),
        ("file:///srv/toy.git", None),
    ],
)
def test_a_project_records_where_others_find_the_template(
    template: Path, workshop: Path, invoke: Invoke, origin: str, recorded: str | None
) -> None:
    git(template, "remote", "add", "origin", origin)
    git(template, "update-ref", "refs/remotes/origin/main", "HEAD")
    said = invoke("new", "acme", "--defaults").stdout
    answers = yaml.safe_load((workshop / "acme/.copier-answers.yml").read_text())
    assert (answers["_src_path"], answers["_commit"]) == (recorded or str(template), "v1.0.0")
    assert ("Only this machine has that template" in said) == (recorded is None)
    assert "secret" not in said


def test_what_a_server_lacks_is_on_this_machine_alone(template: Path, workshop: Path, invoke: Invoke) -> None:
    git(template, "remote", "add", "origin", "https://example.org/acme/toy.git")
    git(template, "update-ref", "refs/remotes/origin/main", "HEAD")
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})
    assert "Only this machine has that template" in invoke("new", "acme", "--defaults").stdout
    assert yaml.safe_load((workshop / "acme/.copier-answers.yml").read_text())["_src_path"] == str(template)
    # Changes that are not committed are used where there is no version.
    git(template, "tag", "--delete", "v1.0.0", "v1.1.0")
    git(template, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert invoke("new", "hens", "--defaults").exit_code == 0
    assert yaml.safe_load((workshop / "hens/.copier-answers.yml").read_text())["_src_path"].startswith("https://")
    (template / "template/project/NEW.md").write_text("newer\n")
    assert invoke("new", "ducks", "--defaults").exit_code == 0
    assert yaml.safe_load((workshop / "ducks/.copier-answers.yml").read_text())["_src_path"] == str(template)
