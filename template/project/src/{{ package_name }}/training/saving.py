"""Save a model with all that is known of it: a folder that is written whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json
from sklearn.pipeline import Pipeline

from ..data.dataset import Dataset
from ..errors import BundleError
from ..evaluation.evaluate import Evaluation
from ..evaluation.floor import is_better
from ..evaluation.recent import answers_of, watch
from ..inference.bundle import (
    HELD_OUT_FILE,
    LEARNED_FILE,
    LINEAGE_FILE,
    METRICS_FILE,
    list_bundles,
    measured_metrics,
    write_checksums,
)
from ..inference.encoder import load_encoder
from ..inference.naming import find_metric, write_number
from ..inference.prediction import same, score
from ..inference.predictor import ONNX_FILE, OnnxPredictor
from ..inference.reference import Reference, describe
from ..inference.storage import save_model
from ..schema import SCHEMA_FILE
from .export import export
from .lineage import PACKAGES_FILE, installed_packages
from .model_card import write_model_card
from .runs import Lineage

# An exported graph is served when at least this share of held-out examples agrees with the native model.
LEAST_AGREEMENT = 0.999
COMPARED_AT_ONCE = 1_000

UNFINISHED = ".unfinished-"
# The folder of a model that is to be compared with the one that answers, and that of its last fit, if that is on all
# examples; no command takes them for one of the others.
CANDIDATE, LAST_FIT = ".candidate", ".candidate-last"
# In seconds.
LONGEST_SAVING = 24 * 3_600


def save_bundle(model: Pipeline, dataset: Dataset, evaluation: Evaluation, lineage: Lineage, folder: Path) -> Path:
    """Write the bundle and return its folder. Raises BundleError when the folder exists."""
    with whole_folder(folder) as staging:
        save_model(model, staging)
        dataset.schema.save(staging / SCHEMA_FILE)
        export(model, dataset.schema, staging)
        agreement, scores = compare(model, dataset, staging)
        if not agreement["served"]:
            (staging / ONNX_FILE).unlink()
        metrics = {
            "metrics": evaluation.metrics,
            "baseline": evaluation.baseline,
            "folds": {"mean": evaluation.folds_mean, "std": evaluation.folds_std, "chose": evaluation.folds_chose},
            "tables": {name: table.to_dict("records") for name, table in evaluation.tables.items()},
            "onnx": agreement,
        }
        # A metric that these rows do not define is null: JSON knows no NaN.
        (staging / METRICS_FILE).write_bytes(to_json(metrics, indent=2, inf_nan_mode="null") + b"\n")
        (staging / LINEAGE_FILE).write_text(lineage.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (staging / PACKAGES_FILE).write_text(installed_packages(), encoding="utf-8")
        learned = dataset.whole or dataset.train
        Reference(
            examples=len(learned.features),
            columns=describe(watch(learned, dataset.schema)),
            answers=describe(answers_of(scores, dataset.test.target, dataset.schema)),
        ).save(staging)
        np.save(staging / HELD_OUT_FILE, np.sort(dataset.test.keys()))
        np.save(staging / LEARNED_FILE, np.sort(learned.keys()))
        write_model_card(lineage.run or folder.name, metrics, dataset, lineage, staging)
        write_checksums(staging)
    return folder


def compare(model: Pipeline, dataset: Dataset, folder: Path) -> tuple[dict[str, Any], NDArray[Any]]:
    """Return how far the exported graph in the folder agrees with the native model on the test examples.

    Return the native model's scores, too, (examples, scores of one).
    """
    encoder, graph = load_encoder(folder, dataset.schema), OnnxPredictor(folder / ONNX_FILE)
    count = len(dataset.test.features)
    scored = []
    for start in range(0, count, COMPARED_AT_ONCE):
        part = dataset.test.take(np.arange(start, min(start + COMPARED_AT_ONCE, count))).features
        scored.append((score(model, part), graph.scores(encoder.encode_features(part))))
    native, exported = (np.concatenate(parts) for parts in zip(*scored, strict=True))
    share = float(same(native, exported).mean())
    agreement = {
        "agreement": share,
        "largest_difference": float(abs(native - exported).max()),
        "served": share >= LEAST_AGREEMENT,
    }
    return agreement, native


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `folder` when the block ends well, and vanishes when it does not.

    Raises BundleError when nothing can be written there, or the folder exists.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)
    staging = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder.parent))
    try:
        yield staging
        staging.chmod(0o755)
        staging.rename(folder)
    except OSError as error:
        # Without a number it comes from a library that was writing.
        raise BundleError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a saved model to a folder of its own, whole or not at all, unless it is there already."""
    if not target.exists():
        with whole_folder(target) as staging:
            shutil.copytree(source, staging, dirs_exist_ok=True)


def sweep(models: Path) -> None:
    """Remove what runs that were killed left behind, unless it may be that of a run that still saves."""
    for path in models.glob(f"{UNFINISHED}*"):
        if time() - path.stat().st_mtime > LONGEST_SAVING:
            shutil.rmtree(path, ignore_errors=True)


def compare_with_before(folder: Path, asked: str) -> str | None:
    """Return what is said where a saved model is worse than the one that was saved before it, or None.

    They may have been measured on other examples, which is then part of the difference.
    """
    names = list_bundles(folder.parent)
    place = names.index(folder.name)
    if not place:
        return None
    new, old = (measured_metrics(folder.parent / name) for name in (folder.name, names[place - 1]))
    metric = find_metric(asked, new)
    before, now = old.get(metric), new[metric]
    if before is None or now is None or not is_better(metric, before, now):
        return None
    return (
        f"{metric} was {write_number(before)} with {names[place - 1]}, the model before; it is {write_number(now)} now"
    )
