"""The texts that a client sends."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ..schema import Schema
from .problems import FieldError
from .rows import parse_rows

# The statuses that `Payload.parse` refuses with, and when.
PAYLOAD_PROBLEMS = {
    400: "The body is not valid JSON.",
    415: "The body says to be something else than JSON.",
    422: "A row has no text, an empty or too long one, or another field, or there are too few or many rows.",
}

EXAMPLE = "Return the messages that have not been read, the newest first."


class Payload:
    """JSON lists of rows with one field, named as the column of the training data that held the texts."""

    def __init__(self, schema: Schema, max_rows: int) -> None:
        """Build the validator of a request once."""
        self._schema = schema
        self._rows = build_rows(schema, max_rows)

    def parse(self, body: bytes, content_type: str, refused: list[FieldError] | None = None) -> list[dict[str, str]]:
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

    def example_row(self) -> dict[str, str]:
        """Return a row that the model can take."""
        return {self._schema.text: EXAMPLE[: self._schema.max_characters]}


def build_rows(schema: Schema, max_rows: int) -> TypeAdapter[list[dict[str, str]]]:
    """Return a validator of JSON lists of rows."""
    described = Field(max_length=schema.max_characters, description="The text to classify.")
    # Type checkers want the fields of a TypedDict written out; this one is known only when the schema is read.
    make: Any = TypedDict
    row = make("Row", {schema.text: Annotated[str, described, AfterValidator(refuse_blank)]})
    row.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    rows = Annotated[list[row], Field(min_length=1, max_length=max_rows)]  # type: ignore[valid-type]
    return TypeAdapter(rows)


def refuse_blank(text: str) -> str:
    """Return the text. Raises PydanticCustomError when there is nothing in it."""
    if not text.strip():
        raise PydanticCustomError("blank", "holds no text")
    return text
