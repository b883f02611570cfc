"""The regressors that params.yaml can name."""

from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeRegressor

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator
from .features import build_pipeline

REGRESSORS = {
    "linear_regression": LinearRegression,
    "ridge": Ridge,
    "k_nearest_neighbors": KNeighborsRegressor,
    "decision_tree": DecisionTreeRegressor,
    "random_forest": RandomForestRegressor,
    "gradient_boosting": GradientBoostingRegressor,
}

# Trees need no scaling, and its float32 rounding would carry rows across their thresholds.
SCALED = {"linear_regression", "ridge", "k_nearest_neighbors"}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from the table's columns to a number. Raises ConfigError."""
    regressor = make_estimator(REGRESSORS, config)
    return build_pipeline(schema, config, regressor, scale=config.model in SCALED)
