"""The service answers what it documents: predictions, or a problem that a person understands."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import Any

import httpx2
import pytest
from clients import connect
from pydantic import SecretStr

from acme_ml.config import Config
from acme_ml.errors import BundleError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.prediction import describe
from acme_ml.inference.versions import promote
from acme_ml.service.api import Api, stopping
from acme_ml.service.payload import PAYLOAD_PROBLEMS, Payload
from acme_ml.service.problems import RequestProblem
from acme_ml.service.settings import ServiceSettings
from acme_ml.service.telemetry import JsonFormatter
from acme_ml.training.train import Run

MAX_BYTES = 20_000
KEY = "a key that is long enough"
Example = tuple[bytes, dict[str, str]]
Trained = tuple[Config, Run]


@pytest.fixture(scope="session")
def settings(trained: Trained) -> ServiceSettings:
    """The trained model and a small limit."""
    return ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, max_bytes=MAX_BYTES)


@pytest.fixture(scope="session")
def client(settings: ServiceSettings) -> httpx2.Client:
    """A client of the service with the trained model."""
    return connect(settings)


@pytest.fixture(scope="session")
def example(trained: Trained) -> Example:
    """A body that the model can answer, and its headers."""
    body, media_type = Payload(load_bundle(trained[1].bundle).schema, max_rows=50).example()
    return body, {"content-type": media_type}


def refused(answer: httpx2.Response, status: int) -> str:
    """Return why a request was refused; it must be, with this status."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"])


def last_line(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return what the log tells of the last request."""
    record = [each for each in caplog.records if each.getMessage() == "request"][-1]
    return dict(json.loads(JsonFormatter().format(record)))


def test_predictions_are_those_of_the_bundle(client: httpx2.Client, trained: Trained, example: Example) -> None:
    bundle = load_bundle(trained[1].bundle)
    body, headers = example
    rows = Payload(bundle.schema, max_rows=50).parse(body, headers["content-type"])
    expected = describe(bundle.predictor.scores(bundle.encoder.encode(rows)), rows, bundle.schema)
    answer = client.post("/predict", content=body, headers=headers)
    assert answer.json() == {"predictions": expected, "model": bundle.name}
    assert answer.headers["x-model"] == bundle.name


def test_a_request_may_ask_to_skip_what_does_not_fit(client: httpx2.Client, example: Example) -> None:
    body, headers = example
    plain = client.post("/predict", content=body, headers=headers).json()
    asked = client.post("/predict?skip_bad=true", content=body, headers=headers).json()
    assert asked == {**plain, "refused": []}
    assert client.post("/predict?skip_bad=false&other=1", content=body, headers=headers).json() == plain
    wrong = client.post("/predict?skip_bad=perhaps", content=body, headers=headers)
    assert "skip_bad must be true or false, not 'perhaps'" in refused(wrong, 422)


def test_a_large_body_is_answered_alike(
    client: httpx2.Client, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = client.post("/predict", content=example[0], headers=example[1])
    monkeypatch.setattr("acme_ml.service.app.BYTES_AT_ONCE", 1)
    assert client.post("/predict", content=example[0], headers=example[1]).json() == expected.json()


def test_a_body_over_the_limit_is_refused(client: httpx2.Client, example: Example) -> None:
    answer = client.post("/predict", content=b" " * (MAX_BYTES + 1), headers=example[1])
    assert f"larger than {MAX_BYTES} bytes" in refused(answer, 413)


def test_an_answer_that_takes_too_long_is_given_up(
    settings: ServiceSettings, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acme_ml.service.app.BYTES_AT_ONCE", 1)
    monkeypatch.setattr(Api, "answer", lambda *_: sleep(0.5))
    client = connect(settings.model_copy(update={"timeout": 0.01}))
    assert "took longer than" in refused(client.post("/predict", content=example[0], headers=example[1]), 503)


def test_too_many_predictions_at_a_time_are_refused(settings: ServiceSettings) -> None:
    api = Api(settings.model_copy(update={"max_concurrency": 1}))
    with api.slot(), pytest.raises(RequestProblem, match="Too many"), api.slot():
        raise AssertionError("there was a second place")
    with api.slot():
        assert api.ready()


def test_without_a_model_the_service_waits(tmp_path: Path, example: Example) -> None:
    client = connect(ServiceSettings(models_dir=tmp_path))
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    asked = client.post("/predict", content=example[0], headers=example[1])
    for answer in (client.get("/ready"), client.get("/model"), asked):
        assert "no model yet" in refused(answer, 503)


def test_the_service_says_which_model_answers(client: httpx2.Client, trained: Trained) -> None:
    run = trained[1]
    assert client.get("/ready").json() == {"status": "ready", "model": run.name}
    facts = client.get("/model").json()
    assert facts == {"name": run.name, "engine": "onnxruntime", "metrics": run.evaluation.metrics}


def test_a_promoted_model_answers_without_a_restart(trained: Trained, tmp_path: Path) -> None:
    for name in ("1", "2"):
        shutil.copytree(trained[1].bundle, tmp_path / name)
    api = Api(ServiceSettings(models_dir=tmp_path))
    assert api.facts().name == "2"
    promote(tmp_path, "1")
    api.reload()
    assert api.facts().name == "1"
    (tmp_path / "2" / "model.onnx").write_bytes(b"")
    (tmp_path / "current").write_text("2\n", encoding="utf-8")
    api.reload()
    assert api.facts().name == "1"


def test_a_model_that_is_not_as_it_was_saved_is_never_ready(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained[1].bundle, tmp_path / "run")
    graph = tmp_path / "run" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    assert "model.onnx" in refused(connect(ServiceSettings(models_dir=tmp_path)).get("/ready"), 503)
    with pytest.raises(BundleError, match=r"model\.onnx"):
        promote(tmp_path, "run")


def test_the_key_is_asked_for_where_there_is_one(settings: ServiceSettings, example: Example) -> None:
    client = connect(ServiceSettings(models_dir=settings.models_dir, run=settings.run, api_key=SecretStr(KEY)))
    for headers in ({}, {"x-api-key": "another key, long enough"}):
        assert "X-API-Key" in refused(client.get("/model", headers=headers), 401)
        assert refused(client.post("/predict", content=example[0], headers=headers), 401)
    assert client.get("/ready").status_code == 200
    answer = client.post("/predict", content=example[0], headers={**example[1], "x-api-key": KEY})
    assert answer.status_code == 200
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert operation["security"] == [{"apiKey": []}]
    assert "401" in operation["responses"]


def test_a_platform_may_prescribe_the_paths(settings: ServiceSettings, example: Example) -> None:
    client = connect(settings.model_copy(update={"predict_path": "/score", "ready_path": "/alive"}))
    assert client.post("/score", content=example[0], headers=example[1]).status_code == 200
    assert client.get("/alive").status_code == 200
    assert refused(client.post("/predict"), 404)


def test_every_answer_is_documented(client: httpx2.Client, example: Example) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/predict"]["post"]
    assert example[1]["content-type"].partition(";")[0] in operation["requestBody"]["content"]
    assert set(operation["responses"]) == {"200", "408", "413", "500", "503"} | {str(each) for each in PAYLOAD_PROBLEMS}
    for path, operations in document["paths"].items():
        for method in operations:
            assert client.request(method, path).status_code not in (404, 405, 500)
    assert client.get("/docs", follow_redirects=True).status_code == 200


def test_unknown_paths_and_methods_are_refused_alike(client: httpx2.Client) -> None:
    assert refused(client.get("/nothing"), 404) == "Not Found"
    assert refused(client.get("/predict"), 405) == "Method Not Allowed"


def test_a_failure_is_answered_and_logged(
    settings: ServiceSettings, example: Example, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("broken inside")

    client = connect(settings)
    monkeypatch.setattr(Api, "answer", fail)
    answer = client.post("/predict", content=example[0], headers=example[1])
    assert "broken inside" not in refused(answer, 500)
    assert "broken inside" in caplog.text
    assert answer.headers["x-request-id"]


def test_each_request_is_a_line_of_json_without_values(
    client: httpx2.Client, example: Example, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = client.post("/predict?a=secret", content=example[0], headers={**example[1], "x-request-id": "given-1"})
    assert answer.headers["x-request-id"] == "given-1"
    line = last_line(caplog)
    assert line["request_id"] == "given-1"
    told = {"time", "level", "logger", "message", "request_id", "method", "path", "status", "milliseconds"}
    assert set(line) == told | {"rows", "model"}
    assert (line["path"], line["status"], line["rows"]) == ("/predict", 200, len(answer.json()["predictions"]))
    client.get("/health", headers={"x-request-id": "line\tbreak"})
    made = last_line(caplog)
    assert made["request_id"] != "line\tbreak"
    assert set(made) == told


def test_a_service_that_stops_is_not_ready_but_answers(
    client: httpx2.Client, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "is_set", lambda: True)
    assert "stopping" in refused(client.get("/ready"), 503)
    answer = client.post("/predict", content=example[0], headers=example[1])
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")


def test_requests_are_counted(client: httpx2.Client, example: Example) -> None:
    client.post("/predict", content=example[0], headers=example[1])
    client.post("/predict", content=b" " * (MAX_BYTES + 1))
    scraped = client.get("/metrics").text
    assert 'predict_requests_total{status="200"}' in scraped
    assert 'predict_requests_total{status="413"}' in scraped
    assert "predicted_rows_total" in scraped


def test_nothing_counts_before_the_server_knows_of_its_processes() -> None:
    code = "import sys, acme_ml.service.server; print(*sys.modules)"
    src = Path(__file__).parents[1] / "src"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=src, capture_output=True, text=True, check=True)
    assert "prometheus_client" not in loaded.stdout.split()
