"""The service is a room of its own: it stands on what reads and runs a saved model, and nothing stands on it."""

import ast
from collections.abc import Iterator

import pytest

from .rendering import Project, Renderer, code_trees, label

ROOM = "service"
# What the room stands on: a saved model, and what is known of the data.
BELOW = {"bundle", "encoder", "errors", "frequency", "images", "prediction", "schema", "versions"}
# The commands, one of which starts it.
ABOVE = {"__main__"}

WITH_SERVICE = [answers for answers in code_trees() if answers["serving"] != "none"]


def imports(project: Project) -> dict[str, set[str]]:
    """Return which modules of the package each of them imports, deferred imports and those for types included."""
    root = f"src/{project.package}/"
    names = [name for name in project.python if name.startswith(root)]
    return {module(name.removeprefix(root)): set(imported(name.removeprefix(root), project)) for name in names}


def module(path: str) -> str:
    """Return the dotted name of a module."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(path: str, project: Project) -> Iterator[str]:
    """Yield the modules of the package that a file imports."""
    folder = module(path).split(".")[:-1]
    for node in ast.walk(ast.parse(project.files[f"src/{project.package}/{path}"])):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = folder[: len(folder) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (".".join([*above, name]) for name in names)


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules that import themselves by way of others."""

    def reaches(start: str) -> set[str]:
        found: set[str] = set()
        pending = set(graph[start])
        while pending:
            found |= pending
            pending = {each for name in pending for each in graph.get(name, set())} - found
        return found

    return sorted(name for name in graph if name in reaches(name))


@pytest.mark.parametrize("answers", WITH_SERVICE, ids=label)
def test_the_service_stands_on_a_saved_model_alone(renderer: Renderer, answers: dict[str, str]) -> None:
    graph = imports(renderer.render(answers))
    inside = {name: needed for name, needed in graph.items() if name.startswith(f"{ROOM}.")}
    assert len(inside) >= 8
    outside = {each for needed in inside.values() for each in needed if not each.startswith(f"{ROOM}.")}
    assert outside <= BELOW
    assert circles(inside) == []
    users = {name for name, needed in graph.items() if name not in inside and any(each in inside for each in needed)}
    assert users == ABOVE


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]


@pytest.mark.parametrize("answers", WITH_SERVICE, ids=label)
def test_without_a_service_its_room_is_missing_and_nothing_else(renderer: Renderer, answers: dict[str, str]) -> None:
    project, bare = renderer.render(answers), renderer.render({**answers, "serving": "none"})
    code = {name for name in project.python if name.startswith(("src/", "tests/"))}
    gone = {name for name in code if name not in bare.files}
    room = f"src/{project.package}/{ROOM}/"
    assert {name for name in gone if not name.startswith(room)} == {
        "tests/clients.py",
        "tests/test_payload.py",
        "tests/test_service.py",
    }
    changed = {name for name in code - gone if project.files[name] != bare.files[name]}
    assert changed == {f"src/{project.package}/__main__.py"}
    assert not [name for name in bare.python if name not in project.files]
