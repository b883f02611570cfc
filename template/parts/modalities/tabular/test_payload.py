"""A request is rows of the training table; anything else is refused with row and field."""

import json
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from acme_ml.columns import VERSION, Column
from acme_ml.config import Config
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.schema import Schema
from acme_ml.service.api import Api
from acme_ml.service.payload import Payload, example_of, field_of
from acme_ml.service.problems import RequestProblem
from acme_ml.service.settings import ServiceSettings
from acme_ml.training.train import Run


@pytest.fixture(scope="session")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model, as a service loads it."""
    return load_bundle(trained[1].bundle)


@pytest.fixture
def row(bundle: Bundle) -> dict[str, Any]:
    """A row that the model can take."""
    return {column.name: example_of(column) for column in bundle.schema.columns}


def parse(bundle: Bundle, rows: Any) -> list[Any]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return Payload(bundle.schema, max_rows=50).parse(body, "application/json")


def refused(bundle: Bundle, rows: Any) -> RequestProblem:
    with pytest.raises(RequestProblem) as problem:
        parse(bundle, rows)
    return problem.value


def test_many_rows_are_answered_in_order(bundle: Bundle, row: dict[str, Any]) -> None:
    number = next(column for column in bundle.schema.columns if column.kind == "number")
    rows = [{**row, number.name: value} for value in (number.minimum, number.maximum)] * 15
    together = bundle.predictor.scores(bundle.encoder.encode(parse(bundle, rows)))
    alone = [bundle.predictor.scores(bundle.encoder.encode(parse(bundle, [row])))[0] for row in rows]
    assert np.allclose(together, alone, atol=1e-6)


def test_any_word_may_come_for_a_column_of_many() -> None:
    column = Column(name="town", kind="category", words=600, example="Bonn")
    words = TypeAdapter(field_of(column))
    assert words.validate_json('" Cafe\u0301 "', strict=True) == "Caf\u00e9"
    assert words.json_schema()["description"] == "any word; training has seen 600 different words"
    assert example_of(column) == "Bonn"
    with pytest.raises(ValidationError):
        words.validate_json("5", strict=True)


def test_a_wrong_row_is_left_out_when_asked_for(trained: tuple[Config, Run], row: dict[str, Any]) -> None:
    api = Api(ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, open=True))
    whole = json.loads(api.answer(json.dumps([row, row]).encode(), "application/json").body)
    mixed = json.dumps([{**row, "ghost": 1}, row, {}, row]).encode()
    answer = api.answer(mixed, "application/json", "skip_bad=true")
    told = json.loads(answer.body)
    first, second = whole["predictions"]
    assert told["predictions"] == [None, first, None, second]
    assert sorted({problem["row"] for problem in told["refused"]}) == [1, 3]
    assert told["refused"][0] == {"row": 1, "field": "ghost", "message": "unknown field"}
    assert answer.rows == 2
    for body, words in ((b"[{}]", "is missing"), (b"[]", "at least one row"), (b"{}", "must be a list")):
        with pytest.raises(RequestProblem, match=words):
            api.answer(body, "application/json", "skip_bad=true")


def test_a_missing_value_is_accepted_where_training_saw_one(bundle: Bundle, row: dict[str, Any]) -> None:
    for column in bundle.schema.columns:
        rest = {name: value for name, value in row.items() if name != column.name}
        for incomplete in (rest, {**row, column.name: None}):
            if column.nullable:
                assert len(parse(bundle, [incomplete])) == 1
            else:
                assert refused(bundle, [incomplete]).status == 422


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "not valid JSON"),
        (b"[{", 400, "not valid JSON"),
        (b'["\xff"]', 400, "not valid JSON"),
        (b"[" * 5_000, 400, "not valid JSON"),
        (b"{}", 422, "the body must be a list of rows"),
        (b"[]", 422, "send at least one row"),
        (b"[3]", 422, "row 1: must be an object"),
    ],
)
def test_a_body_that_is_no_list_of_rows_is_refused(bundle: Bundle, body: bytes, status: int, message: str) -> None:
    answer = refused(bundle, body)
    assert answer.status == status
    assert message in answer.body.error


def test_a_wrong_field_is_named(bundle: Bundle, row: dict[str, Any]) -> None:
    number = bundle.schema.numbers[0]
    for wrong in ("many", True, [1], 1e300):
        answer = refused(bundle, [row, {**row, number: wrong}])
        assert answer.status == 422
        assert (answer.body.problems[0].row, answer.body.problems[0].field) == (2, number)
    assert refused(bundle, [{**row, "ghost": 1}]).body.error == "row 1, ghost: unknown field"


def test_an_unknown_category_is_refused(bundle: Bundle, row: dict[str, Any]) -> None:
    for name in bundle.schema.categories:
        assert f"row 1, {name}: must be one of" in refused(bundle, [{**row, name: "from Mars"}]).body.error


@pytest.fixture
def kinds() -> Schema:
    """A schema with a column of each kind."""
    columns = (
        Column(name="price", kind="number", minimum=1, maximum=2, unit="$"),
        Column(name="sold", kind="boolean"),
        Column(name="zone", kind="category", categories=("0.0", "\u00fcber")),
        Column(name="built", kind="date", nullable=True, earliest=datetime(2001, 1, 1), latest=datetime(2024, 2, 29)),
    )
    target = {"target": Column(name="y", kind="number")} if "target" in Schema.model_fields else {}
    return Schema.model_validate({"version": VERSION, "source": "own.csv", "columns": columns} | target)


def test_every_kind_is_taken_as_json_has_it(kinds: Schema) -> None:
    row = {"price": 1.5, "sold": True, "zone": " u\u0308ber", "built": "2024-02-29T23:00Z"}
    body = b"\xef\xbb\xbf" + json.dumps([row, {**row, "zone": "0", "built": None}]).encode()
    first, second = Payload(kinds, max_rows=9).parse(body, "application/json")
    assert first == {"price": 1.5, "sold": True, "zone": "\u00fcber", "built": 1_709_247_600.0}
    assert (second["zone"], second["built"]) == ("0.0", None)


@pytest.mark.parametrize("value", ["29.02.2024", "2023-02-29", "", 20240229, True])
def test_what_is_no_date_is_refused(kinds: Schema, value: Any) -> None:
    row = {"price": 1.5, "sold": True, "zone": "0.0", "built": value}
    with pytest.raises(RequestProblem) as problem:
        Payload(kinds, max_rows=9).parse(json.dumps([row]).encode(), "application/json")
    assert problem.value.body.problems[0].field == "built"
    assert any(words in problem.value.body.error for words in ("is no date in the form of 2001-12-31", "must be text"))


def test_the_documentation_tells_kinds_units_and_ranges(kinds: Schema) -> None:
    payload = Payload(kinds, max_rows=9)
    fields = payload.document()["application/json"]["schema"]["items"]["properties"]
    assert fields["price"]["description"] == "seen in training: 1 to 2 $"
    assert fields["zone"]["enum"] == ["0.0", "\u00fcber"]
    assert fields["built"]["anyOf"][0] == {
        "type": "string",
        "description": "a date in ISO 8601; seen in training: 2001-01-01 to 2024-02-29",
    }
    assert len(payload.parse(*payload.example())) == 1


def test_too_many_rows_are_refused(bundle: Bundle, row: dict[str, Any]) -> None:
    answer = refused(bundle, [dict.fromkeys(row)] * 51)
    assert answer.status == 422
    assert "send at most 50 rows" in str(answer.body.problems)


def test_the_documentation_shows_the_real_fields_and_its_example_works(bundle: Bundle) -> None:
    schema = Payload(bundle.schema, max_rows=50).document()["application/json"]["schema"]
    assert list(schema["items"]["properties"]) == [column.name for column in bundle.schema.columns]
    assert parse(bundle, schema["example"]) == schema["example"]


def test_new_words_are_taken_where_the_schema_says_so(bundle: Bundle) -> None:
    column = Column(name="zone", kind="category", categories=("north", "south"))
    for decided, accepted in (({}, False), ({"unknown": "other"}, True)):
        schema = bundle.schema.model_copy(update={"columns": (column,), "decided": decided})
        payload = Payload(schema, max_rows=5)
        body = json.dumps([{"zone": "east"}, {"zone": " north "}]).encode()
        if accepted:
            assert payload.parse(body, "application/json") == [{"zone": "east"}, {"zone": "north"}]
            assert "any word; training has seen: north, south" in json.dumps(payload.document())
        else:
            with pytest.raises(RequestProblem):
                payload.parse(body, "application/json")
