"""A request is recent values at equal distances; anything else is refused with row and place."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from acme_ml.config import Config
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.inference.encoder import Encoder, Margins, Window
from acme_ml.inference.prediction import describe
from acme_ml.schema import Frequency, Schema, Unit
from acme_ml.service.payload import Payload
from acme_ml.service.problems import FieldError, RequestProblem
from acme_ml.training.train import Run

SCHEMA = Schema(
    time="day",
    target="sales",
    known=("open", "price"),
    series="shop",
    horizon=2,
    lags=3,
    season=2,
    source="shops.csv",
    frequency=Frequency(unit="day"),
    ranges={"sales": (0, 10), "open": (0, 1), "price": (1, 2)},
)
PAYLOAD = Payload(SCHEMA, max_rows=5)


@pytest.fixture
def row() -> dict[str, Any]:
    """A series of four days and what is known of the next two."""
    history = [{"day": f"2001-02-{day}", "sales": day} for day in range(25, 29)]
    return {"series": "north", "history": history, "future": [{"open": 1, "price": 1.5}, {"open": 0, "price": 2}]}


@pytest.fixture(scope="session")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model, as a service loads it."""
    return load_bundle(trained[1].bundle)


def parse(rows: Any, payload: Payload = PAYLOAD) -> list[Window]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return payload.parse(body, "application/json")


def refused(rows: Any) -> RequestProblem:
    with pytest.raises(RequestProblem) as problem:
        parse(rows)
    return problem.value


def test_a_series_becomes_a_window(row: dict[str, Any]) -> None:
    (window,) = parse([row])
    assert window == Window("north", datetime(2001, 2, 28), [26, 27, 28], [[1, 1.5], [0, 2]])
    margins = Margins(np.array([1.0, 2.0]), {"north": np.array([3.0, 4.0])})
    inputs = Encoder(SCHEMA, margins).encode([window])
    assert inputs["history"].tolist() == [[26, 27, 28]]
    assert inputs["known"].tolist() == [[1, 1.5, 0, 2]]
    assert inputs["margins"].tolist() == [[3, 4]]
    assert {values.dtype for values in inputs.values()} == {np.dtype(np.float64)}


def test_the_answer_has_dates(row: dict[str, Any]) -> None:
    answer = describe(np.array([[5, 6, 4, 5, 6, 7.5]]), parse([row]), SCHEMA)
    assert answer == [
        {
            "series": "north",
            "forecast": [
                {"time": "2001-03-01", "value": 5, "lower": 4, "upper": 6},
                {"time": "2001-03-02", "value": 6, "lower": 5, "upper": 7.5},
            ],
        }
    ]


def test_many_series_are_answered_in_order(bundle: Bundle) -> None:
    payload = Payload(bundle.schema, max_rows=50)
    row = payload.example_row()
    rows = []
    for factor in range(1, 31):
        history = [{**point, bundle.schema.target: point[bundle.schema.target] * factor} for point in row["history"]]
        rows.append({**row, "history": history})
    together = bundle.predictor.scores(bundle.encoder.encode(parse(rows, payload)))
    alone = [bundle.predictor.scores(bundle.encoder.encode(parse([row], payload)))[0] for row in rows]
    assert np.allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "not valid JSON"),
        (b"[{", 400, "not valid JSON"),
        (b'["\xff"]', 400, "not valid JSON"),
        (b"{}", 422, "the body must be a list of rows"),
        (b"[]", 422, "send at least one row"),
        (b"[3]", 422, "row 1: must be an object"),
    ],
)
def test_a_body_that_is_no_list_of_series_is_refused(body: bytes, status: int, message: str) -> None:
    answer = refused(body)
    assert answer.status == status
    assert message in answer.body.error


Spoil = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (lambda row: row.pop("series"), "series", "is missing"),
        (lambda row: row.pop("future"), "future", "is missing"),
        (lambda row: row.update(extra=1), "extra", "unknown field"),
        (lambda row: row["history"][1].update(rain=1), "history.2.rain", "unknown field"),
        (lambda row: row["history"][1].update(sales="many"), "history.2.sales", "must be a number"),
        (lambda row: row["history"][1].update(sales=None), "history.2.sales", "must be a number"),
        (lambda row: row["history"][1].update(sales=1e300), "history.2.sales", "is larger than a model can take"),
        (lambda row: row["history"][1].pop("sales"), "history.2.sales", "is missing"),
        (lambda row: row["history"][1].update(day=5), "history.2.day", "must be text"),
        (lambda row: row["history"][1].update(day="soon"), "history.2.day", "is no time in the form of 2001-12-31"),
        (lambda row: row["history"][3].update(day="9999-12-31"), "history.4.day", "is no time"),
        (lambda row: row["history"].pop(1), "history.2.day", "2001-02-27 comes after a gap"),
        (lambda row: row["history"][1].update(day="2001-02-25"), "history.2.day", "2001-02-25 is there twice"),
        (lambda row: row["history"].reverse(), "history.2.day", "2001-02-27 comes after 2001-02-28; sort"),
        (lambda row: row["history"][1].update(day="2001-02-25T12:00"), "history.2.day", "comes where 2001-02-26"),
        (lambda row: row.update(history=row["history"][:2]), "history", "has 2 values, and the model needs the last 3"),
        (lambda row: row["future"].pop(), "future", "has 1 steps, and the model forecasts 2"),
        (lambda row: row["future"][1].pop("open"), "future.2.open", "is missing"),
        (lambda row: row["future"][1].update(open="yes"), "future.2.open", "must be a number"),
    ],
)
def test_a_wrong_series_is_refused_with_its_place(row: dict[str, Any], spoil: Spoil, field: str, words: str) -> None:
    wrong = json.loads(json.dumps(row))
    spoil(wrong)
    answer = refused([row, wrong])
    assert answer.status == 422
    assert (answer.body.problems[0].row, answer.body.problems[0].field) == (2, field)
    assert words in answer.body.problems[0].message


def test_too_many_series_are_refused(row: dict[str, Any]) -> None:
    assert "send at most 5 rows" in str(refused([row] * 6).body.problems)


def test_ids_are_part_of_the_request_only_where_the_data_has_them(row: dict[str, Any]) -> None:
    payload = Payload(SCHEMA.model_copy(update={"series": None, "known": ()}), max_rows=5)
    assert parse([{"history": row["history"]}], payload)[0].series is None
    with pytest.raises(RequestProblem, match="row 1, series: unknown field"):
        parse([{"history": row["history"], "series": "north"}], payload)


def test_a_wrong_series_is_left_out_when_asked_for(row: dict[str, Any]) -> None:
    short, ghost = {**row, "history": row["history"][:1]}, {**row, "ghost": 1}
    left_out: list[FieldError] = []
    body = json.dumps([ghost, {**row, "series": "b"}, short, {**row, "series": "d"}]).encode()
    assert [window.series for window in PAYLOAD.parse(body, "application/json", left_out)] == ["b", "d"]
    assert [(each.row, each.field) for each in left_out] == [(1, "ghost"), (3, "history")]
    with pytest.raises(RequestProblem, match="has 1 values, and the model needs the last 3"):
        PAYLOAD.parse(json.dumps([short]).encode(), "application/json", [])


@pytest.mark.parametrize("unit", ["month", "month end", "business day", "day", "hour", "minute", "second"])
@pytest.mark.parametrize("known", [(), ("open", "price")])
def test_the_example_of_any_data_is_accepted(unit: Unit, known: tuple[str, ...]) -> None:
    schema = SCHEMA.model_copy(update={"frequency": Frequency(unit=unit, count=3), "known": known, "lags": 30})
    payload = Payload(schema, max_rows=5)
    body, media_type = payload.example()
    (window,) = payload.parse(body, media_type)
    assert len(window.history) == 30


def test_the_documentation_shows_the_real_fields() -> None:
    schema = PAYLOAD.document()["application/json"]["schema"]
    series = schema["items"]["properties"]
    assert list(series) == ["series", "history", "future"]
    assert list(series["history"]["items"]["properties"]) == ["day", "sales"]
    assert list(series["future"]["items"]["properties"]) == ["open", "price"]
    assert series["future"]["maxItems"] == 2
    assert parse(schema["example"])
    assert "$ref" not in json.dumps(schema)


def hourly(times: list[str], zone: str | None = None) -> tuple[list[Window], Schema]:
    """Return the window of hours at these times, and its schema."""
    schema = SCHEMA.model_copy(
        update={"frequency": Frequency(unit="hour"), "known": (), "timezone": zone, "time": "at"}
    )
    history = [{"at": time, schema.target: 1.0} for time in times]
    return parse([{"series": "north", "history": history}], Payload(schema, max_rows=1)), schema


@pytest.mark.parametrize(
    ("times", "zone", "first"),
    [
        ([f"2024-04-15T{hour}:00+02:00" for hour in (19, 20, 21)], None, "2024-04-15T22:00:00+02:00"),
        (["2024-04-15T21:00+02:00", "2024-04-15T20:00Z", "2024-04-15T21:00Z"], None, "2024-04-15T22:00:00+00:00"),
        (["2024-04-15T19:00", "2024-04-15T20:00", "2024-04-15T21:00"], None, "2024-04-15T22:00:00"),
        (["2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T02:00"], "Europe/Berlin", "2024-10-27T03:00:00+01:00"),
        (["2024-03-30T23:00", "2024-03-31T00:00", "2024-03-31T01:00"], "Europe/Berlin", "2024-03-31T03:00:00+02:00"),
    ],
)
def test_times_come_back_in_the_offset_they_have(times: list[str], zone: str | None, first: str) -> None:
    windows, schema = hourly(times, zone)
    answer = describe(np.zeros((1, 3 * schema.horizon)), windows, schema)
    assert answer[0]["forecast"][0]["time"] == first


@pytest.mark.parametrize(
    ("times", "zone", "words"),
    [
        (["2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T02:00"], "Europe/Berlin", "3.at: the clocks of"),
        (["2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T02:00"], None, "write times with their offset"),
        (["2024-04-15T19:00Z", "2024-04-15T20:00", "2024-04-15T21:00Z"], None, "2.at: some times have an offset"),
    ],
)
def test_what_clocks_do_not_show_is_named(times: list[str], zone: str | None, words: str) -> None:
    with pytest.raises(RequestProblem) as problem:
        hourly(times, zone)
    assert words in str(problem.value)
