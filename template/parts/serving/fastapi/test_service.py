"""The service answers what it documents: predictions, or a refusal that a person understands."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from acme_ml.bundle import load_bundle
from acme_ml.config import Config
from acme_ml.payload import PAYLOAD_REFUSALS, Payload
from acme_ml.prediction import describe
from acme_ml.service import create_app
from acme_ml.settings import ServiceSettings
from acme_ml.train import Run

MAX_BYTES = 20_000
Example = tuple[bytes, dict[str, str]]


@pytest.fixture(scope="session")
def client(trained: tuple[Config, Run]) -> TestClient:
    """The service with the trained model and a small limit."""
    settings = ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, max_bytes=MAX_BYTES)
    return TestClient(create_app(settings))


@pytest.fixture(scope="session")
def example(trained: tuple[Config, Run]) -> Example:
    """A body that the model can answer, and its headers."""
    body, media_type = Payload(load_bundle(trained[1].bundle).schema, max_rows=50).example()
    return body, {"content-type": media_type}


def test_predictions_are_those_of_the_bundle(client: TestClient, trained: tuple[Config, Run], example: Example) -> None:
    bundle = load_bundle(trained[1].bundle)
    body, headers = example
    rows = Payload(bundle.schema, max_rows=50).parse(body, headers["content-type"])
    expected = describe(bundle.predictor.scores(bundle.encoder.encode(rows)), rows, bundle.schema)
    answer = client.post("/predict", content=body, headers=headers).json()
    assert answer == {"predictions": expected, "model": bundle.name}


def test_a_body_over_the_limit_is_refused(client: TestClient, example: Example) -> None:
    answer = client.post("/predict", content=b" " * (MAX_BYTES + 1), headers=example[1])
    assert answer.status_code == 413
    assert f"larger than {MAX_BYTES} bytes" in answer.json()["error"]


def test_without_a_model_the_service_waits(tmp_path: Path, example: Example) -> None:
    client = TestClient(create_app(ServiceSettings(models_dir=tmp_path)))
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    asked = client.post("/predict", content=example[0], headers=example[1])
    for answer in (client.get("/ready"), client.get("/model"), asked):
        assert answer.status_code == 503
        assert "no model yet" in answer.json()["error"]


def test_the_service_says_which_model_answers(client: TestClient, trained: tuple[Config, Run]) -> None:
    run = trained[1]
    assert client.get("/ready").json() == {"status": "ready", "model": run.name}
    facts = client.get("/model").json()
    assert facts == {"name": run.name, "engine": "onnxruntime", "metrics": run.evaluation.metrics}


def test_every_answer_is_documented(client: TestClient, example: Example) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert example[1]["content-type"].partition(";")[0] in operation["requestBody"]["content"]
    assert set(operation["responses"]) == {"200", "413", "503"} | {str(status) for status in PAYLOAD_REFUSALS}
    assert client.get("/docs").status_code == 200


def test_requests_are_counted(client: TestClient, example: Example) -> None:
    client.post("/predict", content=example[0], headers=example[1])
    client.post("/predict", content=b" " * (MAX_BYTES + 1))
    scraped = client.get("/metrics").text
    assert 'predict_requests_total{status="200"}' in scraped
    assert 'predict_requests_total{status="413"}' in scraped
    assert "predicted_rows_total" in scraped
