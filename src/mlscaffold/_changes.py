"""What a newer template or other answers change, for people and for programs."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from mlscaffold._merge import ANSWERS_FILE
from mlscaffold._update import Outlook, undo

# The files that list what a project installs.
_PACKAGES = ("pyproject.toml", "environment.yml")


def as_text(outlook: Outlook, done: bool) -> str:
    """Return the files by what becomes of them, and what to do next; `done` is whether it was done, or would be."""
    plan, folder = outlook.plan, outlook.folder
    if plan.empty:
        return f"Already up to date with the template, {outlook.after}."
    same = outlook.before == outlook.after
    versions = outlook.after if same else f"{outlook.before} -> {outlook.after}"
    head = f"Updated {folder}, template {versions}." if done else f"{folder}, template {versions}: this would be done."
    return "\n".join([head, *_files(outlook), "", *(_next(outlook) if done else ["Nothing was written."])])


def _files(outlook: Outlook) -> Iterator[str]:
    plan = outlook.plan
    lines = {
        "added": plan.added,
        "changed": [f"{path}{_edits(outlook, path)}" for path in plan.changed if path != ANSWERS_FILE],
        "moved": [f"{old} -> {new}{_edits(outlook, old)}" for old, new in sorted(plan.moved.items())],
        "removed": plan.removed,
        "kept": [
            f"{old} as {new}: it is made no longer, and you had edited it" for old, new in sorted(plan.kept.items())
        ],
        "beside": [
            f"{path} as {new}: {path} is there, and git ignores it" for path, new in sorted(plan.beside.items())
        ],
        "left out": [f"{path}: you had removed it, and the template has changed it" for path in plan.gone],
        "conflict": [f"{path}{_where(outlook, path)}" for path in sorted(plan.conflicts)],
    }
    for kind, found in lines.items():
        yield from (f"  {kind:8}  {line}" for line in found)


def _edits(outlook: Outlook, path: str) -> str:
    return ", with your edits" if path in outlook.plan.edited else ""


def _where(outlook: Outlook, path: str) -> str:
    lines = outlook.places[path]
    if not lines:
        return ": yours was kept"
    return f", line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"


def _next(outlook: Outlook) -> Iterator[str]:
    plan = outlook.plan
    if marked := [path for path in plan.conflicts if outlook.places[path]]:
        yield "Conflicts: edit the places between <<<<<<< and >>>>>>>, then git add and commit."
    for path in sorted(plan.conflicts.keys() - set(marked)):
        if 3 in plan.conflicts[path]:
            yield f"To take the template's instead: git checkout --theirs -- {shlex.quote(path)}"
    if outlook.mentions:
        yield f"Files of yours name the package as it was called: {', '.join(outlook.mentions)}"
    if not plan.conflicts:
        yield "Look at it with git diff, run the tests, then commit."
    if needs_setup(outlook):
        yield "Packages may have changed: run make setup."
    yield f"To undo all of it, and what is made since: {undo(outlook.folder)}"


def needs_setup(outlook: Outlook) -> bool:
    """Return whether the packages of the project may have changed."""
    return bool(set(_PACKAGES) & {*outlook.plan.changed, *outlook.plan.conflicts})


def as_json(outlook: Outlook, done: bool) -> str:
    """Return the same as JSON, with the patch where it was not done."""
    plan = outlook.plan
    found: dict[str, Any] = {
        "folder": str(outlook.folder),
        "done": done and not plan.empty,
        "template": {"before": outlook.before, "after": outlook.after},
        "added": plan.added,
        "changed": [{"path": path, "edited": path in plan.edited} for path in plan.changed],
        "moved": [{"from": old, "to": new, "edited": old in plan.edited} for old, new in sorted(plan.moved.items())],
        "removed": plan.removed,
        "kept": [{"from": old, "to": new} for old, new in sorted(plan.kept.items())],
        "beside": [{"from": old, "to": new} for old, new in sorted(plan.beside.items())],
        "left_out": list(plan.gone),
        "conflicts": [{"path": path, "lines": list(outlook.places[path])} for path in sorted(plan.conflicts)],
        "mentions": list(outlook.mentions),
        "run_setup": needs_setup(outlook),
        "undo": undo(outlook.folder),
    }
    return json.dumps(found if done else found | {"patch": outlook.patch}, indent=2)
