"""A saved model: a folder with the model, its schema, its metrics and a card, all as they were saved."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BundleError, DataError
from ..schema import SCHEMA_FILE, Schema
from .encoder import Encoder, load_encoder
from .naming import match_name
from .predictor import Predictor, load_predictor

METRICS_FILE = "metrics.json"
LINEAGE_FILE = "lineage.json"
# The keys of the examples that the model was measured on; it has not learned from them, unless its last fit was on all.
HELD_OUT_FILE = "held_out.npy"
# The keys of the examples that the model has learned from.
LEARNED_FILE = "learned.npy"
# In the form that `sha256sum --check` reads.
CHECKSUM_FILE = "SHA256SUMS"


@dataclass(frozen=True)
class Bundle:
    """A saved model, ready to predict."""

    name: str
    schema: Schema
    metrics: dict[str, Any]
    encoder: Encoder
    predictor: Predictor


def find_bundle(models: Path, name: str | None = None) -> Path:
    """Return the folder of the named model, or of the newest. Raises BundleError when there is none.

    The end of a name is enough, such as what `--name` gave; of several models, it is that of the newest.
    """
    names = list_bundles(models)
    if name is not None:
        if (models / name / SCHEMA_FILE).exists():
            return models / name
        if (found := match_name(name, names)) is None:
            raise BundleError(f"{models} has no model {name!r}; it has {', '.join(names) or 'none'}")
        return models / found
    if not names:
        raise BundleError(f"{models} holds no model yet; run the train command first")
    return models / names[-1]


def list_bundles(models: Path) -> list[str]:
    """Return the names of the saved models, the newest last."""
    return sorted(path.parent.name for path in models.glob(f"[!.]*/{SCHEMA_FILE}"))


def measured_metrics(folder: Path) -> dict[str, float | None]:
    """Return the metrics of a saved model, as they were when it was saved. Raises BundleError."""
    try:
        metrics: dict[str, float | None] = read_json(folder / METRICS_FILE)["metrics"]
    except KeyError:
        raise BundleError(f"{folder / METRICS_FILE} holds no metrics") from None
    return metrics


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of a saved model holds. Raises BundleError when it cannot be read."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}") from None
    return content


def load_bundle(folder: Path, digest: str | None = None) -> Bundle:
    """Load a saved model. Raises BundleError when a file is missing, damaged or not the one that was saved.

    Whoever writes a model writes its checksums. With the digest that `digest_of` gave when it was saved, it is the
    very same model.
    """
    verify_checksums(folder)
    if digest and (found := digest_of(folder)) != digest.lower():
        raise BundleError(f"{folder} is another model than was asked for: its digest is {found}, not {digest}")
    try:
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        schema = Schema.read(folder / SCHEMA_FILE)
        encoder = load_encoder(folder, schema)
        return Bundle(folder.name, schema, metrics, encoder, load_predictor(folder, encoder))
    except BundleError:
        raise
    except DataError as error:
        raise BundleError(f"{error}; train again") from None
    except Exception as error:
        raise BundleError(f"{folder} cannot be loaded: {error}") from error


def write_checksums(folder: Path) -> None:
    """Write the checksum of every file in the folder."""
    files = (path for path in sorted(folder.iterdir()) if path.name != CHECKSUM_FILE)
    lines = [f"{checksum(path)}  {path.name}\n" for path in files]
    (folder / CHECKSUM_FILE).write_text("".join(lines), encoding="utf-8")


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of the checksums of a saved model: there is one for all its files. Raises BundleError."""
    try:
        return checksum(folder / CHECKSUM_FILE)
    except OSError as error:
        raise BundleError(f"{folder} cannot be verified: {error}") from None


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
