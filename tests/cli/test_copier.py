"""The names inside Copier that mlscaffold stands on; when this fails, a release of Copier changed them."""

import inspect
from pathlib import Path

from copier._main import Worker, run_update
from copier._template import Template
from copier._user_data import Question

from mlscaffold._copier import open_template
from mlscaffold._source import Source

from .toy import ENDLESS, TOY, write


def test_the_names_are_there() -> None:
    assert {"src_path", "dst_path", "data", "settings", "defaults", "quiet", "cleanup_on_error"} <= set(
        inspect.signature(Worker).parameters
    )
    assert {"data", "settings", "defaults", "overwrite", "quiet"} <= set(inspect.signature(run_update).parameters)
    assert {"answers", "context", "jinja_env", "settings", "var_name"} <= set(inspect.signature(Question).parameters)
    for owner, names in {
        Worker: ("_render_context", "_sync_git_index_executable_bit", "jinja_env", "template", "run_copy"),
        Template: ("_cleanup", "commit", "commit_hash", "git_index_modes", "local_abspath", "questions_data", "vcs"),
        Question: ("_formatted_choices", "cast_answer", "get_default", "get_message"),
    }.items():
        assert [name for name in names if not hasattr(owner, name)] == []


def test_a_template_is_cloned_once_and_the_clone_removed(template: Path, machine: Path) -> None:
    temporary = machine / "temporary"
    with open_template(Source(str(template))) as engine:
        assert len(list(temporary.iterdir())) == 1
        engine.render(machine / "acme", {"project_name": "Acme"})
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []
    assert (machine / "acme/README.md").read_text().startswith("# Acme\n")


def test_opening_does_not_render_and_reads_a_plain_folder(machine: Path) -> None:
    write(machine / "plain", {**TOY, "template/project/slow.txt.jinja": ENDLESS})
    with open_template(Source(str(machine / "plain"))) as engine:
        assert engine.commit is None
        assert engine.state("serving", {}).values == ("fastapi", "none")
