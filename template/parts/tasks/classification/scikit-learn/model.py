"""The classifiers that params.yaml can name."""

from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import build_features

CLASSIFIERS = {
    "logistic_regression": LogisticRegression,
    "random_forest": RandomForestClassifier,
    "gradient_boosting": GradientBoostingClassifier,
}

# Trees need no scaling, and its float32 rounding would carry rows across their thresholds.
SCALED = {"logistic_regression"}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to class probabilities. Raises ConfigError."""
    classifier = make_estimator(CLASSIFIERS, config)
    features = build_features(schema, scale=config.model in SCALED)
    return set_step_params(Pipeline([("features", features), ("model", classifier)]), config)
