"""Put what a forecaster does around its regressor into the regressor's ONNX graph."""

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .forecaster import Forecaster

# Stands before the names of what is added, so that none is that of a value in the regressor's graph.
PREFIX = "forecaster."


def forecast_graph(regressor: onnx.ModelProto, forecaster: Forecaster) -> onnx.ModelProto:
    """Return the graph from `history`, `known` if columns are known in advance, and `margins`, to `scores`.

    The regressor's graph has one input, relative windows as float32, and one output (rows, horizon).
    """
    core = onnx.ModelProto()
    core.CopyFrom(regressor)
    graph = core.graph
    rename_output(graph, f"{PREFIX}output")
    columns = len(forecaster.known_mean_)
    nodes = [*relate_nodes(graph.input[0].name, known=columns > 0), *graph.node, *undo_nodes()]
    inputs = [helper.make_tensor_value_info("history", TensorProto.DOUBLE, [None, forecaster.lags])]
    if columns:
        inputs.append(helper.make_tensor_value_info("known", TensorProto.DOUBLE, [None, columns]))
    inputs.append(helper.make_tensor_value_info("margins", TensorProto.DOUBLE, [None, forecaster.horizon]))
    whole = helper.make_graph(
        nodes,
        "forecaster",
        inputs,
        [helper.make_tensor_value_info("scores", TensorProto.DOUBLE, [None, 3 * forecaster.horizon])],
        [*constants(forecaster), *graph.initializer],
    )
    core.graph.CopyFrom(whole)
    return core


def rename_output(graph: onnx.GraphProto, name: str) -> None:
    """Give the only output of a graph another name."""
    old = graph.output[0].name
    for node in graph.node:
        node.output[:] = [name if output == old else output for output in node.output]
        node.input[:] = [name if used == old else used for used in node.input]


def relate_nodes(window: str, *, known: bool) -> Iterator[onnx.NodeProto]:
    """Yield what `Forecaster.relate` does; `window` is the name of the regressor's input."""
    yield node("Gather", "history", "last_place", to="last", axis=1)
    yield node("Sub", "history", "last", to="relative")
    yield node("MatMul", "relative", "average", to="mean")
    yield node("Sub", "relative", "mean", to="centred")
    yield node("Mul", "centred", "centred", to="squares")
    yield node("MatMul", "squares", "average", to="variance")
    yield node("Sqrt", "variance", to="deviation")
    yield node("Greater", "deviation", "zero", to="changes")
    yield node("Where", "changes", "deviation", "one", to="spread")
    yield node("Div", "relative", "spread", to="scaled")
    if known:
        yield node("Sub", "known", "known_mean", to="known_centred")
        yield node("Div", "known_centred", "known_spread", to="known_scaled")
        yield node("Concat", "scaled", "known_scaled", to="wide", axis=1)
    yield helper.make_node("Cast", [PREFIX + ("wide" if known else "scaled")], [window], to=TensorProto.FLOAT)


def undo_nodes() -> Iterator[onnx.NodeProto]:
    """Yield what `Forecaster.predict` does with the regressor's output."""
    yield node("Cast", "output", to="output_double", into=TensorProto.DOUBLE)
    yield node("Mul", "output_double", "spread", to="change")
    yield node("Add", "change", "last", to="forecast")
    yield node("Mul", "margins", "spread", to="reach")
    yield node("Sub", "forecast", "reach", to="lower")
    yield node("Add", "forecast", "reach", to="upper")
    yield node("Concat", "forecast", "lower", "upper", to="scores", axis=1)


def node(operator: str, *inputs: str, to: str, axis: int | None = None, into: int | None = None) -> onnx.NodeProto:
    """Return a node; all names but those of the graph's own inputs and output get the prefix."""
    names = [name if name in ("history", "known", "margins", "scores") else PREFIX + name for name in (*inputs, to)]
    return helper.make_node(operator, names[:-1], names[-1:], axis=axis, to=into)


def constants(forecaster: Forecaster) -> list[onnx.TensorProto]:
    """Return what the nodes need that does not change."""
    values: dict[str, NDArray[np.generic]] = {
        "last_place": np.array([forecaster.lags - 1]),
        "average": np.full((forecaster.lags, 1), 1 / forecaster.lags),
        "zero": np.array(0.0),
        "one": np.array(1.0),
    }
    if len(forecaster.known_mean_):
        values |= {"known_mean": forecaster.known_mean_, "known_spread": forecaster.known_spread_}
    return [numpy_helper.from_array(value, PREFIX + name) for name, value in values.items()]
