"""Write and read the trained pipeline, in a format that cannot run code when it is loaded."""

from pathlib import Path

from sklearn.pipeline import Pipeline

from .trusted import dump_trusted, load_trusted

MODEL_FILE = "model.skops"

# A saved model is read with the versions that wrote it; lineage.json keeps them.
LIBRARIES = ("scikit-learn",)


def save_model(model: Pipeline, folder: Path) -> None:
    """Write the fitted pipeline."""
    dump_trusted(model, folder / MODEL_FILE)


def load_model(folder: Path) -> Pipeline:
    """Read the fitted pipeline. Raises BundleError when the file holds a type that no model here needs."""
    model: Pipeline = load_trusted(folder / MODEL_FILE)
    return model
