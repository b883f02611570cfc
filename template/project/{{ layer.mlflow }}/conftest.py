"""Tests keep their runs to themselves, whatever MLflow the shell names."""

import os

for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME"):
    os.environ.pop(name, None)
