"""Where the template is, and whether a project made from it can be updated later.

The environment variable MLSCAFFOLD_TEMPLATE (a folder or a git URL) goes before everything else here.
"""

import json
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

DISTRIBUTION = "copier-mlscaffold"
OVERRIDE = "MLSCAFFOLD_TEMPLATE"


@dataclass(frozen=True)
class Source:
    """A template: `location` is what projects record; `folder`, when given, is read instead of cloning it."""

    location: str
    commit: str | None = None
    folder: Path | None = None
    no_updates: str = ""


def version() -> str:
    """Return the installed version of mlscaffold."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"


def find_source() -> Source:
    """Return the template that this installation renders."""
    if override := os.environ.get(OVERRIDE):
        path = Path(override).expanduser()
        return Source(str(path.resolve()) if path.exists() else override)
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "copier.yml").is_file() and (checkout / "src" / "mlscaffold").is_dir():
        return Source(str(checkout))
    return _installed_source(_direct_url(), Path(__file__).resolve().parent / "_bundled")


def _direct_url() -> dict[str, object]:
    """Return what the installer recorded about where the package came from (PEP 610)."""
    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        recorded = json.loads(text or "{}")
    except (metadata.PackageNotFoundError, json.JSONDecodeError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _installed_source(direct_url: dict[str, object], bundled: Path) -> Source:
    """Return the clone or URL the package was installed from, else the template bundled with it."""
    url, vcs = str(direct_url.get("url", "")), direct_url.get("vcs_info")
    if isinstance(vcs, dict) and vcs.get("vcs") == "git" and "commit_id" in vcs:
        # The package was built from this very commit, so the bundled files are its files: no network is needed.
        return Source(f"git+{url}", commit=str(vcs["commit_id"]), folder=bundled)
    if "dir_info" in direct_url and url.startswith("file:"):
        clone = _path_of(url)
        if (clone / "copier.yml").is_file() and (clone / ".git").exists():
            return Source(str(clone))
    return Source(
        str(bundled),
        folder=bundled,
        no_updates="this mlscaffold was installed from a package, which has no history to update from; "
        "for updates, install it from its git repository and make the project with that",
    )


def _path_of(url: str) -> Path:
    """Return the local path of a file: URL."""
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))
