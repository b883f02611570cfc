"""Export the trained pipeline as one ONNX graph, from recent values to forecasts with intervals."""

from pathlib import Path

from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from ..inference.encoder import Margins
from ..inference.predictor import ONNX_FILE
from ..schema import Schema
from .graph import forecast_graph


def export(model: Pipeline, schema: Schema, folder: Path) -> None:
    """Write the graph from what the encoder makes of windows to `scores`, and the margins that it reads."""
    forecaster = model[-1]
    windows = FloatTensorType([None, schema.lags + schema.horizon * len(schema.known)])
    regressor = to_onnx(forecaster.regressor_, initial_types=[("windows", windows)])
    (folder / ONNX_FILE).write_bytes(forecast_graph(regressor, forecaster).SerializeToString())
    Margins(forecaster.margins_, forecaster.series_margins_).save(folder)
