"""Where a model came from: data, code, settings, versions."""

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sklearn.base import BaseEstimator

from ..config import Config
from ..inference.bundle import LINEAGE_FILE
from ..inference.storage import LIBRARIES

RECORDED_PACKAGES = ("numpy", "onnxruntime", *LIBRARIES)


class Lineage(BaseModel, frozen=True):
    """What is needed to make the same model again."""

    model: str
    params: dict[str, Any]
    settings: dict[str, Any]
    data_sha256: str
    code_commit: str | None
    versions: dict[str, str]
    fit_seconds: float

    def origin(self) -> dict[str, Any]:
        """Return what a reader of a report wants to know of it, in order."""
        return {
            "model": self.model,
            **self.params,
            "seed": self.settings["seed"],
            "data": self.settings["data"]["path"],
            "data SHA-256": self.data_sha256,
            "code commit": self.code_commit or "not in a git repository",
            **self.versions,
            "seconds to fit": self.fit_seconds,
        }


def describe_lineage(config: Config, model: BaseEstimator, *, seconds: float) -> Lineage:
    """Describe a run; call it before evaluation, so that the commit is that of the code that fitted."""
    return Lineage(
        model=config.model,
        params=config.models[config.model].params,
        settings=config.model_dump(mode="json"),
        data_sha256=data_sha256(config.data_path),
        code_commit=current_commit(config.root),
        versions={"python": platform.python_version()} | {name: version(name) for name in RECORDED_PACKAGES},
        fit_seconds=round(seconds, 3),
    )


def read_lineage(bundle: Path) -> Lineage:
    """Read the origin of a saved model."""
    return Lineage.model_validate_json((bundle / LINEAGE_FILE).read_bytes())


def data_sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal; of a folder, that of its files' digests and names."""
    if path.is_dir():
        names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        listing = "".join(f"{data_sha256(path / name)}  {name}\n" for name in names)
        return hashlib.sha256(listing.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def current_commit(folder: Path) -> str | None:
    """Return the commit that is checked out in the folder, or None outside a git repository."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
