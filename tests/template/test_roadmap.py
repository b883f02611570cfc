"""What docs/roadmap.md lists is there, where it says, and leaves what it says."""

from pathlib import Path

import pytest

from scripts.roadmap import ITEMS, PAGE, Item, page

from .rendering import Renderer
from .test_code_trees import start

LEAVING = sorted({each.answers for each in ITEMS if each.leaves})


def answers_of(text: str) -> dict[str, str]:
    """Return answers that are written as a command line has them."""
    return {"serving": "none"} | dict(word.split("=") for word in text.split())


def test_the_page_lists_the_items() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m scripts.roadmap"


@pytest.mark.test
@pytest.mark.parametrize("answers", sorted({each.answers for each in ITEMS}))
def test_each_item_is_where_the_page_says(renderer: Renderer, answers: str) -> None:
    with renderer.project(answers_of(answers)) as project:
        (package,) = [path for path in (project.folder / "src").iterdir() if path.is_dir()]
        makefile = (project.folder / "Makefile").read_text(encoding="utf-8")
        for each in ITEMS:
            if each.answers == answers:
                # What is not of the package is beside it.
                folder = package if (package / each.file).exists() else project.folder
                text = (folder / each.file).read_text(encoding="utf-8")
                assert each.words in text, f"{each.item}: no {each.words!r} in {each.file}"
                assert f"\n{each.command.removeprefix('make ')}:" in makefile, each.command


@pytest.mark.prove
@pytest.mark.parametrize("answers", LEAVING)
def test_each_item_leaves_what_the_page_says(renderer: Renderer, answers: str) -> None:
    with renderer.project(answers_of(answers)) as project:
        params = project.folder / "params.yaml"
        for command in ("data", "train"):
            result = start(project.folder / "src", "my_ml_project", command, "--params", str(params))
            assert result.returncode == 0, result.stdout
        for each in ITEMS:
            if each.answers == answers and each.leaves:
                assert is_left(each, project.folder / "reports"), each


def is_left(item: Item, reports: Path) -> bool:
    """Return whether a figure or a table of an item is among the reports."""
    where = (
        [reports / "data"]
        if item.command == "make data"
        else [path for path in reports.iterdir() if path.name != "data"]
    )
    if item.leaves.endswith(".png"):
        return any((folder / item.leaves).exists() for folder in where)
    heading = f"<h2>{item.leaves}</h2>"
    return any(heading in (folder / "index.html").read_text(encoding="utf-8") for folder in where)
