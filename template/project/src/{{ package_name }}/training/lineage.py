"""Where a model came from: data, code, settings, packages."""

import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import distributions, version
from pathlib import Path

from ..config import Config
from ..inference.storage import LIBRARIES
from .runs import Lineage

# The installed packages, which `pip install --requirement` installs again.
PACKAGES_FILE = "requirements.txt"
RECORDED_PACKAGES = ("numpy", "onnxruntime", *LIBRARIES)


def describe_lineage(config: Config, *, seconds: float, run: str, rival: str | None = None) -> Lineage:
    """Describe a run; call it before evaluation, so that the commit is that of the code that fitted."""
    return Lineage(
        run=run,
        rival=rival,
        model=config.model,
        params=config.models[config.model].params,
        settings=config.model_dump(mode="json"),
        data_sha256=data_sha256(config.data_path),
        code_commit=current_commit(config.root),
        code_sha256=code_sha256(),
        versions={"python": platform.python_version()} | {name: version(name) for name in RECORDED_PACKAGES},
        packages_sha256=hashlib.sha256(installed_packages().encode()).hexdigest(),
        fit_seconds=round(seconds, 3),
    )


@cache
def installed_packages() -> str:
    """Return all installed packages with their versions, a line for each, as pip reads them."""
    found = {each.metadata["Name"]: each.version for each in distributions()}
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found, key=str.lower))


def data_sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal; of a folder, that of its files' digests and names."""
    if path.is_dir():
        names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        listing = "".join(f"{data_sha256(path / name)}  {name}\n" for name in names)
        return hashlib.sha256(listing.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_sha256() -> str:
    """Return the SHA-256 digest of this package's modules, which tells what no commit holds yet."""
    package = Path(__file__).parents[1]
    digests = [
        f"{data_sha256(path)}  {path.relative_to(package).as_posix()}\n" for path in sorted(package.rglob("*.py"))
    ]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def current_commit(folder: Path) -> str | None:
    """Return the commit that is checked out in the folder, or None outside a git repository."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
