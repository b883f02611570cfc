"""A conda channel on this disk, made from the wheels of an environment under the names of conda-forge."""

import asyncio
import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from importlib.resources import files
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import Subdir
from rattler.index import index_fs
from rattler_build import FileEntry, assemble_package

from .machine import PYTHON

# conda-forge's fastapi adds what `fastapi[standard]` adds; its fastapi-core is the wheel of PyPI.
OTHER = {"fastapi": "fastapi-core", "opencv-python-headless": "py-opencv"}
NAMES: dict[str, str] = {
    name: entry["conda_name"]
    for name, entry in json.loads((files("conda_pypi") / "grayskull_pypi_mapping.json").read_bytes()).items()
} | OTHER


def conda_name(name: str) -> str:
    """Return conda-forge's name of a distribution of PyPI."""
    key = canonicalize_name(name)
    return NAMES.get(key, key)


def make_channel(folder: Path, site_packages: Path) -> Path:
    """Package the interpreter and every distribution of the environment, and index them."""
    platform = str(Subdir.current())
    target = folder / platform
    (folder / "noarch").mkdir(parents=True)
    target.mkdir()
    package("python", sys.version.split()[0], platform, target, list(interpreter_files()), [])
    for found in distributions(path=[str(site_packages)]):
        package(conda_name(found.name), found.version, platform, target, list(wheel_files(found)), list(needs(found)))
    asyncio.run(index_fs(folder))
    return folder


def package(name: str, version: str, platform: str, target: Path, entries: list[FileEntry], depends: list[str]) -> None:
    """Write one package, quickly rather than small."""
    assemble_package(
        name, version, platform, "0", target, files=entries, depends=depends, compression_level=1, detect_prefix=False
    )


def interpreter_files() -> Iterator[FileEntry]:
    """Yield the interpreter and the standard library, which find each other wherever they lie."""
    yield FileEntry.from_paths(Path(sys._base_executable).resolve(), "bin/python")  # type: ignore[attr-defined]
    library = Path(sysconfig.get_path("stdlib"))
    left_out = {"site-packages", "dist-packages", "test", "tests", "idlelib", "__pycache__"}
    for path in library.rglob("*"):
        if path.is_file() and not left_out & set(path.relative_to(library).parts):
            yield FileEntry.from_paths(path.resolve(), f"lib/python{PYTHON}/{path.relative_to(library)}")


def wheel_files(found: Distribution) -> Iterator[FileEntry]:
    """Yield the files of a wheel, but for commands that are scripts: they name the environment they were made for."""
    site_packages = f"lib/python{PYTHON}/site-packages"
    for file in found.files or []:
        path = Path(str(found.locate_file(file)))
        if file.suffix == ".pyc" or not path.is_file():
            continue
        if file.parts[0] != "..":
            yield FileEntry.from_paths(path.resolve(), f"{site_packages}/{file}")
        elif file.parts[-2] == "bin" and path.read_bytes()[:2] != b"#!":
            yield FileEntry.from_paths(path.resolve(), f"bin/{file.name}")


def needs(found: Distribution) -> Iterator[str]:
    """Yield the dependencies in conda's words."""
    yield f"python {PYTHON}.*"
    for requirement in map(Requirement, found.requires or []):
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            yield f"{conda_name(requirement.name)} {conda_bounds(requirement.specifier)}".strip()


def conda_bounds(bounds: SpecifierSet) -> str:
    """Return bounds in conda's words, which write ~=1.2 and ==1.2.* alike but know no ===."""
    return re.sub(r"==([^,]+)\.\*", r"\1.*", str(bounds))
