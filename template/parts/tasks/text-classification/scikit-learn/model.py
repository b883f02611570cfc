"""The classifiers that params.yaml can name, and how each takes a text."""

from collections.abc import Callable

from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import SubwordVectors, WordCounts, WordVectors

CLASSIFIERS = {
    "bag_of_words": LogisticRegression,
    "naive_bayes": MultinomialNB,
    "tf_idf": LogisticRegression,
    "word2vec": LogisticRegression,
    "fasttext": LogisticRegression,
}
Steps = list[tuple[str, object]]

# What comes before the classifier, for a seed. The first step does in Python what a graph cannot.
PREPARATION: dict[str, Callable[[int], Steps]] = {
    "bag_of_words": lambda seed: [("text", WordCounts())],
    "naive_bayes": lambda seed: [("text", WordCounts())],
    "tf_idf": lambda seed: [("text", WordCounts()), ("weights", TfidfTransformer())],
    "word2vec": lambda seed: [("text", WordVectors(random_state=seed))],
    "fasttext": lambda seed: [("text", SubwordVectors(random_state=seed))],
}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from texts to class probabilities. Raises ConfigError."""
    classifier = make_estimator(CLASSIFIERS, config)
    steps = PREPARATION[config.model](config.seed)
    return set_step_params(Pipeline([*steps, ("model", classifier)]), config)
