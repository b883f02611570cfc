"""Write a plan into a project: what is there is in the last commit, so that every moment of it can be undone."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from mlscaffold._errors import MlscaffoldError
from mlscaffold._merge import Plan
from mlscaffold._store import Entry, Store, changed, git


def check_places(project: Path, plan: Plan) -> None:
    """Make sure that all files can be written where they belong.

    Raises:
        MlscaffoldError: a link is in the way, or a file that is in no commit.
    """
    for path in plan.after.keys() - plan.before.keys():
        for parent in PurePosixPath(path).parents:
            place = project / parent
            if parent.as_posix() in plan.before or not (place.is_symlink() or place.is_file()):
                continue
            what = "a link" if place.is_symlink() else "a file"
            raise MlscaffoldError(
                f"{path} cannot be written: {place} is {what} that git ignores",
                "Move it away, then run this again. Nothing was changed.",
            )


def write(store: Store, plan: Plan) -> None:
    """Write the files of a plan, and let git's index tell of the conflicts.

    Raises:
        MlscaffoldError: git cannot.
    """
    project = store.project
    prefix = git("rev-parse", "--show-prefix", cwd=project).removesuffix("\n")
    root = Path(git("rev-parse", "--show-toplevel", cwd=project).removesuffix("\n"))
    different = list(changed(plan.before, plan.after))
    remove(project, (path for path in different if path not in plan.after))
    written = {f"{prefix}{path}": plan.after[path] for path in different if path in plan.after}
    index = store.folder / "checkout"
    more = {"GIT_INDEX_FILE": str(index), "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(store.folder / "objects")}
    git("read-tree", "HEAD", cwd=root, more=more)
    nothing = Entry("0", "0" * len(git("rev-parse", "HEAD", cwd=root).strip()))
    gone = "".join(_line(nothing, f"{prefix}{path}") for path in different if path not in plan.after)
    lines = gone + "".join(_line(entry, path) for path, entry in written.items())
    git("update-index", "-z", "--index-info", cwd=root, more=more, said=lines)
    # Filters, line ends and modes are as a person's git has them.
    git(
        "checkout-index", "--force", "-z", "--stdin", cwd=root, more=more, said="".join(f"{path}\0" for path in written)
    )
    mark(store, plan, root, prefix, nothing)


def remove(project: Path, paths: Iterable[str]) -> None:
    """Remove files, and folders that are empty then."""
    for path in paths:
        place = project / path
        place.unlink(missing_ok=True)
        with suppress(OSError):
            for parent in place.parents:
                if parent == project:
                    break
                parent.rmdir()


def mark(store: Store, plan: Plan, root: Path, prefix: str, nothing: Entry) -> None:
    """Tell git's index of the conflicts, with what both sides and the base have."""
    entries = [entry for stages in plan.conflicts.values() for entry in stages.values()]
    if not entries:
        return
    found = store.contents(entry.blob for entry in entries)
    for content in found.values():
        git("hash-object", "-w", "--stdin", cwd=root, said=content.decode("utf-8", "surrogateescape"))
    lines = ""
    for path, stages in plan.conflicts.items():
        lines += _line(nothing, f"{prefix}{path}")
        lines += "".join(_line(entry, f"{prefix}{path}", stage) for stage, entry in sorted(stages.items()))
    git("update-index", "-z", "--index-info", cwd=root, said=lines)


def _line(entry: Entry, path: str, stage: int = 0) -> str:
    return f"{entry.mode} {entry.blob} {stage}\t{path}\0"
