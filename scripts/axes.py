"""Say which answer fills each rendered file: `python -m scripts.axes` writes docs/files.md."""

from __future__ import annotations

import re
from functools import cache

from scripts.composition import FILLED, ROOT, files

PAGE = ROOT / "docs/files.md"
PARTS, PROJECT = ROOT / "template/parts", ROOT / "template/project"
# A folder of parts belongs to an axis: what decides which of its kind is chosen.
AXES = {
    "tasks": "task",
    "modalities": "task",
    "estimators": "task",
    "frameworks": "framework",
    "tracking": "tracking",
    "tuners": "tuner",
    "data_versioning": "data_versioning",
    "orchestration": "orchestration",
    "environments": "environment",
    "serving": "serving",
    "deployment": "deployment",
    "monitoring": "monitoring",
    "ci": "ci",
    "licenses": "license",
    "base": "base",
}
HEAD = """# What fills each file

Written by `python -m scripts.axes`; a test compares it with the template. Each slot is filled from the parts of one
axis; `task` includes what differs between pairs of task and framework, and what tasks on one kind of data share. Other
files are verbatim, or gather fragments of several axes: `make where FILE=…` says of which.

| rendered file | axis |
|---|---|
"""


def fillings(call: str, text: str) -> dict[str, set[str]]:
    """Return for each name that the text asks for with `call` the axes of the parts that have it."""
    names = FILLED[call].findall(text)
    return {name: {axis_of(path) for path in parts() if path.endswith(f"/{name}")} for name in names}


@cache
def parts() -> list[str]:
    """Return the paths of all parts; they are looked up once."""
    return files(PARTS)


def axis_of(path: str) -> str:
    """Return the axis of a part's file; the pair of a task and a framework belongs to the task."""
    return AXES[path.split("/")[0]]


def axes_of_files() -> dict[str, set[str]]:
    """Return for each rendered file the axes it is filled from: those of its slots, else of the only fragment."""
    found = {}
    for name in files(PROJECT):
        text = (PROJECT / name).read_text(encoding="utf-8") if name.endswith(".jinja") else ""
        slots, gathered = fillings("slot", text), fillings("gather", text)
        if slots or len(gathered) == 1:
            rendered = re.sub(r"^\{\{ layer\.\w+ \}\}/", "", name).removesuffix(".jinja")
            found[rendered] = set().union(*(slots or gathered).values())
    return found


def page() -> str:
    """Return the page that lists them."""
    rows = {name.replace("{{ package_name }}", "package"): axes for name, axes in axes_of_files().items()}
    lines = [f"| `{name}` | {', '.join(sorted(axes))} |\n" for name, axes in sorted(rows.items())]
    return HEAD + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
