"""Parse a JSON list of rows, and say in plain words what is wrong with it."""

from codecs import BOM_UTF8
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from .problems import FieldError, RequestProblem

MAX_PROBLEMS = 10


def parse_rows(
    rows: TypeAdapter[list[Any]], body: bytes, content_type: str, refused: list[FieldError] | None = None
) -> list[Any]:
    """Return the rows of a request. Raises RequestProblem: 400 for broken JSON, 415 for none, 422 for wrong rows.

    With a list to add to, wrong rows are left out and told there, as long as one is right.
    """
    check_type(content_type)
    # Some programs put a byte-order mark before what they send.
    body = body.removeprefix(BOM_UTF8)
    try:
        return rows.validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
    if found[0]["type"] == "json_invalid":
        raise RequestProblem(400, "The body is not valid JSON.", [FieldError(message=found[0]["msg"])])
    problems = [explain(problem) for problem in found]
    wrong = {problem.row for problem in problems}
    # What is wrong with the whole list names no row.
    sent = [] if refused is None or None in wrong else from_json(body)
    right = [row for number, row in enumerate(sent, start=1) if number not in wrong]
    if refused is None or not right:
        raise rows_problem(problems)
    refused += problems
    return rows.validate_json(to_json(right))


def check_type(content_type: str) -> None:
    """Raise RequestProblem (415) for a body that says to be something else than JSON."""
    said = content_type.partition(";")[0].strip().lower()
    if said and said != "application/json" and not said.endswith("+json"):
        raise RequestProblem(415, f"Send JSON, with the header Content-Type: application/json; not {said}.")


def rows_problem(problems: list[FieldError]) -> RequestProblem:
    """Return the problem (422) that names the first problem and lists the others."""
    more = f" ({len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return RequestProblem(422, f"{problems[0]}{more}", problems[:MAX_PROBLEMS])


def explain(problem: ErrorDetails) -> FieldError:
    """Say in plain words what pydantic found, and where."""
    place = problem["loc"]
    row = int(place[0]) + 1 if place else None
    field = ".".join(str(part + 1 if isinstance(part, int) else part) for part in place[1:]) or None
    context = problem.get("ctx", {})
    words = {
        "extra_forbidden": "unknown field",
        "missing": "is missing, and training saw no missing value here",
        "literal_error": f"must be one of {context.get('expected')}",
        "too_short": "send at least one row",
        "too_long": f"send at most {context.get('max_length')} rows at a time",
        "list_type": "the body must be a list of rows",
        "dict_type": "must be an object with the fields of a row",
        "less_than_equal": "is larger than a model can take",
        "greater_than_equal": "is smaller than a model can take",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "string_type": "must be text",
    }
    return FieldError(row=row, field=field, message=words.get(problem["type"], problem["msg"]))
