"""The template holds next to no tags, and each rendered file is filled from one axis."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from scripts.axes import AXES, PAGE, axes_of_files, fillings, page
from scripts.composition import with_defaults

from .rendering import Renderer, all_answers
from .sources import PARTS, PROJECT, TEMPLATE, files, read

SLOT = re.compile(
    r'{% from "template/lib/slot\.jinja" import slot with context %}\n{{ slot\("([\w.]+)"\) -}}\n', re.ASCII
)
# Folders within those that answers choose.
INNER = re.compile(r"/(readme|rooms)$")


# Tags are few.


def test_python_files_are_slots_or_verbatim() -> None:
    for name in files(PROJECT):
        if name.endswith(".py.jinja"):
            text = read(PROJECT, name)
            assert SLOT.fullmatch(text) or set(re.findall(r"\{%-?\s*(\w+)", text)) <= {"from"}, name


def test_no_file_of_the_project_holds_a_chain() -> None:
    for folder in (PROJECT, PARTS):
        for name in files(folder):
            text = read(folder, name)
            tags = re.findall(r"\{%-?\s*(\w+)", text) if "jinja" in name or folder == PARTS else []
            assert "elif" not in tags, name
            assert not {"extends", "macro", "block", "call"} & set(tags), name


def test_paths_hold_only_plain_short_tags() -> None:
    for name in files(PROJECT):
        for part in Path(name).parts:
            for tag in re.findall(r"\{.*?\}\}|\{%.*", part):
                assert re.fullmatch(r"\{\{ [a-z_.]+ \}\}", tag), name
                assert len(tag) <= 40, name
            assert not re.search(r"['\"\\<>:|?*]", part), name


def test_tags_are_few_for_what_they_render(renderer: Renderer, capsys: pytest.CaptureFixture[str]) -> None:
    project, parts = renderer.render(), parts_for(renderer, {})
    lines = sum(content.count(b"\n") for name, content in project.files.items() if "data/raw" not in name)
    sources = [read(PROJECT, name) for name in files(PROJECT) if name.endswith(".jinja") and in_layers(renderer, name)]
    slots = sum(count_tags(text) for text in sources if SLOT.fullmatch(text))
    bodies = sum(count_tags(text) for text in sources if not SLOT.fullmatch(text))
    chosen = [name for name in files(PARTS) if not name.endswith(".py")]
    chosen = [name for name in chosen if INNER.sub("", str(Path(name).parent)) in parts]
    bodies += sum(count_tags(read(PARTS, name)) for name in chosen)
    with capsys.disabled():
        print(f"\n{bodies} tags in bodies and {slots} in slots for {lines} lines rendered by default:", end=" ")
        print(f"{100 * bodies / lines:.1f} and {100 * slots / lines:.1f} for 100 lines")
    # A slot is two tags, for a file that would otherwise be one chain of them.
    assert 100 * bodies / lines < 2
    assert 100 * (bodies + slots) / lines < 4


def in_layers(renderer: Renderer, name: str) -> bool:
    """Return whether a file of the project is rendered by default."""
    layer = renderer.questions.state("layer", with_defaults(renderer.questions, {})).default
    assert isinstance(layer, dict)
    return all(layer[each] for each in re.findall(r"\{\{ layer\.(\w+) \}\}", name))


def count_tags(text: str) -> int:
    """Return the number of Jinja tags, as Jinja's own lexer sees them."""
    return sum(kind in {"variable_begin", "block_begin"} for _, kind, _ in Environment().lex(text))


# Slots and parts.


def test_every_kind_of_part_has_an_axis() -> None:
    assert {name.split("/")[0] for name in files(PARTS)} == set(AXES)


@pytest.mark.parametrize(("name", "axes"), sorted(axes_of_files().items()))
def test_a_file_is_filled_from_one_axis(name: str, axes: set[str]) -> None:
    assert len(axes) == 1, f"{name} is filled from {sorted(axes)}"


def test_the_page_of_files_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m scripts.axes"


def test_every_part_is_asked_for() -> None:
    texts = "\n".join(read(TEMPLATE, name) for name in files(TEMPLATE) if not name.endswith((".py", ".csv", ".json")))
    asked = {*fillings("slot", texts), *fillings("gather", texts), "task.yml", "framework.yml"}
    unused = [name for name in files(PARTS) if not any(name.endswith(f"/{each}") for each in asked)]
    assert unused == []


@pytest.mark.test
def test_every_folder_of_parts_is_chosen_by_some_answers(renderer: Renderer) -> None:
    # A folder is named by three answers at most.
    chosen = {part for answers in all_answers().covering(3) for part in parts_for(renderer, answers)}
    folders = {INNER.sub("", str(Path(name).parent)) for name in files(PARTS)}
    assert sorted(folders - chosen) == []


def parts_for(renderer: Renderer, answers: dict[str, str]) -> list[str]:
    """Return the folders of parts that the answers choose."""
    parts = renderer.questions.state("parts", with_defaults(renderer.questions, answers)).default
    assert isinstance(parts, list)
    return parts
