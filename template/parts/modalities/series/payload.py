"""What a client sends: for each series its recent values, and what is known of the steps to forecast."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from ..data.frequency import find_fault
from ..data.times import ClockError, TimeReader
from ..inference.encoder import Window
from ..schema import Schema
from .problems import FieldError, numbers_of_kept
from .rows import parse_rows, rows_problem

# The statuses that `Payload.parse` refuses with, and when.
PAYLOAD_PROBLEMS = {
    400: "The body is not valid JSON.",
    415: "The body says to be something else than JSON.",
    422: "A series is too short, has a gap or a wrong value, or there are too few or many series.",
}

# Squares of larger numbers leave the range of float64.
LARGEST = 1e150

# Where the history of an example starts: a Monday, or the end of a month for data that is at month ends.
STARTS = (datetime(2001, 1, 1), datetime(2001, 1, 31))


class Payload:
    """JSON lists of series: `history`, `series` if the data has ids, `future` if columns are known in advance."""

    def __init__(self, schema: Schema, max_rows: int) -> None:
        """Build the validator of a request once."""
        self._schema = schema
        self._rows = build_rows(schema, max_rows)

    def parse(self, body: bytes, content_type: str, refused: list[FieldError] | None = None) -> list[Window]:
        """Return the windows of a request. Raises RequestProblem: 400 or 415 for no JSON, 422 for wrong series."""
        left_out: list[FieldError] = []
        rows = parse_rows(self._rows, body, content_type, None if refused is None else left_out)
        numbered = dict(zip(numbers_of_kept(len(rows), left_out), rows, strict=True))
        left_out += [
            FieldError(row=number, field=field, message=message)
            for number, row in numbered.items()
            for field, message in find_problems(row, self._schema)
        ]
        wrong = {problem.row for problem in left_out}
        sound = [row for number, row in numbered.items() if number not in wrong]
        if left_out and (refused is None or not sound):
            raise rows_problem(left_out)
        if refused is not None:
            refused += left_out
        return [make_window(row, self._schema) for row in sound]

    def document(self) -> dict[str, Any]:
        """Return the JSON schema of a request, with an example, by media type."""
        described = self._rows.json_schema()
        schema = inline(described, described.pop("$defs"))
        return {"application/json": {"schema": {**schema, "example": [self.example_row()]}}}

    def example(self) -> tuple[bytes, str]:
        """Return a body that the model can answer, and its media type."""
        return json.dumps([self.example_row()]).encode(), "application/json"

    def example_row(self) -> dict[str, Any]:
        """Return a series that the model could take: its values rise through the range seen in training."""
        schema, frequency = self._schema, self._schema.frequency
        start = next(start for start in STARTS if frequency.has(start))
        times = [frequency.write(frequency.after(start, step)) for step in range(schema.lags)]
        values = spread(*schema.ranges[schema.target], schema.lags)
        row: dict[str, Any] = {"series": "A"} if schema.series else {}
        row["history"] = [{schema.time: time, schema.target: value} for time, value in zip(times, values, strict=True)]
        if schema.known:
            columns = [spread(*schema.ranges[name], schema.horizon) for name in schema.known]
            row["future"] = [dict(zip(schema.known, step, strict=True)) for step in zip(*columns, strict=True)]
        return row


def build_rows(schema: Schema, max_rows: int) -> TypeAdapter[list[dict[str, Any]]]:
    """Return a validator of JSON lists of series."""
    time = Annotated[str, Field(description=f"ISO 8601; the series is {schema.frequency.name}")]
    point = make_object("Point", {schema.time: time, schema.target: number_of(schema, schema.target)})
    step = make_object("Step", {name: number_of(schema, name) for name in schema.known})
    fields: dict[str, Any] = {"series": str | int} if schema.series else {}
    # Their lengths are only documented here: `find_problems` refuses with words of its own.
    fields["history"] = list_of(point, minItems=schema.lags)
    if schema.known:
        fields["future"] = list_of(step, minItems=schema.horizon, maxItems=schema.horizon)
    row = make_object("Series", fields)
    rows = Annotated[list[row], Field(min_length=1, max_length=max_rows)]  # type: ignore[valid-type]
    return TypeAdapter(rows)


def list_of(item: Any, **lengths: int) -> Any:
    """Return the type of lists whose lengths are documented, but not checked."""
    return Annotated[list[item], Field(json_schema_extra={**lengths})]


def make_object(name: str, fields: Mapping[str, Any]) -> Any:
    """Return the type of JSON objects with exactly these fields."""
    # Type checkers want the fields of a TypedDict written out; these are known only when the schema is read.
    make: Any = TypedDict
    made = make(name, dict(fields))
    made.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    return made


def number_of(schema: Schema, column: str) -> Any:
    """Return the type of a column's values, described for the documentation."""
    seen = f"seen in training: {schema.seen(column)}"
    return Annotated[float, Field(description=seen, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]


def find_problems(row: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a series: the field, and what is wrong there. Places count from 1."""
    history, future = row["history"], row.get("future", [])
    if len(history) < schema.lags:
        yield "history", f"has {len(history)} values, and the model needs the last {schema.lags}"
    if schema.known and len(future) != schema.horizon:
        yield "future", f"has {len(future)} steps, and the model forecasts {schema.horizon}"
    reader, times = TimeReader(schema.timezone), []
    for place, point in enumerate(history, start=1):
        try:
            time = reader.read(point[schema.time])
            instant = schema.frequency.exact and time.tzinfo
            times.append(time.astimezone(UTC) if instant else time.replace(tzinfo=None))
        except ClockError as error:
            yield f"history.{place}.{schema.time}", str(error)
            return
        except ValueError:
            yield f"history.{place}.{schema.time}", "is no time in the form of 2001-12-31 or 2001-12-31T23:00"
            return
    if fault := find_fault(times, schema.frequency):
        yield f"history.{fault[0] + 1}.{schema.time}", fault[1]


def make_window(row: Mapping[str, Any], schema: Schema) -> Window:
    """Return the window of a sound series."""
    reader = TimeReader(schema.timezone)
    for point in row["history"]:
        reader.read(point[schema.time])
    return Window(
        series=row.get("series"),
        origin=reader.last[None],
        history=[point[schema.target] for point in row["history"][-schema.lags :]],
        known=[[step[name] for name in schema.known] for step in row.get("future", [])],
    )


def spread(low: float, high: float, count: int) -> list[float]:
    """Return so many rounded numbers from low to high."""
    return [round(low + (high - low) * place / max(1, count - 1), 3) for place in range(count)]


def inline(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a part of a JSON schema with what it refers to put in its place."""
    if isinstance(part, list):
        return [inline(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return inline(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: inline(each, definitions) for name, each in part.items()}
