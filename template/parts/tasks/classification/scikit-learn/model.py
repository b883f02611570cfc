"""The classifiers that params.yaml can name."""

from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator
from .features import build_pipeline

CLASSIFIERS = {
    "logistic_regression": LogisticRegression,
    "k_nearest_neighbors": KNeighborsClassifier,
    "decision_tree": DecisionTreeClassifier,
    "random_forest": RandomForestClassifier,
    "gradient_boosting": GradientBoostingClassifier,
}

# Trees need no scaling, and its float32 rounding would carry rows across their thresholds.
SCALED = {"logistic_regression", "k_nearest_neighbors"}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to class probabilities. Raises ConfigError."""
    classifier = make_estimator(CLASSIFIERS, config)
    return build_pipeline(schema, config, classifier, scale=config.model in SCALED)
