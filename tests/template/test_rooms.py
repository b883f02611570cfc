"""Every project has the same rooms, with one way through them; what it imports is read from the rendered trees."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from scripts.composition import Composition, telling_trees

from .rendering import Project, Renderer, code_trees, label

GROUND = ("columns", "config", "errors", "schema")
# What each room stands on. The commands stand on all rooms, and one of them starts the service.
BELOW = {
    "ground": "",
    "data": "ground",
    "inference": "ground data",
    "evaluation": "ground data inference",
    "training": "ground data inference evaluation",
    "pipeline": "ground data inference evaluation training",
    "service": "ground inference",
    "cli": "ground data inference evaluation training pipeline",
    "__main__": "cli service",
}
# The service takes from the data what reads a single file or time, and needs no pandas.
ALSO = {("service", "data.images"), ("service", "data.frequency"), ("service", "data.times")}
# Imports that wait until they are used: what starts at once, what a slim image lacks, what reads the environment first.
DEFERRED = {
    "__main__",
    "cli",
    "inference.encoder",
    "inference.predictor",
    "pipeline.commands",
    "service.server",
    "training.commands",
    "training.listing",
    "training.tracking",
}

# Six rooms with a service, and what they stand on.
MOST_ENTRIES = 13

# Trees that hold every Python file of the template; the others are looked at in `make prove`.
TELLING = list(telling_trees(Composition()))


def by_tier() -> list[ParameterSet]:
    """Return the answers of all code trees, each with its tier."""
    return [
        pytest.param(answers, id=label(answers), marks=() if answers in TELLING else pytest.mark.prove)
        for answers in code_trees()
    ]


WITH_SERVICE = [each for each in by_tier() if "serving=none" not in str(each.id)]


class Tree(NamedTuple):
    """A rendered project, its modules by their dotted names, and which of them each imports in any way."""

    project: Project
    modules: dict[str, ast.Module]
    imports: dict[str, set[str]]


@pytest.fixture(scope="module", params=by_tier())
def tree(request: pytest.FixtureRequest, renderer: Renderer) -> Tree:
    """Each tree of code that answers can give."""
    project = renderer.render(request.param)
    modules = read_modules(project)
    found = {
        name: {each for node, _ in imports_of(module) for each in imported(node, name, project)}
        for name, module in modules.items()
    }
    return Tree(project, modules, found)


def read_modules(project: Project) -> dict[str, ast.Module]:
    """Return each module of the package by its dotted name; a room's own is its `__init__`."""
    root = f"src/{project.package}/"
    paths = [path for path in project.python if path.startswith(root)]
    return {
        path.removeprefix(root).removesuffix(".py").replace("/", "."): parsed(project.files[path]) for path in paths
    }


@cache
def parsed(content: bytes) -> ast.Module:
    """Return a module; most are the same in many trees."""
    return ast.parse(content)


@cache
def imports_of(module: ast.Module) -> tuple[tuple[ast.Import | ast.ImportFrom, bool], ...]:
    """Return the statements of a module that import, and whether each stands at its top."""
    top = set(module.body)
    return tuple((node, node in top) for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom))


def imported(node: ast.Import | ast.ImportFrom, name: str, project: Project) -> Iterator[str]:
    """Yield the modules of the package that a statement in the module of this name imports."""
    if isinstance(node, ast.Import):
        absolute = [alias.name for alias in node.names]
    else:
        folder = [project.package, *name.split(".")[:-1]]
        base = [*folder[: len(folder) - node.level + 1], *([node.module] if node.module else [])]
        start = ".".join(base if node.level else [node.module or ""])
        whole = start in {project.package, *(f"{project.package}.{room}" for room in BELOW)}
        absolute = [f"{start}.{alias.name}" for alias in node.names] if whole else [start]
    yield from (each.partition(".")[2] for each in absolute if each.startswith(f"{project.package}."))


def deferred(tree: Tree) -> set[str]:
    """Return the modules that import others of the package somewhere else than at their top."""
    return {
        name
        for name, module in tree.modules.items()
        for node, at_top in imports_of(module)
        if not at_top and any(imported(node, name, tree.project))
    }


def room_of(name: str) -> str:
    """Return the room of a module."""
    first = name.partition(".")[0]
    return first if first in BELOW else "ground"


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """Return modules that import one another in a circle, the first of them once more at the end."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def against_the_way(graph: dict[str, set[str]]) -> list[str]:
    """Return the imports that lead to a room which their own does not stand on."""
    found = []
    for name, needed in graph.items():
        room = room_of(name)
        allowed = {room, *BELOW[room].split()}
        wrong = [each for each in needed if room_of(each) not in allowed and (room, each) not in ALSO]
        found += [f"{name} imports {each}" for each in wrong]
    return sorted(found)


def test_there_is_one_way_through_the_rooms(tree: Tree) -> None:
    assert against_the_way(tree.imports) == []
    assert find_circle(tree.imports) == []
    assert deferred(tree) <= DEFERRED


def test_every_module_has_its_room(tree: Tree) -> None:
    rooms = {"data", "inference", "evaluation", "training", "pipeline"}
    if tree.project.answers["serving"] != "none":
        rooms.add("service")
    ground = {"__init__", "__main__", "cli", *GROUND}
    found = {name for name in tree.modules if "." not in name}
    # What describes a column is there where the data is a table of them.
    assert found == ground - ({"columns"} - found)
    assert {name.partition(".")[0] for name in tree.modules if "." in name} == rooms
    assert len(ground | rooms) <= MOST_ENTRIES


def test_a_room_says_what_each_of_its_modules_is_for(tree: Tree) -> None:
    for room in {name.partition(".")[0] for name in tree.modules if "." in name}:
        said = ast.get_docstring(tree.modules[f"{room}.__init__"]) or ""
        told = {line.split("`")[1] for line in said.splitlines() if line.startswith("- `")}
        assert {f"{room}.{name}" for name in {*told, "__init__"}} == {
            n for n in tree.modules if n.startswith(f"{room}.")
        }


def test_the_readme_says_where_to_change_what(tree: Tree) -> None:
    said = tree.project.text("README.md").split("| to change |")[1].split("\n\n")[0]
    rows = said.splitlines()[2:]
    assert 7 <= len(rows) <= 10
    for name in (name for row in rows for name in row.split("|")[2].split("`")[1::2] if "." in name):
        assert {name, f"src/{tree.project.package}/{name}"} & tree.project.files.keys(), name


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({"data.load": {"config"}, "config": set()}, []),
        ({"inference.bundle": {"training.model"}}, ["inference.bundle imports training.model"]),
        ({"service.api": {"data.images", "data.table"}}, ["service.api imports data.table"]),
        ({"schema": {"data.frequency"}}, ["schema imports data.frequency"]),
    ],
)
def test_an_import_against_the_way_is_found(graph: dict[str, set[str]], said: list[str]) -> None:
    assert against_the_way(graph) == said


def test_a_circle_is_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) in (["b", "c", "b"], ["c", "b", "c"])


@pytest.mark.parametrize("answers", WITH_SERVICE)
def test_without_a_service_its_room_is_missing_and_nothing_else(renderer: Renderer, answers: dict[str, str]) -> None:
    project, bare = renderer.render(answers), renderer.render({**answers, "serving": "none"})
    code = {name for name in project.python if name.startswith(("src/", "tests/"))}
    gone = {name for name in code if name not in bare.files}
    room = f"src/{project.package}/service/"
    names = ("clients", "test_payload", "test_reload", "test_service", "test_watching")
    tests = {f"tests/{name}.py" for name in names}
    tests |= {"tests/test_sampling.py"} if answers["task"] != "forecasting" else set()
    registry = {"tests/test_source.py"} if answers["tracking"] == "mlflow" else set()
    reload = {f"src/{project.package}/pipeline/reload.py"}
    assert {name for name in gone if not name.startswith(room)} == tests | registry | reload
    changed = {name for name in code - gone if project.files[name] != bare.files[name]}
    assert changed == {
        f"src/{project.package}/{name}" for name in ("__main__.py", "pipeline/__init__.py", "pipeline/order.py")
    }
    assert not [name for name in bare.python if name not in project.files]
