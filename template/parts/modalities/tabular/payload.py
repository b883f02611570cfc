"""The rows that a client sends: the fields of the table that the model was trained on."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ..columns import Column, read_date, word_key, write_date
from ..schema import Schema
from .problems import FieldError
from .rows import parse_rows

# The statuses that `Payload.parse` refuses with, and when.
PAYLOAD_PROBLEMS = {
    400: "The body is not valid JSON.",
    415: "The body says to be something else than JSON.",
    422: "A row has an unknown, missing or wrong value, or there are too few or many rows.",
}

LARGEST = float(np.finfo(np.float32).max)


class Payload:
    """JSON lists of rows; a row may leave out what was missing in training."""

    def __init__(self, schema: Schema, max_rows: int) -> None:
        """Build the validator of a request once."""
        self._schema = schema
        self._rows = build_rows(schema, max_rows)

    def parse(self, body: bytes, content_type: str, refused: list[FieldError] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a request. Raises RequestProblem: 400 or 415 for no JSON, 422 for wrong rows."""
        return parse_rows(self._rows, body, content_type, refused)

    def document(self) -> dict[str, Any]:
        """Return the JSON schema of a request, with an example, by media type."""
        described = self._rows.json_schema()
        row = described.pop("$defs")["Row"]
        return {"application/json": {"schema": {**described, "items": row, "example": [self.example_row()]}}}

    def example(self) -> tuple[bytes, str]:
        """Return a body that the model can answer, and its media type."""
        return json.dumps([self.example_row()]).encode(), "application/json"

    def example_row(self) -> dict[str, Any]:
        """Return a row that the model could take."""
        return {column.name: example_of(column) for column in self._schema.columns}


def build_rows(schema: Schema, max_rows: int) -> TypeAdapter[list[dict[str, Any]]]:
    """Return a validator of JSON lists of rows."""
    fields = {column.name: field_of(column, others=schema.takes_others) for column in schema.columns}
    # Type checkers want the fields of a TypedDict written out; these are known only when the schema is read.
    make: Any = TypedDict
    row = make("Row", fields)
    row.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    rows = Annotated[list[row], Field(min_length=1, max_length=max_rows)]  # type: ignore[valid-type]
    return TypeAdapter(rows)


def field_of(column: Column, *, others: bool = False) -> Any:
    """Return the type of a column's values, described for the API's documentation; `others` may be categories."""
    if column.many:
        field: Any = Annotated[
            str, Field(description=f"any word; training has seen {column.seen}"), AfterValidator(key_of)
        ]
    elif column.kind == "category":
        known = {word_key(word): word for word in column.categories}
        told = Field(description=f"any word; training has seen: {column.seen}")
        words: Any = Annotated[str, told] if others else Literal[column.categories]
        field = Annotated[words, BeforeValidator(partial(spell, known))]
    elif column.kind == "boolean":
        field = bool
    elif column.kind == "date":
        seen = f"a date in ISO 8601; seen in training: {column.seen}"
        field = Annotated[str, Field(description=seen), AfterValidator(seconds_of)]
    else:
        seen = f"seen in training: {column.seen}"
        field = Annotated[float, Field(description=seen, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
    return NotRequired[field | None] if column.nullable else field


def spell(known: Mapping[str, str], value: Any) -> Any:
    """Return a word as the categories spell it: letters have two forms in Unicode. What is no such word stays."""
    return known.get(word_key(value.strip()), value) if isinstance(value, str) else value


def key_of(word: str) -> str:
    """Return a word in the one form that its spellings have in common."""
    return word_key(word.strip())


def seconds_of(text: str) -> float:
    """Return the seconds since 1970 of a date. Raises PydanticCustomError when it is none."""
    try:
        return read_date(text)
    except ValueError:
        raise PydanticCustomError("date", "is no date in the form of 2001-12-31 or 2001-12-31T23:00") from None


def example_of(column: Column) -> Any:
    """Return a value that the column could hold."""
    if column.kind == "category":
        return column.example if column.many else column.categories[0]
    if column.kind == "boolean":
        return True
    if column.kind == "date":
        return write_date(column.latest)
    middle = round(((column.minimum or 0) + (column.maximum or 0)) / 2, 3)
    return int(middle) if middle.is_integer() else middle
