"""How the columns of a table enter an ONNX graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from skl2onnx import get_model_alias, to_onnx, update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.proto import onnx_proto
from sklearn.pipeline import Pipeline

from ..schema import Schema
from .cleaning import OTHER_WORDS, Clip, Fill, Flags, RareWords, TargetWords
from .preprocessing import DATE_PARTS, DateParts, Narrow, date_parts


def graph_inputs(schema: Schema) -> list[tuple[str, Any]]:
    """Return the inputs of a graph: `numbers`, `dates` and `categories`, those that the schema has."""
    types = [
        ("numbers", DoubleTensorType, schema.all_numbers),
        ("dates", DoubleTensorType, schema.dates),
        ("categories", StringTensorType, schema.categories),
    ]
    return [(name, kind([None, len(columns)])) for name, kind, columns in types if columns]


def to_graph(steps: Pipeline, inputs: Sequence[tuple[str, Any]], **options: Any) -> onnx.ModelProto:
    """Return fitted steps as a graph, with those of this project among them."""
    # skl2onnx knows pipelines by their very class.
    return to_onnx(Pipeline(steps.steps), initial_types=inputs, **options)


class Value:
    """A value of the graph that is being written; what is reckoned with it becomes a node."""

    def __init__(self, name: str, scope: Any, graph: Any) -> None:
        """Keep its name, and where nodes go."""
        self.name = name
        self._scope = scope
        self._graph = graph

    def constant(self, number: Any) -> "Value":
        """Return a number, or an array of them, as float64."""
        array = np.asarray(number, dtype=np.float64)
        return self._keep(onnx_proto.TensorProto.DOUBLE, array.shape, array.ravel())

    def place(self, column: int) -> "Value":
        """Return the place of a column, for what looks it up."""
        return self._keep(onnx_proto.TensorProto.INT64, [1], [column])

    def _keep(self, kind: int, shape: Sequence[int], values: Any) -> "Value":
        """Return what the graph holds from the start."""
        name = self._scope.get_unique_variable_name("constant")
        self._graph.add_initializer(name, kind, shape, values)
        return Value(name, self._scope, self._graph)

    def node(self, operator: str, *others: Any, into: str | None = None, **attributes: Any) -> "Value":
        """Return what an operator makes of this value and others; `into` names it."""
        inputs = [other if isinstance(other, Value) else self.constant(other) for other in (self, *others)]
        name = into or self._scope.get_unique_variable_name(operator.lower())
        self._graph.add_node(
            operator,
            [each.name for each in inputs],
            [name],
            name=self._scope.get_unique_operator_name(operator),
            **attributes,
        )
        return Value(name, self._scope, self._graph)

    def look_up(self, words: Sequence[str], values: Sequence[Any], default: Any) -> "Value":
        """Return the value of each word: text, or float32; the default for words that are not there."""
        kind = "string" if isinstance(default, str) else "float"
        table = {"keys_strings": words, f"values_{kind}s": values, f"default_{kind}": default}
        return self.node("LabelEncoder", op_domain="ai.onnx.ml", op_version=2, **table)

    def __add__(self, other: Any) -> "Value":
        """Add."""
        return self.node("Add", other)

    def __sub__(self, other: Any) -> "Value":
        """Subtract."""
        return self.node("Sub", other)

    def __mul__(self, other: Any) -> "Value":
        """Multiply."""
        return self.node("Mul", other)

    def __truediv__(self, other: Any) -> "Value":
        """Divide."""
        return self.node("Div", other)


def floor(value: Value) -> Value:
    """Round down."""
    return value.node("Floor")


def convert_narrow(scope: Any, operator: Any, container: Any) -> None:
    """Write what `Narrow.transform` does."""
    values = Value(operator.inputs[0].full_name, scope, container)
    offset = operator.raw_operator.offset_
    less = values - offset[None] if offset.any() else values
    less.node("Cast", into=operator.outputs[0].full_name, to=onnx_proto.TensorProto.FLOAT)


def convert_date_parts(scope: Any, operator: Any, container: Any) -> None:
    """Write what `DateParts.transform` does."""
    values = Value(operator.inputs[0].full_name, scope, container)
    parts: list[Value] = []
    for place, first in enumerate(operator.raw_operator.first_):
        column = values.node("Gather", values.place(place), axis=1)
        parts += date_parts(column, float(first), floor)
    whole = parts[0].node("Concat", *parts[1:], axis=1)
    whole.node("Cast", into=operator.outputs[0].full_name, to=onnx_proto.TensorProto.FLOAT)


def convert_clip(scope: Any, operator: Any, container: Any) -> None:
    """Write what `Clip.transform` does: a comparison with what is missing is never true."""
    clip, values = operator.raw_operator, Value(operator.inputs[0].full_name, scope, container)
    lower, upper = values.constant(clip.lower_[None]), values.constant(clip.upper_[None])
    raised = values.node("Less", lower).node("Where", lower, values)
    raised.node("Greater", upper).node("Where", upper, raised, into=operator.outputs[0].full_name)


def convert_fill(scope: Any, operator: Any, container: Any) -> None:
    """Write what `Fill.transform` does."""
    values = Value(operator.inputs[0].full_name, scope, container)
    into = operator.outputs[0].full_name
    values.node("IsNaN").node("Where", operator.raw_operator.statistics_[None], values, into=into)


def convert_flags(scope: Any, operator: Any, container: Any) -> None:
    """Write what `Flags.transform` does."""
    values = Value(operator.inputs[0].full_name, scope, container)
    values.node("IsNaN").node("Cast", into=operator.outputs[0].full_name, to=onnx_proto.TensorProto.FLOAT)


def convert_rare_words(scope: Any, operator: Any, container: Any) -> None:
    """Write what `RareWords.transform` does."""
    words = Value(operator.inputs[0].full_name, scope, container)
    columns = [
        words.node("Gather", words.place(place), axis=1).look_up(kept, kept, OTHER_WORDS)
        for place, kept in enumerate(operator.raw_operator.kept_)
    ]
    columns[0].node("Concat", *columns[1:], axis=1, into=operator.outputs[0].full_name)


def convert_target_words(scope: Any, operator: Any, container: Any) -> None:
    """Write what `TargetWords.transform` does."""
    words, step = Value(operator.inputs[0].full_name, scope, container), operator.raw_operator
    encoder, each = step.encoder_, step.classes_out
    means, overall = encoder.encodings_, np.ravel(encoder.target_mean_).tolist()
    columns = []
    for place, known in enumerate(encoder.categories_):
        column = words.node("Gather", words.place(place), axis=1)
        for number in range(each):
            mean = means[place * each + number].tolist()
            columns.append(column.look_up([str(word) for word in known], mean, overall[number]))
    columns[0].node("Concat", *columns[1:], axis=1, into=operator.outputs[0].full_name)


def columns_out(each: int) -> Any:
    """Return what says how many columns come out: so many for each that goes in."""

    def shape(operator: Any) -> None:
        rows = operator.inputs[0].get_first_dimension()
        operator.outputs[0].type.shape = [rows, each * operator.raw_operator.n_features_in_]

    return shape


def means_out(operator: Any) -> None:
    """Say that a word becomes a number for each class, or one."""
    columns_out(operator.raw_operator.classes_out)(operator)


def of_type(kind: Any) -> Any:
    """Return what declares that a step gives values of this type."""

    def declare(scope: Any, step: Any, inputs: Any, custom_parsers: Any = None) -> Any:
        operator = scope.declare_local_operator(get_model_alias(type(step)), step)
        operator.inputs.extend(inputs)
        operator.outputs.append(scope.declare_local_variable("columns", kind()))
        return operator.outputs

    return declare


for step, shape, convert, kind in (
    (Clip, columns_out(1), convert_clip, DoubleTensorType),
    (DateParts, columns_out(len(DATE_PARTS)), convert_date_parts, FloatTensorType),
    (Fill, columns_out(1), convert_fill, DoubleTensorType),
    (Flags, columns_out(1), convert_flags, FloatTensorType),
    (Narrow, columns_out(1), convert_narrow, FloatTensorType),
    (RareWords, columns_out(1), convert_rare_words, StringTensorType),
    (TargetWords, means_out, convert_target_words, FloatTensorType),
):
    update_registered_converter(step, step.__name__, shape, convert, parser=of_type(kind))
