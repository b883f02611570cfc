"""The regressors on recent values that params.yaml can name."""

from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from ..config import Config
from ..schema import Schema
from .estimators import make_estimator, set_step_params
from .forecaster import Forecaster

REGRESSORS = {
    "ridge": Ridge,
    "random_forest": RandomForestRegressor,
    "gradient_boosting": GradientBoostingRegressor,
}


def build_model(config: Config, schema: Schema) -> Pipeline:
    """Return the unfitted pipeline from windows to forecasts with intervals. Raises ConfigError."""
    forecaster = Forecaster(
        make_estimator(REGRESSORS, config),
        lags=schema.lags,
        horizon=schema.horizon,
        season=schema.season,
        level=schema.level,
    )
    return set_step_params(Pipeline([("model", forecaster)]), config)
