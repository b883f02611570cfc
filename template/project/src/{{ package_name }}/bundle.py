"""A saved model: a folder with the model, its schema, its metrics and a card; written whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import to_json

from .checksums import verify_checksums, write_checksums
from .encoder import Encoder, load_encoder
from .errors import BundleError
from .inference import ONNX_FILE, OnnxPredictor, Predictor, load_predictor
from .prediction import same, score
from .schema import SCHEMA_FILE, Schema

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from .dataset import Dataset
    from .evaluate import Evaluation
    from .lineage import Lineage

METRICS_FILE = "metrics.json"
LINEAGE_FILE = "lineage.json"

# An exported graph is served when at least this share of held-out examples agrees with the native model.
LEAST_AGREEMENT = 0.999
COMPARED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Bundle:
    """A saved model, ready to predict."""

    name: str
    schema: Schema
    metrics: dict[str, Any]
    encoder: Encoder
    predictor: Predictor


def save_bundle(
    model: "BaseEstimator", dataset: "Dataset", evaluation: "Evaluation", lineage: "Lineage", folder: Path
) -> Path:
    """Write the bundle and return its folder. Raises BundleError when the folder exists."""
    from .export import export
    from .model_card import write_model_card
    from .storage import save_model

    with whole_folder(folder) as staging:
        save_model(model, staging)
        dataset.schema.save(staging / SCHEMA_FILE)
        export(model, dataset.schema, staging)
        agreement = compare(model, dataset, staging)
        if not agreement["served"]:
            (staging / ONNX_FILE).unlink()
        metrics = {
            "metrics": evaluation.metrics,
            "baseline": evaluation.baseline,
            "folds": {"mean": evaluation.folds_mean, "std": evaluation.folds_std},
            "onnx": agreement,
        }
        # A metric that these rows do not define is null: JSON knows no NaN.
        (staging / METRICS_FILE).write_bytes(to_json(metrics, indent=2, inf_nan_mode="null") + b"\n")
        (staging / LINEAGE_FILE).write_text(lineage.model_dump_json(indent=2) + "\n", encoding="utf-8")
        write_model_card(folder.name, metrics, dataset, lineage, staging)
        write_checksums(staging)
    return folder


def compare(model: "BaseEstimator", dataset: "Dataset", folder: Path) -> dict[str, Any]:
    """Return how far the exported graph in the folder agrees with the native model on the test examples."""
    encoder, graph = load_encoder(folder, dataset.schema), OnnxPredictor(folder / ONNX_FILE)
    count = len(dataset.test.features)
    scored = []
    for start in range(0, count, COMPARED_AT_ONCE):
        part = dataset.test.take(np.arange(start, min(start + COMPARED_AT_ONCE, count))).features
        scored.append((score(model, part), graph.scores(encoder.encode_features(part))))
    native, exported = (np.concatenate(parts) for parts in zip(*scored, strict=True))
    share = float(same(native, exported).mean())
    return {
        "agreement": share,
        "largest_difference": float(abs(native - exported).max()),
        "served": share >= LEAST_AGREEMENT,
    }


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `folder` when the block ends well, and vanishes when it does not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        yield staging
        staging.chmod(0o755)
        try:
            staging.rename(folder)
        except OSError as error:
            raise BundleError(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def find_bundle(models: Path, name: str | None = None) -> Path:
    """Return the folder of the named model, or of the newest. Raises BundleError when there is none."""
    if name is not None:
        if not (models / name / SCHEMA_FILE).exists():
            raise BundleError(f"{models} has no model {name!r}; it has {', '.join(list_bundles(models)) or 'none'}")
        return models / name
    if not (names := list_bundles(models)):
        raise BundleError(f"{models} holds no model yet; run the train command first")
    return models / names[-1]


def list_bundles(models: Path) -> list[str]:
    """Return the names of the saved models, the newest last."""
    return sorted(path.parent.name for path in models.glob(f"[!.]*/{SCHEMA_FILE}"))


def load_bundle(folder: Path) -> Bundle:
    """Load a saved model. Raises BundleError when a file is missing, damaged or not the one that was saved."""
    verify_checksums(folder)
    try:
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        schema = Schema.read(folder / SCHEMA_FILE)
        encoder = load_encoder(folder, schema)
        return Bundle(folder.name, schema, metrics, encoder, load_predictor(folder, encoder))
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(f"{folder} cannot be loaded: {error}") from error
