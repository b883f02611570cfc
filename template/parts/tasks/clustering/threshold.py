"""From which probability on something is predicted: nothing of the kind is, here."""

from sklearn.pipeline import Pipeline

from ..config import HALF, Config
from ..data.dataset import Dataset
from ..errors import ConfigError


def with_threshold(model: Pipeline, dataset: Dataset, config: Config) -> Dataset:
    """Return the dataset as it is. Raises ConfigError if params.yaml asks for a threshold."""
    if config.evaluation.threshold != HALF:
        raise ConfigError("evaluation.threshold: this task predicts no probabilities that one could be set for")
    return dataset
