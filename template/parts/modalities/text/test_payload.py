"""A request is texts; anything else is refused with row and field."""

import json
from typing import Any

import numpy as np
import pytest

from acme_ml.config import Config
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.service.payload import PAYLOAD_PROBLEMS, Payload
from acme_ml.service.problems import FieldError, RequestProblem
from acme_ml.training.train import Run


@pytest.fixture(scope="session")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model, as a service loads it."""
    return load_bundle(trained[1].bundle)


def parse(bundle: Bundle, rows: Any) -> list[Any]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return Payload(bundle.schema, max_rows=50).parse(body, "application/json")


def refused(bundle: Bundle, rows: Any) -> RequestProblem:
    with pytest.raises(RequestProblem) as problem:
        parse(bundle, rows)
    assert problem.value.status in PAYLOAD_PROBLEMS
    return problem.value


def test_many_texts_are_answered_in_order(bundle: Bundle) -> None:
    rows = [{"text": f"{word} {number} Ünï 🙂"} for number in range(10) for word in ("parse the tree", "log", "send")]
    together = bundle.predictor.scores(bundle.encoder.encode(parse(bundle, rows)))
    alone = [bundle.predictor.scores(bundle.encoder.encode(parse(bundle, [row])))[0] for row in rows]
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "not valid JSON"),
        (b"[{", 400, "not valid JSON"),
        (b'[{"text": "\xff"}]', 400, "not valid JSON"),
        (b'[{"text": "\\ud800"}]', 400, "not valid JSON"),
        (b"[" * 5_000, 400, "not valid JSON"),
        (b"{}", 422, "the body must be a list of rows"),
        (b"[]", 422, "send at least one row"),
        (b'["a text"]', 422, "row 1: must be an object"),
        (b"[{}]", 422, "row 1, text: is missing"),
    ],
)
def test_a_body_that_is_no_list_of_texts_is_refused(bundle: Bundle, body: bytes, status: int, message: str) -> None:
    answer = refused(bundle, body)
    assert answer.status == status
    assert message in answer.body.error


@pytest.mark.parametrize("text", [None, 3, True, ["a"], "", " \n\t"])
def test_what_is_no_text_is_named(bundle: Bundle, text: Any) -> None:
    answer = refused(bundle, [{"text": "fine"}, {"text": text}])
    assert answer.status == 422
    assert (answer.body.problems[0].row, answer.body.problems[0].field) == (2, "text")


def test_a_wrong_row_is_left_out_when_asked_for(bundle: Bundle) -> None:
    refused_rows: list[FieldError] = []
    body = json.dumps([{"text": " "}, {"text": "fine"}, {"other": "x"}, {"text": "so is this"}]).encode()
    kept = Payload(bundle.schema, max_rows=50).parse(body, "application/json", refused_rows)
    assert kept == [{"text": "fine"}, {"text": "so is this"}]
    assert sorted({problem.row or 0 for problem in refused_rows}) == [1, 3]


def test_a_text_over_the_limit_is_refused(bundle: Bundle) -> None:
    limit = bundle.schema.max_characters
    assert len(parse(bundle, [{"text": "x" * limit}])) == 1
    assert f"at most {limit} characters" in refused(bundle, [{"text": "x" * (limit + 1)}]).body.error


def test_an_unknown_field_is_named(bundle: Bundle) -> None:
    assert refused(bundle, [{"text": "fine", "ghost": 1}]).body.error == "row 1, ghost: unknown field"


def test_too_many_texts_are_refused(bundle: Bundle) -> None:
    answer = refused(bundle, [{"text": "fine"}] * 51)
    assert answer.status == 422
    assert "send at most 50 rows" in str(answer.body.problems)


def test_the_documentation_shows_the_real_field_and_its_example_works(bundle: Bundle) -> None:
    schema = Payload(bundle.schema, max_rows=50).document()["application/json"]["schema"]
    assert schema["items"]["properties"]["text"]["maxLength"] == bundle.schema.max_characters
    assert parse(bundle, schema["example"]) == schema["example"]
