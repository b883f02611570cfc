"""What a newer template or other answers change in a project, worked out before anything is written.

Three trees are merged with git's own rules: what the template made of the project (the base), the project as it is, and
what the template would make of it now. Every line that a person wrote is in the result, in a conflict, or in a copy.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import PurePosixPath

from mlscaffold._store import SUBMODULE, YOURS, Entry, Merged, Store, Tree

# What is added to the names of a person's files that are no longer made, and of new ones whose place is taken.
COPY, OTHER = ".yours", ".template"
ANSWERS_FILE = ".copier-answers.yml"
CARRIAGE = b"\r\n"
# Whether something is at a path that is not in the last commit.
Taken = Callable[[str], bool]


@dataclass(frozen=True)
class Places:
    """Where files and folders are by other answers, or in a newer template; what is not named stays.

    `then` says where they go from there.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    then: "Places | None" = None

    def of(self, path: str) -> str:
        """Return the new path of a file, also of one that the template does not know, in a folder that it does."""
        new = self.files.get(path) or self._beside(path)
        return self.then.of(new) if self.then else new

    def _beside(self, path: str) -> str:
        for parent in PurePosixPath(path).parents:
            if moved := self.folders.get(parent.as_posix()):
                return (PurePosixPath(moved) / PurePosixPath(path).relative_to(parent)).as_posix()
        return path

    def move(self, tree: Tree) -> Tree:
        """Return a tree with its files there; a submodule stays, and so does a file where another one is already."""
        moved: Tree = {}
        for path, entry in tree.items():
            new = path if entry.mode == SUBMODULE else self.of(path)
            moved[path if new != path and new in tree and self.of(new) == new else new] = entry
        return moved


@dataclass(frozen=True)
class Plan:
    """What would become of a project. Paths are within it, and new ones where it says nothing else.

    `moved` gives the new paths of files that are elsewhere, `kept` the copies of edited files that are no longer made,
    `beside` the places of files whose own place is taken by what git ignores, `conflicts` what git has to be told of
    them. `gone` are files that a person removed and the template has changed; `edited` are those of the project's
    files, by their old paths, that a person has changed.
    """

    before: Tree
    after: Tree
    moved: Mapping[str, str]
    kept: Mapping[str, str]
    beside: Mapping[str, str]
    conflicts: Mapping[str, Mapping[int, Entry]]
    gone: tuple[str, ...]
    edited: frozenset[str]

    @property
    def added(self) -> list[str]:
        """The files that are new, but for copies."""
        there = {*self.before, *self.moved.values(), *self.kept.values(), *self.beside.values(), *self.conflicts}
        return sorted(path for path in self.after if path not in there)

    @property
    def removed(self) -> list[str]:
        """The files that are no longer there."""
        return sorted(path for path in self.before if path not in {*self.after, *self.moved, *self.kept})

    @property
    def changed(self) -> list[str]:
        """The files that hold something else, without those in conflict."""
        both = (path for path in self.before if path in self.after and path not in self.conflicts)
        return sorted(path for path in both if self.before[path] != self.after[path])

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return self.before == self.after and not self.conflicts


def work_out(store: Store, base: Tree, theirs: Tree, places: Places) -> Plan:
    """Return what becomes of a project that was made as `base`, and would now be made as `theirs`."""
    mine = store.head()

    def taken(path: str) -> bool:
        return path not in mine and os.path.lexists(store.project / path)

    moved_base, moved_mine = places.move(base), places.move(mine)
    level_base, level_theirs = level(store, moved_base, moved_mine, theirs)
    merged = store.merge(level_base, moved_mine, level_theirs)
    after, kept, conflicts, gone = settle(merged, moved_mine, taken)
    # The record says which template and answers made the project, whatever else it says.
    if ANSWERS_FILE in level_theirs and ANSWERS_FILE in conflicts:
        after[ANSWERS_FILE] = level_theirs[ANSWERS_FILE]
        del conflicts[ANSWERS_FILE]
    origins = {places.of(path): path for path in mine}
    beside = put_beside(store, after, [path for path in after if path not in mine and taken(path)], taken)
    return Plan(
        before=mine,
        after=after,
        moved=moves(store, mine, after, places, moved_base, theirs),
        kept={origins.get(path, path): copy for path, copy in kept.items()},
        beside=beside,
        conflicts=conflicts,
        gone=gone,
        edited=frozenset(path for path, entry in mine.items() if base.get(path) != entry),
    )


def level(store: Store, base: Tree, mine: Tree, theirs: Tree) -> tuple[Tree, Tree]:
    """Return the template's trees with the line ends that a person's files have: else each of their lines differs."""
    edited = [path for path, entry in mine.items() if path in base and base[path] != entry and entry.mode != SUBMODULE]
    blobs = [tree[path].blob for path in edited for tree in (base, mine, theirs) if path in tree]
    found = store.contents(blobs) if edited else {}
    base, theirs = dict(base), dict(theirs)
    for path in edited:
        if not ends_in_carriages(found[mine[path].blob]) or CARRIAGE in found[base[path].blob]:
            continue
        for tree in (base, theirs):
            if path in tree:
                content = found[tree[path].blob].replace(b"\n", CARRIAGE)
                tree[path] = Entry(tree[path].mode, store.keep(content))
    return base, theirs


def ends_in_carriages(content: bytes) -> bool:
    """Return whether all lines of a text end as on Windows."""
    return b"\0" not in content and 0 < content.count(CARRIAGE) == content.count(b"\n")


def put_beside(store: Store, after: Tree, paths: Sequence[str], taken: Taken) -> dict[str, str]:
    """Give new files other places where something is that git ignores, unless it is the same; return their places."""
    beside = {}
    blobs = store.contents(after[path].blob for path in paths) if paths else {}
    for path in paths:
        there, entry = store.project / path, after.pop(path)
        if there.is_symlink() or not there.is_file() or there.read_bytes() != blobs[entry.blob]:
            beside[path] = free(f"{path}{OTHER}", after, taken)
            after[beside[path]] = entry
    return beside


def settle(
    merged: Merged, mine: Tree, taken: Taken
) -> tuple[Tree, dict[str, str], dict[str, Mapping[int, Entry]], tuple[str, ...]]:
    """Return the merged tree, with what git leaves to a person decided where it can be without losing a line.

    An edited file that is no longer made becomes a copy, and one that a person has removed stays away. Beside the tree
    come the copies by the paths that they had, the conflicts that are left, and the files that stay away.
    """
    after, kept, gone = dict(merged.tree), {}, []
    conflicts = dict(merged.stages)
    for path, stages in merged.stages.items():
        if set(stages) == {1, 2} and path in after:
            copy = free(f"{path}{COPY}", after, taken)
            after[copy] = after.pop(path)
            kept[path] = copy
        elif set(stages) == {1, 3} and path not in mine:
            after.pop(path, None)
            gone.append(path)
        else:
            continue
        del conflicts[path]
    return after, kept, conflicts, tuple(sorted(gone))


def free(path: str, tree: Tree, taken: Taken) -> str:
    """Return a path at which nothing is: this one, or one with a number."""
    names = (path if number == 1 else f"{path}.{number}" for number in count(1))
    return next(name for name in names if name not in tree and not taken(name))


def moves(store: Store, mine: Tree, after: Tree, places: Places, base: Tree, theirs: Tree) -> dict[str, str]:
    """Return the new paths of a project's files: where answers put them, and where a newer template did."""
    found = {path: places.of(path) for path in mine if places.of(path) != path}
    away = {path: entry for path, entry in base.items() if path not in theirs}
    new = {path: entry for path, entry in theirs.items() if path not in base}
    renamed = store.renames(away, new) if away and new else {}
    found |= {path: renamed[places.of(path)] for path in mine if places.of(path) in renamed}
    return {path: place for path, place in found.items() if path not in after and place in after and place not in mine}


def conflicting_lines(store: Store, plan: Plan) -> dict[str, tuple[int, ...]]:
    """Return at which lines of each file conflicts begin, counted from 1; none where one side was taken whole."""
    found = store.contents(plan.after[path].blob for path in plan.conflicts if path in plan.after)
    mark = f"<<<<<<< {YOURS}".encode()
    texts = {path: found[plan.after[path].blob] if path in plan.after else b"" for path in plan.conflicts}
    return {
        path: tuple(number for number, line in enumerate(text.split(b"\n"), start=1) if line.startswith(mark))
        for path, text in texts.items()
    }


def mentions(store: Store, plan: Plan, theirs: Tree, word: str) -> list[str]:
    """Return the files of a person that hold a word, such as the name that the package had."""
    own = {path: entry for path, entry in plan.after.items() if theirs.get(path) != entry and entry.mode != SUBMODULE}
    found = store.contents(entry.blob for entry in own.values()) if own else {}
    whole = re.compile(rb"\b" + re.escape(word.encode()) + rb"\b")
    return sorted(path for path, entry in own.items() if whole.search(found[entry.blob]) and path != ANSWERS_FILE)
