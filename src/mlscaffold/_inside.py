"""Look at a project from inside of its own environment, in which mlscaffold is not: as a script, it prints JSON.

`python _inside.py FOLDER PACKAGE LIBRARY` says of the project in FOLDER what its environment holds, whether its data
can be read, and which model answers; LIBRARY is what trains it.
"""

import json
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

Found = dict[str, Any]


def python(_folder: Path) -> Found:
    """Return the version that runs."""
    return {"version": ".".join(map(str, sys.version_info[:3]))}


def packages(folder: Path) -> Found:
    """Return which packages are not as pyproject.toml wants them, which not as uv.lock has them, and absent extras."""
    declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wrong, absent = [misfits(declared["dependencies"])], []
    for extra, lines in declared.get("optional-dependencies", {}).items():
        found = misfits(lines)
        # What is for some alone, such as tracing, may be missing as a whole.
        if found and not any(installed(each.name) for each in map(requirement, lines)):
            absent.append(extra)
        else:
            wrong.append(found)
    every = {name: told for found in wrong for name, told in found.items()}
    return {"wrong": list(every.values()), "absent": absent, "others": unlike_lock(folder / "uv.lock")}


def misfits(lines: list[str]) -> dict[str, str]:
    """Return the packages that are not as these lines want them, with what is there."""
    found = {}
    for wanted in map(requirement, lines):
        there = installed(wanted.name)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        if there is None or not wanted.specifier.contains(there, prereleases=True):
            found[wanted.name] = f"{wanted.name} {there or 'is missing'} (wanted: {wanted.specifier or 'any'})"
    return found


def requirement(line: str) -> Any:
    """Return what a line of pyproject.toml asks for; packages that projects use bring what reads it."""
    return import_module("packaging.requirements").Requirement(line)


def unlike_lock(lock: Path) -> list[str]:
    """Return the packages that have another version than a lock file says; none without one."""
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"] if lock.exists() else []:
        versions.setdefault(package["name"], set()).add(package.get("version", ""))
    found = {name: installed(name) for name, known in versions.items() if "" not in known}
    return [
        f"{name} {there} (locked: {', '.join(sorted(versions[name]))})"
        for name, there in found.items()
        if there is not None and there not in versions[name]
    ]


def installed(name: str) -> str | None:
    """Return the version of a package, None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def accelerator(library: str) -> Found:
    """Return the names of the graphics cards that the library can use; None if it uses none in any case."""
    if library == "tensorflow":
        devices = import_module("tensorflow").config.list_physical_devices("GPU")
        return {"cards": [device.name for device in devices]}
    if library in {"pytorch", "transformers"}:
        cuda = import_module("torch").cuda
        return {"cards": [cuda.get_device_name(number) for number in range(cuda.device_count())]}
    return {"cards": None}


def data(folder: Path, package: str) -> Found:
    """Read the data as training would; return how many examples there are, or none where no schema is written yet."""
    config = import_module(f"{package}.config").load_config(folder / "params.yaml")
    # To read it would write one.
    if not config.schema_path.exists():
        return {"examples": None}
    dataset = import_module(f"{package}.data.load").load(config)
    return {"examples": len(dataset.train.features) + len(dataset.test.features)}


def model(folder: Path, package: str) -> Found:
    """Load the model that is to answer; return its name, or none if there is none yet."""
    config = import_module(f"{package}.config").load_config(folder / "params.yaml")
    bundle = import_module(f"{package}.inference.bundle")
    if not bundle.list_bundles(config.models_dir):
        return {"name": None}
    place = import_module(f"{package}.inference.versions").find_answering(config.models_dir)
    return {"name": bundle.load_bundle(place).name}


def attempt(look: Callable[..., Found], *arguments: Any) -> Found:
    """Return what is found, or why it cannot be."""
    try:
        return look(*arguments)
    # Whatever is wrong with an environment is what is looked for.
    except Exception as error:
        own = type(error).__module__.endswith(".errors")
        return {"error": str(error) if own else f"{type(error).__name__}: {error}"}


def main(folder: Path, package: str, library: str) -> None:
    """Print what is found, as JSON."""
    sys.path.insert(0, str(folder / "src"))
    # It is looked at, and nothing is compiled into it.
    sys.dont_write_bytecode = True
    found = {
        "python": attempt(python, folder),
        "packages": attempt(packages, folder),
        "accelerator": attempt(accelerator, library),
        "data": attempt(data, folder, package),
        "model": attempt(model, folder, package),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
