"""The rows that a client sends: the fields of the table that the model was trained on."""

from typing import Annotated, Any, Literal, NotRequired

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from .schema import Column, Schema

LARGEST = float(np.finfo(np.float32).max)


def build_rows(schema: Schema, max_rows: int) -> TypeAdapter[list[dict[str, Any]]]:
    """Return a validator of JSON lists of rows; a row may leave out what was missing in training."""
    fields = {column.name: field_of(column) for column in schema.columns}
    # Type checkers want the fields of a TypedDict written out; these are known only when the schema is read.
    make: Any = TypedDict
    row = make("Row", fields)
    row.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    rows = Annotated[list[row], Field(min_length=1, max_length=max_rows)]  # type: ignore[valid-type]
    return TypeAdapter(rows)


def field_of(column: Column) -> Any:
    """Return the type of a column's values, described for the API's documentation."""
    if column.kind == "category":
        field: Any = Literal[column.categories]
    elif column.kind == "boolean":
        field = bool
    else:
        seen = f"seen in training: {column.minimum:g} to {column.maximum:g}"
        field = Annotated[float, Field(description=seen, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
    return NotRequired[field | None] if column.nullable else field


def document_rows(schema: Schema, max_rows: int) -> dict[str, Any]:
    """Return the JSON schema of a request, with an example."""
    described = build_rows(schema, max_rows).json_schema()
    row = described.pop("$defs")["Row"]
    return {**described, "items": row, "example": [{column.name: example_of(column) for column in schema.columns}]}


def example_of(column: Column) -> Any:
    """Return a value that the column could hold."""
    if column.kind == "category":
        return column.categories[0]
    if column.kind == "boolean":
        return True
    middle = round(((column.minimum or 0) + (column.maximum or 0)) / 2, 3)
    return int(middle) if middle.is_integer() else middle
