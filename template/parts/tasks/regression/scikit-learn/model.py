"""The regressors that params.yaml can name."""

from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeRegressor

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .features import build_features

REGRESSORS = {
    "ridge": Ridge,
    "decision_tree": DecisionTreeRegressor,
    "random_forest": RandomForestRegressor,
    "gradient_boosting": GradientBoostingRegressor,
}

# Trees need no scaling, and its float32 rounding would carry rows across their thresholds.
SCALED = {"ridge"}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to a number. Raises ConfigError."""
    regressor = make_estimator(REGRESSORS, config)
    features = build_features(schema, scale=config.model in SCALED)
    return set_step_params(Pipeline([("features", features), ("model", regressor)]), config)
