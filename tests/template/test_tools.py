"""The tools for people who work on the template say what fills a file, link to it, and see a fault in it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlscaffold._errors import UsageError
from scripts import where, work
from scripts.composition import Composition

from .rendering import ROOT, copy_template

Tool = Callable[..., str]

PART = "template/parts/modalities/tabular/encoder.py"
ENCODER = "src/acme_ml/inference/encoder.py"


@pytest.fixture(scope="module")
def composition() -> Composition:
    """The template as it lies."""
    return Composition()


@pytest.fixture
def tool(composition: Composition, capsys: pytest.CaptureFixture[str]) -> Tool:
    """Run a tool, and return what it printed."""

    def run(name: str, *words: object) -> str:
        texts = list(map(str, words))
        if name == "where":
            where.main(composition, texts)
        else:
            work.main(composition, Path(texts[0]), texts[1:])
        return capsys.readouterr().out

    return run


def test_the_part_that_fills_a_slot_is_told_and_those_that_could(tool: Tool) -> None:
    lines = tool("where", "src/acme_ml/inference/encoder.py", "task=regression", "framework=pytorch").splitlines()
    assert lines[:3] == [
        "src/acme_ml/inference/encoder.py is a slot, filled by:",
        f"  {PART}",
        "other answers fill it from:",
    ]
    assert "  template/parts/modalities/image/encoder.py" in lines


def test_all_fragments_of_a_gathered_file_are_told(tool: Tool) -> None:
    lines = tool("where", "Makefile", "environment=venv", "ci=none").splitlines()
    assert lines[0] == "Makefile is put together by template/project/Makefile.jinja from:"
    assert lines[1] == "  template/parts/environments/venv/setup.mk"
    assert lines.index("other answers fill it from:") < lines.index("  template/parts/environments/uv/setup.mk")


def test_a_file_that_is_no_slot_is_told_under_any_package_name(tool: Tool) -> None:
    assert "train.py is template/project/src/{{ package_name }}/training/train.py" in tool(
        "where", "src/mine/training/train.py"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no file is named"),
        (["src/a/data/images.py"], "There is one with task=image-classification."),
        (["src/a/trian.py"], "Did you mean src/acme_ml/training/train.py?"),
        (["src/a/training/train.py", "task=ranking"], "there is no choice 'ranking'"),
        (["src/a/training/train.py", "tsk=regression"], "did you mean task?"),
        (["src/a/training/train.py", "regression"], "'regression' is no answer"),
    ],
)
def test_what_is_wrong_is_told(tool: Tool, words: list[str], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        tool("where", *words)
    assert told in str(refused.value)


def test_an_error_is_no_traceback() -> None:
    command = [sys.executable, "-m", "scripts.where"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: no file is named\n  Try: make where FILE=")


def test_a_file_that_equals_its_source_is_a_link_to_it(tool: Tool, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    said = tool("work", folder, "task=regression", "framework=pytorch")
    assert (folder / "src/acme_ml/inference/encoder.py").resolve() == ROOT / PART
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    assert all(path.resolve().is_file() for path in links)
    assert f"{len(links)} of " in said
    assert "README.md" in said
    assert not (folder / "README.md").is_symlink()


def test_nothing_that_was_written_there_is_lost(tool: Tool, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    tool("work", folder)
    # What tools write may go.
    (folder / "models/a").mkdir(parents=True)
    (folder / "models/a/model.onnx").touch()
    tool("work", folder, "task=regression")
    assert not (folder / "models").exists()
    (folder / "tests/test_mine.py").touch()
    (folder / "README.md").write_text("Mine\n")
    with pytest.raises(UsageError, match=r"would lose README.md, tests/test_mine.py"):
        tool("work", folder)
    assert (folder / "README.md").read_text() == "Mine\n"


def test_a_folder_of_something_else_is_left_alone(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"would lose thesis.tex"):
        tool("work", tmp_path)


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_wrong_type_in_a_part_is_found_where_it_lies(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "copy")
    part = template / PART
    part.write_text(part.read_text() + '\nWRONG: int = "a text"\n')
    command = [sys.executable, "-m", "scripts.typecheck", str(tmp_path / "typed"), "--root", str(template)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    line = len(part.read_text().splitlines())
    assert f"{PART}:{line}: error: Incompatible types in assignment" in done.stdout
    assert "NOT typed" in done.stdout
    assert done.returncode == 1
