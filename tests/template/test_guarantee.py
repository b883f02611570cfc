"""Newer templates and other answers lose no line that a person wrote, and all that they do can be undone.

Random projects get random edits, and what other answers and a template that went on make of them; a checker that knows
nothing of merging looks for every line of the edits.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from mlscaffold import _apply, _moves
from mlscaffold._merge import Places, Plan, work_out
from mlscaffold._store import Store
from mlscaffold._update import undo

from .rendering import Renderer, read_tree
from .test_update import git

EDITS = 10
SHARES = 4
# `make test` runs the first of them.
PAIRS = [pytest.param(number, marks=pytest.mark.test if number < 3 else pytest.mark.prove) for number in range(50)]
# What every project has git ignore.
OWN = {"data/raw/own.csv": b"a,b\n1,2\n", "models/mine/model.onnx": b"mine\n", "reports/mine/index.html": b"mine\n"}
# These say what git ignores, and which template it is.
NOT_EDITED = (".gitignore", ".copier-answers.yml")
Files = dict[str, bytes]


@pytest.fixture
def project(machine: Path) -> Path:
    """A folder for a project, which is a repository."""
    folder = machine / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", PAIRS)
def test_no_line_is_lost(
    renderer: Renderer, combinations: list[dict[str, str]], machine: Path, project: Path, number: int
) -> None:
    random = Random(number)
    before, after = random.choice(combinations), random.choice(combinations)
    if number % 3 == 0:
        after = {**after, "package_name": "elsewhere"}
    if number % 5 == 0:
        after = before
    base, theirs = dict(renderer.render(before).files), gone_on(dict(renderer.render(after).files), random)
    places = _moves.by_answers(renderer.questions.engine, before, after)
    for name, files in (("base", base), ("theirs", theirs)):
        put(machine / name, files)
    put(project, base)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Start")
    start = git(project, "rev-parse", "HEAD").strip()
    for case in range(EDITS):
        git(project, "reset", "--quiet", "--hard", start)
        edit(project, f"mine-{number}-{case}", random)
        put(project, OWN)
        assert git(project, "status", "--porcelain") == ""
        check(project, machine, base, places, f"{number}-{case}")


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
def test_each_answer_by_itself_loses_no_line_of_any_file(
    renderer: Renderer, machine: Path, project: Path, share: int
) -> None:
    changes = single_changes(renderer)
    assert len(changes) > 30
    base = dict(renderer.render().files)
    put(machine / "base", base)
    put(project, base)
    random = Random(share)
    for name, content in base.items():
        if b"\0" not in content and not name.endswith(NOT_EDITED):
            alter(project / name, b"mine in " + name.encode(), random)
            append(project / name, b"mine below " + name.encode(), random)
    put(project, OWN)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Mine, everywhere")
    for question, value in changes[share::SHARES]:
        put(machine / "theirs", dict(renderer.render({question: value}).files))
        places = _moves.by_answers(renderer.questions.engine, {}, {question: value})
        check(project, machine, base, places, f"{question}-{value}")
        shutil.rmtree(machine / "theirs")


def single_changes(renderer: Renderer) -> list[tuple[str, str]]:
    """Return each answer that a project of defaults can have in place of one of its own."""
    questions = renderer.questions
    answers = questions.complete({}, {})
    states = {name: questions.state(name, answers) for name in questions.choosers}
    chosen = [
        (name, str(value))
        for name, state in states.items()
        if state.asked
        for value in state.values
        if value != state.default
    ]
    return [*chosen, ("package_name", "elsewhere"), ("project_name", "Somewhere else"), ("description", "Ours")]


def check(project: Path, machine: Path, base: Files, places: Places, case: str) -> None:
    """Merge, look for every line of the edits, and undo it all."""
    mine = tracked(project)
    store = Store(machine / f"store-{case}", project)
    plan = work_out(store, store.add(machine / "base"), store.add(machine / "theirs"), places)
    _apply.check_places(project, plan)
    _apply.write(store, plan)
    there = {path: content for path, content in read_tree(project).items() if not path.startswith(".git/")}
    assert not list(lost(base, mine, there)), case
    assert not list(back(base, mine, there, plan, places)), case
    named = {path for path, content in there.items() if b"\n<<<<<<< yours" in content and path not in mine}
    assert named <= plan.conflicts.keys(), case
    subprocess.run(undo(project), shell=True, check=True, capture_output=True)
    assert tracked(project) == mine, case
    assert git(project, "status", "--porcelain") == "", case
    assert {path: (project / path).read_bytes() for path in OWN} == OWN, case


def lost(base: Files, mine: Files, there: Files) -> Iterator[str]:
    """Yield the lines that a person wrote, and the files without lines, that are nowhere in the working tree."""
    known, old = (lines_of(files) for files in (there, base))
    whole = set(there.values())
    for path, content in mine.items():
        if base.get(path) == content:
            continue
        if b"\0" in content:
            yield from [path] if content not in whole else []
            continue
        yield from (f"{path}: {line!r}" for line in lines_of({path: content}) - old - known)


def lines_of(files: Files) -> set[bytes]:
    return {line.rstrip(b"\r") for content in files.values() for line in content.split(b"\n")}


def back(base: Files, mine: Files, there: Files, plan: Plan, places: Places) -> Iterator[str]:
    """Yield the files that a person removed and that are there again, though nothing says so."""
    for path in base.keys() - mine.keys():
        new = places.of(path)
        if new in there and new not in mine and new not in plan.conflicts and new not in plan.added:
            yield path


def tracked(project: Path) -> Files:
    """Return the files that git has, as they lie there."""
    names = git(project, "ls-files", "-z").split("\0")
    return {name: (project / name).read_bytes() for name in names if name and (project / name).is_file()}


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def gone_on(files: Files, random: Random) -> Files:
    """Return what a newer template makes: some lines are others, some files are elsewhere, new, or no longer there."""
    names = sorted(name for name in files if name != ".copier-answers.yml" and files[name].count(b"\n") > 3)
    for name in random.sample(names, 12):
        lines = files[name].split(b"\n")
        place = random.randrange(len(lines))
        lines[place : place + random.randrange(3)] = [b"# of the newer template"]
        files[name] = b"\n".join(lines)
    for name in random.sample(names, 4):
        files[f"{name.rpartition('/')[0] or 'docs'}/moved_{random.randrange(9)}.txt"] = files.pop(name)
    for name in random.sample(sorted(files), 3):
        del files[name]
    return files


def edit(project: Path, mark: str, random: Random) -> None:
    """Edit as people do, each time with words of their own, and commit."""
    texts = [name for name, content in tracked(project).items() if b"\0" not in content]
    for count, name in enumerate(random.sample([name for name in texts if not name.endswith(NOT_EDITED)], 25)):
        kind, path = random.choice(KINDS), project / name
        KINDS_OF[kind](path, f"{mark}-{count}".encode(), random)
    package = next((project / "src").iterdir())
    put(package, {"own.py": f"OWN = '{mark}'\n".encode(), "room/own.py": f"DEEP = '{mark}'\n".encode()})
    put(project, {"picture.bin": mark.encode() + bytes(range(256))})
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Mine")


def append(path: Path, mark: bytes, _: Random) -> None:
    path.write_bytes(path.read_bytes() + b"\n# " + mark + b"\n")


def alter(path: Path, mark: bytes, random: Random) -> None:
    lines = path.read_bytes().split(b"\n")
    for place in random.sample(range(len(lines)), min(3, len(lines))):
        lines[place] += b"  # " + mark
    path.write_bytes(b"\n".join(lines))


def delete_lines(path: Path, mark: bytes, random: Random) -> None:
    lines = path.read_bytes().split(b"\n")
    start = random.randrange(len(lines))
    path.write_bytes(b"\n".join([*lines[:start], b"# " + mark, *lines[start + 5 :]]))


def indent(path: Path, mark: bytes, _: Random) -> None:
    path.write_bytes(b"\n".join(b"   " + line for line in [*path.read_bytes().split(b"\n"), mark]))


def carriages(path: Path, mark: bytes, _: Random) -> None:
    path.write_bytes((path.read_bytes() + b"# " + mark + b"\n").replace(b"\r", b"").replace(b"\n", b"\r\n"))


def rename(path: Path, mark: bytes, random: Random) -> None:
    append(path, mark, random)
    path.rename(path.with_name(f"mine_{path.name}"))


def write_anew(path: Path, mark: bytes, _: Random) -> None:
    path.write_bytes(b"\n".join([b"all", b"new", mark]))


def remove(path: Path, _: bytes, __: Random) -> None:
    path.unlink()


def make_executable(path: Path, mark: bytes, random: Random) -> None:
    alter(path, mark, random)
    path.chmod(0o755)


KINDS_OF = {
    each.__name__: each
    for each in (append, alter, delete_lines, indent, carriages, rename, write_anew, remove, make_executable)
}
KINDS = sorted(KINDS_OF)
