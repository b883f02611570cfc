"""The service answers what it documents: predictions, or a refusal that a person understands."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from acme_ml.bundle import load_bundle
from acme_ml.config import Config
from acme_ml.payload import example_of
from acme_ml.schema import RowEncoder, Schema
from acme_ml.service import create_app
from acme_ml.settings import ServiceSettings
from acme_ml.train import Run


@pytest.fixture(scope="session")
def client(trained: tuple[Config, Run]) -> TestClient:
    """The service with the trained model and small limits."""
    settings = ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, max_rows=50, max_bytes=20_000)
    return TestClient(create_app(settings))


@pytest.fixture(scope="session")
def schema(trained: tuple[Config, Run]) -> Schema:
    """The schema of the trained model."""
    return load_bundle(trained[1].bundle).schema


@pytest.fixture
def row(schema: Schema) -> dict[str, Any]:
    """A row that the model can take."""
    return {column.name: example_of(column) for column in schema.columns}


def test_predictions_are_those_of_the_bundle(
    client: TestClient, trained: tuple[Config, Run], row: dict[str, Any]
) -> None:
    from acme_ml.prediction import describe

    bundle = load_bundle(trained[1].bundle)
    answer = client.post("/predict", json=[row, row]).json()
    scores = bundle.predictor.scores(RowEncoder(bundle.schema).encode([row, row]))
    assert answer == {"predictions": describe(scores, bundle.schema), "model": bundle.name}


def test_many_rows_are_answered_in_order(client: TestClient, schema: Schema, row: dict[str, Any]) -> None:
    number = next(column for column in schema.columns if column.kind == "number")
    rows = [{**row, number.name: value} for value in (number.minimum, number.maximum)] * 15
    together = client.post("/predict", json=rows).json()["predictions"]
    alone = [client.post("/predict", json=[row]).json()["predictions"][0] for row in rows[:2]]
    assert together == alone * 15


def test_a_missing_value_is_accepted_where_training_saw_one(
    client: TestClient, schema: Schema, row: dict[str, Any]
) -> None:
    for column in schema.columns:
        rest = {name: value for name, value in row.items() if name != column.name}
        expected = 200 if column.nullable else 422
        assert client.post("/predict", json=[rest]).status_code == expected
        assert client.post("/predict", json=[{**row, column.name: None}]).status_code == expected


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
        (b" " * 20_001, 413, "larger than 20000 bytes"),
    ],
)
def test_a_body_that_is_no_list_of_rows_is_refused(client: TestClient, body: bytes, status: int, message: str) -> None:
    answer = client.post("/predict", content=body)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_a_wrong_field_is_named(client: TestClient, schema: Schema, row: dict[str, Any]) -> None:
    number = schema.numbers[0]
    for wrong in ("many", True, [1], 1e300):
        answer = client.post("/predict", json=[row, {**row, number: wrong}])
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["row"] == 2
        assert answer.json()["problems"][0]["field"] == number
    answer = client.post("/predict", json=[{**row, "ghost": 1}])
    assert answer.status_code == 422
    assert answer.json()["error"] == "row 1, ghost: unknown field"


def test_an_unknown_category_is_refused(client: TestClient, schema: Schema, row: dict[str, Any]) -> None:
    for name in schema.categories:
        answer = client.post("/predict", json=[{**row, name: "from Mars"}])
        assert answer.status_code == 422
        assert f"row 1, {name}: must be one of" in answer.json()["error"]


def test_too_many_rows_are_refused(client: TestClient, row: dict[str, Any]) -> None:
    answer = client.post("/predict", json=[dict.fromkeys(row)] * 51)
    assert answer.status_code == 422
    assert "send at most 50 rows" in str(answer.json()["problems"])


def test_without_a_model_the_service_waits(tmp_path: Path) -> None:
    client = TestClient(create_app(ServiceSettings(models_dir=tmp_path)))
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    for answer in (client.get("/ready"), client.get("/model"), client.post("/predict", json=[{}])):
        assert answer.status_code == 503
        assert "no model yet" in answer.json()["error"]


def test_the_service_says_which_model_answers(client: TestClient, trained: tuple[Config, Run]) -> None:
    run = trained[1]
    assert client.get("/ready").json() == {"status": "ready", "model": run.name}
    facts = client.get("/model").json()
    assert facts == {"name": run.name, "engine": "onnxruntime", "metrics": run.evaluation.metrics}


def test_the_documentation_shows_the_real_fields_and_its_example_works(client: TestClient, schema: Schema) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/predict"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert list(body["items"]["properties"]) == [column.name for column in schema.columns]
    assert set(operation["responses"]) == {"200", "400", "413", "422", "503"}
    assert client.post("/predict", json=body["example"]).status_code == 200
    assert client.get("/docs").status_code == 200


def test_requests_are_counted(client: TestClient, row: dict[str, Any]) -> None:
    client.post("/predict", json=[row])
    client.post("/predict", content=json.dumps([]))
    scraped = client.get("/metrics").text
    assert 'predict_requests_total{status="200"}' in scraped
    assert 'predict_requests_total{status="422"}' in scraped
    assert "predicted_rows_total" in scraped
