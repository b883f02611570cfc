"""The checksums of a saved model's files, so that a damaged or changed one is never loaded."""

import hashlib
from pathlib import Path

from .errors import BundleError

# In the form that `sha256sum --check` reads.
CHECKSUM_FILE = "SHA256SUMS"


def write_checksums(folder: Path) -> None:
    """Write the checksum of every file in the folder."""
    lines = [f"{checksum(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / CHECKSUM_FILE).write_text("".join(lines), encoding="utf-8")


def verify_checksums(folder: Path) -> None:
    """Raise BundleError when a file is missing, damaged, or none of those that were saved."""
    try:
        lines = (folder / CHECKSUM_FILE).read_text(encoding="utf-8").splitlines()
        saved = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        found = {path.name: checksum(path) for path in folder.iterdir() if path.name != CHECKSUM_FILE}
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{folder} cannot be verified: {error}") from None
    if wrong := sorted(name for name in saved.keys() | found.keys() if saved.get(name) != found.get(name)):
        raise BundleError(f"{folder} is not as it was saved, by its {CHECKSUM_FILE}: {', '.join(wrong)}")


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
