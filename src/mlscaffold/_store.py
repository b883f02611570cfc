"""A git repository beside a project's, in which trees are merged: the project's own is read, and not written to."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlscaffold._errors import MlscaffoldError

SUBMODULE = "160000"
# What both sides are called in the places that conflict.
YOURS, TEMPLATE, BASE = "yours", "template", "base"
_NOBODY = {f"GIT_{who}_{what}": "mlscaffold" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# Renames count however many there are; files that are new in a folder which moved are moved with it.
_MERGING = ("merge.renameLimit=0", "merge.renames=true", "merge.directoryRenames=true", "merge.conflictStyle=merge")
_NO_FILTERS = ("core.autocrlf=false", f"core.excludesFile={os.devnull}", f"core.attributesFile={os.devnull}")


class Entry(NamedTuple):
    """A file of a tree: its mode, and the object that holds it."""

    mode: str
    blob: str


Tree = dict[str, Entry]


@dataclass(frozen=True)
class Merged:
    """A merge of trees: what it gives, and for each path in conflict what the base and both sides have there.

    The places of a path are those of git's index: 1 the base, 2 the project, 3 the template.
    """

    tree: Tree
    stages: Mapping[str, Mapping[int, Entry]]


class Store:
    """The objects of a project and of what is to be merged into it."""

    def __init__(self, folder: Path, project: Path) -> None:
        """Make it in an empty folder."""
        self.folder = folder
        self.project = project
        form = git("rev-parse", "--show-object-format", cwd=project).strip()
        git("init", "--quiet", "--bare", f"--object-format={form}", str(folder), cwd=project)
        objects = Path(git("rev-parse", "--git-path", "objects", cwd=project).removesuffix("\n"))
        (folder / "objects/info/alternates").write_text(f"{(project / objects).resolve()}\n", encoding="utf-8")

    def head(self) -> Tree:
        """Return the project's files in its last commit, with paths within the project."""
        prefix = git("rev-parse", "--show-prefix", cwd=self.project).removesuffix("\n")
        return self.read(git("rev-parse", f"HEAD:{prefix}", cwd=self.project).strip())

    def add(self, folder: Path) -> Tree:
        """Return the tree of a folder's files, but for those that it lets git ignore."""
        index = self._index()
        options = [word for each in _NO_FILTERS for word in ("-c", each)]
        self._git(*options, f"--work-tree={folder}", "add", "--all", index=index, cwd=folder)
        return self.read(self._git("write-tree", index=index).strip())

    def read(self, name: str) -> Tree:
        """Return the files of a tree that git knows by a name."""
        lines = self._git("ls-tree", "-r", "-z", name).split("\0")
        found = {}
        for line in filter(None, lines):
            head, _, path = line.partition("\t")
            mode, _, blob = head.split()
            found[path] = Entry(mode, blob)
        return found

    def write(self, tree: Tree) -> str:
        """Write a tree, and return its name."""
        index = self._index()
        self._git("update-index", "-z", "--index-info", index=index, said=_lines(tree))
        return self._git("write-tree", index=index).strip()

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return what is in objects."""
        names = list(dict.fromkeys(blobs))
        told = subprocess.run(
            ["git", "cat-file", "--batch"],
            cwd=self.folder,
            input="".join(f"{name}\n" for name in names).encode(),
            capture_output=True,
            check=True,
        ).stdout
        found, start = {}, 0
        for name in names:
            end = told.index(b"\n", start)
            size = int(told[start:end].split()[-1])
            found[name] = told[end + 1 : end + 1 + size]
            start = end + 2 + size
        return found

    def keep(self, content: bytes) -> str:
        """Write an object that holds this, and return its name."""
        command = ["git", "hash-object", "-w", "--stdin"]
        return (
            subprocess.run(command, cwd=self.folder, input=content, capture_output=True, check=True)
            .stdout.decode()
            .strip()
        )

    def merge(self, base: Tree, mine: Tree, theirs: Tree) -> Merged:
        """Merge two trees that come from a third, with git's own rules."""
        first = self._commit(base, BASE)
        for name, tree in ((YOURS, mine), (TEMPLATE, theirs)):
            self._commit(tree, name, first)
        options = [word for each in _MERGING for word in ("-c", each)]
        command = (*options, "merge-tree", "--write-tree", "-z", "--no-messages", YOURS, TEMPLATE)
        name, _, rest = self._git(*command, codes=(0, 1)).partition("\0")
        stages: dict[str, dict[int, Entry]] = {}
        for line in filter(None, rest.split("\0")):
            head, _, path = line.partition("\t")
            mode, blob, stage = head.split()
            stages.setdefault(path, {})[int(stage)] = Entry(mode, blob)
        return Merged(self.read(name), stages)

    def patch(self, before: Tree, after: Tree) -> str:
        """Return what differs between two trees, as a patch that git can apply."""
        names = self.write(before), self.write(after)
        return self._git("diff", "--no-color", "--no-ext-diff", "--binary", "--find-renames", *names)

    def renames(self, before: Tree, after: Tree) -> dict[str, str]:
        """Return the files that are at another path, and mostly the same."""
        names = self.write(before), self.write(after)
        options = ("-c", "diff.renameLimit=0", "diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R")
        words = self._git(*options, "--name-status", *names).split("\0")
        return {words[place + 1]: words[place + 2] for place in range(0, len(words) - 2, 3)}

    def _commit(self, tree: Tree, branch: str, parent: str | None = None) -> str:
        parents = ["-p", parent] if parent else []
        name = self._git("commit-tree", *parents, "-m", branch, self.write(tree)).strip()
        self._git("update-ref", f"refs/heads/{branch}", name)
        return name

    def _index(self) -> Path:
        """Return the path of an index that is not there yet."""
        index = self.folder / "index"
        index.unlink(missing_ok=True)
        return index

    def _git(
        self,
        *arguments: str,
        index: Path | None = None,
        cwd: Path | None = None,
        said: str = "",
        codes: tuple[int, ...] = (0,),
    ) -> str:
        own = {"GIT_DIR": str(self.folder), **_NOBODY, **({"GIT_INDEX_FILE": str(index)} if index else {})}
        return git(*arguments, cwd=cwd or self.folder, said=said, more=own, codes=codes)


def git(
    *arguments: str,
    cwd: Path,
    said: str = "",
    more: Mapping[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
) -> str:
    """Run git, and return what it prints.

    Raises:
        MlscaffoldError: it ends with another code.
    """
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env={**os.environ, **(more or {})},
        input=said.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    if done.returncode not in codes:
        what = next((word for word in arguments if not word.startswith("-") and "=" not in word), "")
        raise MlscaffoldError(f"git {what} failed: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout.decode("utf-8", "surrogateescape")


def _lines(tree: Mapping[str, Entry]) -> str:
    """Return a tree as git's index is told of it."""
    return "".join(f"{entry.mode} {entry.blob}\t{path}\0" for path, entry in tree.items())


def changed(before: Tree, after: Tree) -> Iterator[str]:
    """Yield the paths at which two trees differ, in their order."""
    yield from sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
