"""Check the types of every Python file of the template, as it lies: `python -m scripts.typecheck FOLDER`.

Files import others that differ from project to project, so they are checked in code trees: in so few that every file
is in one, or with --all in all of them. One run of mypy holds all trees, each as a package of its own name, so that
it reads the libraries once, and only what changed since the last run.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from scripts.composition import PACKAGE, ROOT, Composition, code_trees, telling_trees

# What the environment of `make check` lacks: there its types are unknown, and what follows from that is no fault.
HEAVY = ("torch", "tensorflow", "transformers")
WITHOUT = {"ignore_missing_imports": True, "warn_unused_ignores": False, "disallow_untyped_decorators": False}
# Helpers of the rendered tests, which these import as if they lay in the same folder.
HELPERS = re.compile(r"^((?:from|import) )(clients|conftest)\b", re.MULTILINE)

Answers = dict[str, str]
Places = dict[str, str]


def main(folder: Path, root: Path, everything: bool) -> int:
    """Lay the code trees into the folder and return mypy's exit status."""
    composition = Composition(root)
    trees = code_trees(composition.questions) if everything else list(telling_trees(composition))
    shutil.rmtree(folder / "trees", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    places: Places = {}
    for number, answers in enumerate(trees):
        places |= lay(composition, answers, folder, f"tree{number:02}")
    found = mypy(folder)
    print(told(found.stdout, places), end="")
    print(f"{len(set(places.values()))} Python files of the template, in {len(trees)} code trees: ", end="")
    print("typed" if found.returncode == 0 else "NOT typed")
    return found.returncode


def lay(composition: Composition, answers: Answers, folder: Path, name: str) -> Places:
    """Render a code tree as packages called `name`; return which file of the template each of its files is."""
    rendered = composition.files({**answers, "package_name": name})
    (folder / "rendered.toml").write_bytes(rendered["pyproject.toml"])
    places: Places = {}
    for path, source in composition.sources({**answers, "package_name": name}).items():
        if path.endswith(".py"):
            own = path.removeprefix("src/") if path.startswith("src/") else f"{name}_{path}"
            target = folder / "trees" / own
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(HELPERS.sub(rf"\1{name}_tests.\2", rendered[path].decode()), encoding="utf-8")
            places[own] = source.text
    return places


def mypy(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy as rendered projects do; where their libraries are not installed, without these."""
    settings = tomllib.loads((folder / "rendered.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    kept = {name: value for name, value in settings.items() if name not in {"files", "mypy_path"}}
    own = {"explicit_package_bases": True, "sqlite_cache": True}
    if not all(importlib.util.find_spec(name) for name in HEAVY):
        own |= WITHOUT
    lines = [f"{name} = {as_ini(value)}" for name, value in (kept | own).items()]
    (folder / "mypy.ini").write_text("\n".join(["[mypy]", *lines, ""]), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "../mypy.ini", "--cache-dir", "../mypy_cache", "."]
    return subprocess.run(command, cwd=folder / "trees", stdout=subprocess.PIPE, text=True, check=False)


def as_ini(value: object) -> str:
    """Return a value of TOML as mypy's own format has it."""
    return ", ".join(value) if isinstance(value, list) else str(value)


def told(output: str, places: Places) -> str:
    """Return what mypy said, once for each file of the template, with its name."""
    lines = []
    for line in output.splitlines(keepends=True):
        place, colon, rest = line.partition(":")
        lines.append(re.sub(r"\btree\d\d\b", PACKAGE, f"{places.get(place, place)}{colon}{rest}"))
    return "".join(dict.fromkeys(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.typecheck")
    parser.add_argument("folder", type=Path, help="where the code trees and mypy's cache are kept")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with copier.yml")
    parser.add_argument("--all", action="store_true", help="all code trees, not just so many that each file is in one")
    options = parser.parse_args()
    sys.exit(main(options.folder, options.root, options.all))
