"""The service answers what it documents: predictions, or a problem that a person understands."""

import asyncio
import io
import json
import logging
import re
import shutil
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any
from unittest.mock import Mock

import httpx2
import numpy as np
import pytest
import uvicorn
from clients import connect, reach
from onnx import TensorProto, helper
from pydantic import SecretStr

from acme_ml.config import Config
from acme_ml.errors import BundleError
from acme_ml.inference.bundle import digest_of, load_bundle, write_checksums
from acme_ml.inference.prediction import describe
from acme_ml.inference.reference import REFERENCE_FILE, Numbers, describe_column
from acme_ml.inference.versions import promote
from acme_ml.service.api import Api, stopping
from acme_ml.service.app import create_app, create_asgi_app
from acme_ml.service.bodies import UNCOUNTED, read_body
from acme_ml.service.counts import AT_ONCE, MOST_ANSWERS, MOST_COLUMNS, OTHERS, Counts
from acme_ml.service.payload import PAYLOAD_PROBLEMS, Payload
from acme_ml.service.problems import RequestProblem
from acme_ml.service.ranges import PARTS, Parts, alike, spread
from acme_ml.service.server import decide_openness, run
from acme_ml.service.settings import ServiceSettings, SettingsError, read_settings
from acme_ml.service.summary import Summary
from acme_ml.service.telemetry import JsonFormatter, LineHandler, RequestLog
from acme_ml.service.tracing import Traced
from acme_ml.training.train import Run

MAX_BYTES = 20_000
KEY = "a key that is long enough"
Example = tuple[bytes, dict[str, str]]
Trained = tuple[Config, Run]


@pytest.fixture(scope="session")
def settings(trained: Trained) -> ServiceSettings:
    """The trained model and a small limit."""
    return ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, max_bytes=MAX_BYTES, open=True)


@pytest.fixture(scope="session")
def client(settings: ServiceSettings) -> httpx2.Client:
    """A client of the service with the trained model."""
    return connect(settings)


@pytest.fixture(scope="session")
def example(trained: Trained) -> Example:
    """A body that the model can answer, and its headers."""
    body, media_type = Payload(load_bundle(trained[1].bundle).schema, max_rows=50).example()
    return body, {"content-type": media_type}


def test_the_server_runs_on_uvloop_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: said.update(options))
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)
    monkeypatch.setenv("SERVICE_OPEN", "true")
    run("127.0.0.1", 8000)
    make = uvicorn.Config(create_asgi_app, loop=said.get("loop", "auto")).get_loop_factory()
    assert make is not None
    loop = make()
    loop.close()
    assert type(loop).__module__.partition(".")[0] == ("asyncio" if sys.platform == "win32" else "uvloop")


def refused(answer: httpx2.Response, status: int) -> str:
    """Return why a request was refused; it must be, with this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "error", "problems"}
    assert (told["type"], told["status"], told["error"]) == ("about:blank", status, told["detail"])
    return str(told["detail"])


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
    monkeypatch.setattr(Api, "bytes_at_once", 1)
    assert client.post("/predict", content=example[0], headers=example[1]).json() == expected.json()


def test_a_body_over_the_limit_is_refused(client: httpx2.Client, example: Example) -> None:
    answer = client.post("/predict", content=b" " * (MAX_BYTES + 1), headers=example[1])
    assert f"larger than {MAX_BYTES} bytes" in refused(answer, 413)


def test_the_memory_of_all_bodies_is_limited(settings: ServiceSettings) -> None:
    api = Api(settings.model_copy(update={"max_held_bytes": 10}))
    with api.share() as share:
        share.take(6)
        with api.share() as other, pytest.raises(RequestProblem, match="memory for requests is taken") as problem:
            other.take(5)
        assert problem.value.headers == {"retry-after": "1"}
    with api.share() as share:
        share.take(10)

    async def send(*parts: int) -> bytes:
        messages = iter([{"body": bytes(part), "more_body": True} for part in parts] + [{}])

        async def receive() -> dict[str, Any]:
            return next(messages)

        with api.share() as share:
            return await read_body(receive, api.settings.model_copy(update={"max_bytes": 10**6}), share)

    # A small body is not counted, and a larger one is beyond that.
    for sizes in ((UNCOUNTED,), (UNCOUNTED - 5, 9, 6), (UNCOUNTED + 10,)):
        assert len(asyncio.run(send(*sizes))) == sum(sizes)
    for sizes in ((UNCOUNTED + 11,), (UNCOUNTED - 5, 9, 7), (UNCOUNTED, 6, 5)):
        with pytest.raises(RequestProblem, match="memory for requests is taken"):
            asyncio.run(send(*sizes))


def test_an_answer_that_takes_too_long_is_given_up(
    settings: ServiceSettings, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Api, "bytes_at_once", 1)
    monkeypatch.setattr(Api, "answer", lambda *_: sleep(0.5))
    client = connect(settings.model_copy(update={"timeout": 0.01}))
    assert "took longer than" in refused(client.post("/predict", content=example[0], headers=example[1]), 503)


def test_too_many_predictions_at_a_time_are_refused(settings: ServiceSettings) -> None:
    api = Api(settings.model_copy(update={"max_concurrency": 1}))
    with api.slot(), pytest.raises(RequestProblem, match="Too many") as problem, api.slot():
        raise AssertionError("there was a second place")
    assert problem.value.headers == {"retry-after": "1"}
    with api.slot():
        assert api.ready()


def test_without_a_model_the_service_waits(tmp_path: Path, example: Example) -> None:
    client = connect(ServiceSettings(models_dir=tmp_path, open=True))
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    asked = client.post("/predict", content=example[0], headers=example[1])
    for answer in (client.get("/ready"), client.get("/model"), asked):
        assert "no model yet" in refused(answer, 503)
        assert answer.headers["retry-after"] == "5"


def test_the_service_says_which_model_answers(client: httpx2.Client, trained: Trained) -> None:
    run = trained[1]
    assert client.get("/ready").json() == {"status": "ready", "model": run.name}
    facts = client.get("/model").json()
    assert facts == {"name": run.name, "engine": "onnxruntime", "metrics": run.evaluation.metrics}


def test_a_promoted_model_answers_without_a_restart(trained: Trained, tmp_path: Path) -> None:
    for name in ("1", "2"):
        shutil.copytree(trained[1].bundle, tmp_path / name)
    api = Api(ServiceSettings(models_dir=tmp_path, open=True))
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
    assert "model.onnx" in refused(connect(ServiceSettings(models_dir=tmp_path, open=True)).get("/ready"), 503)
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
    bearer = {**example[1], "authorization": f"Bearer {KEY}"}
    assert client.post("/predict", content=example[0], headers=bearer).status_code == 200


def test_beside_a_key_all_but_the_probes_is_closed(settings: ServiceSettings) -> None:
    closed = settings.model_copy(update={"api_key": SecretStr(KEY), "open": False})
    client = connect(closed)
    for path in ("/metrics", "/openapi.json", "/docs", "/model"):
        assert "key" in refused(client.get(path, follow_redirects=True), 401)
        assert client.get(path, headers={"x-api-key": KEY}, follow_redirects=True).status_code == 200
    for path in ("/health", "/ready"):
        assert client.get(path).status_code == 200
    document = client.get("/openapi.json", headers={"x-api-key": KEY}).json()
    assert set(document["components"]["securitySchemes"]) == {"apiKey", "bearer"}
    for path, method in (("/predict", "post"), ("/model", "get"), ("/metrics", "get")):
        assert document["paths"][path][method]["security"] == [{"apiKey": []}, {"bearer": []}]
        assert "401" in document["paths"][path][method]["responses"]
    public = connect(closed.model_copy(update={"public_metrics": True, "public_docs": True}))
    for path in ("/metrics", "/openapi.json", "/docs"):
        assert public.get(path, follow_redirects=True).status_code == 200


def test_without_a_key_somebody_must_say_that_all_may_ask(
    settings: ServiceSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match="SERVICE_API_KEY is not set, and SERVICE_OPEN=true does not say"):
        connect(settings.model_copy(update={"open": False}))
    connect(settings)
    assert "open: whoever reaches this service may ask it" in caplog.text


def test_only_this_machine_is_let_in_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVICE_OPEN", raising=False)
    for host in ("0.0.0.0", "::", "192.0.2.1", "service.example.com"):
        with pytest.raises(SettingsError, match=f"everybody who reaches {host} could ask"):
            decide_openness(host)
    for host in ("127.0.0.1", "::1", "localhost"):
        monkeypatch.setenv("SERVICE_OPEN", "false")
        decide_openness(host)
        assert ServiceSettings().open


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("short", "SERVICE_API_KEY has 5 characters, and must have 16 or more"),
        ("\n", "SERVICE_API_KEY has 0 characters"),
        ("schlüssel voller umlaute", "SERVICE_API_KEY must be of printable ASCII characters"),
        ("a key\nof two lines, long", "SERVICE_API_KEY must be of printable ASCII characters"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, key: str, told: str
) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", key)
    with pytest.raises(SettingsError) as error:
        read_settings(ServiceSettings)
    assert told in str(error.value)
    assert not key.strip() or key.strip() not in "".join(traceback.format_exception(error.value))


def test_the_end_of_a_line_is_no_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", f"{KEY}\r\n")
    found = read_settings(ServiceSettings).api_key
    assert found is not None
    assert found.get_secret_value() == KEY


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_MAX_ROWS", "many")
    monkeypatch.setenv("SERVICE_TIMEOUT", "0")
    with pytest.raises(SettingsError, match=r"SERVICE_MAX_ROWS .*valid integer.*; SERVICE_TIMEOUT .*greater than 0"):
        read_settings(ServiceSettings)


def test_a_graph_that_does_not_fit_its_schema_never_answers(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained[1].bundle, tmp_path / "1")
    api = Api(ServiceSettings(models_dir=tmp_path, open=True))
    shutil.copytree(trained[1].bundle, tmp_path / "2")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("other", "scores")]
    graph = helper.make_graph([helper.make_node("Identity", ["other"], ["scores"])], "g", values[:1], values[1:])
    opset = [helper.make_opsetid("", 17)]
    (tmp_path / "2" / "model.onnx").write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    write_checksums(tmp_path / "2")
    api.reload()
    assert api.facts().name == "1"
    client = connect(ServiceSettings(models_dir=tmp_path, run="2", open=True))
    assert "2 does not predict its own example" in refused(client.get("/ready"), 503)


def test_only_the_model_with_the_digest_answers(settings: ServiceSettings, trained: Trained) -> None:
    digest = digest_of(trained[1].bundle)
    assert connect(settings.model_copy(update={"model_sha256": digest})).get("/ready").status_code == 200
    other = connect(settings.model_copy(update={"model_sha256": "0" * 64}))
    assert f"its digest is {digest}, not {'0' * 64}" in refused(other.get("/ready"), 503)


def test_a_route_of_ones_own_is_answered_and_described(settings: ServiceSettings) -> None:
    app = create_app(settings)

    @app.get("/hello")
    def hello() -> dict[str, str]:
        """Say hello."""
        return {"hello": "you"}

    client = reach(app)
    assert client.get("/hello").json() == {"hello": "you"}
    described = client.get("/openapi.json").json()["paths"]
    assert "200" in described["/hello"]["get"]["responses"]
    assert list(described) == ["/predict", "/ready", "/health", "/model", "/metrics", "/hello"]


def test_the_root_leads_to_the_pages_which_need_no_other_host(settings: ServiceSettings) -> None:
    client = connect(settings)
    page = client.get("/", follow_redirects=True)
    assert page.status_code == 200
    assert page.url.path.rstrip("/") == "/docs"
    needed = re.findall(r'(?:src|href|url)\W{1,4}([^"\s]+)"', page.text)
    assert len(needed) >= 3
    for address in needed:
        assert not address.startswith(("http:", "https:", "//", "/"))
        assert client.get(str(page.url.join(address))).status_code == 200
    behind = connect(settings.model_copy(update={"root_path": "/models/one"}))
    assert behind.get("/", follow_redirects=False).headers["location"].startswith("/models/one/docs")
    assert behind.get("/openapi.json").json()["servers"][0]["url"] == "/models/one"
    assert behind.get("/ready").status_code == 200


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


def test_the_server_writes_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    handler = LineHandler(io.TextIOWrapper(written, encoding="utf-8"))
    handler.setFormatter(JsonFormatter())
    monkeypatch.setattr(logging.root, "handlers", [handler])
    monkeypatch.setattr(logging.root, "level", logging.INFO)
    logging.getLogger("first").warning("open", extra={"fields": {"a": "ü"}})
    RequestLog("GET", "/health", "given-1").finish()
    monkeypatch.setattr(logging.root, "handlers", [handler, logging.NullHandler()])
    RequestLog("GET", "/health", "given-2").finish()
    first, direct, other = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["logger"], first["level"], first["a"]) == ("first", "warning", "ü")
    assert list(direct) == list(other)
    changing = {"time", "request_id", "milliseconds"}
    assert {name: direct[name] for name in direct.keys() - changing} == {
        name: other[name] for name in other.keys() - changing
    }


def test_a_line_names_the_trace_that_it_belongs_to(client: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trace, span = "ab" * 16, "cd" * 8
    client.get("/health", headers={"traceparent": f"00-{trace}-{span}-01"})
    line = last_line(caplog)
    assert (line["trace_id"], line["span_id"]) == (trace, span)
    for wrong in (f"00-{trace}-{'0' * 16}-01", f"00-{'0' * 32}-{span}-01", "nonsense", f"00-{trace}-{span}-01-x"):
        client.get("/health", headers={"traceparent": wrong})
        assert "trace_id" not in last_line(caplog)


def test_without_a_collector_nothing_is_traced(settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    # What trains may have brought it.
    before = set(sys.modules)
    app = create_asgi_app(settings)
    assert not isinstance(app, Traced)
    assert "opentelemetry.sdk.trace" not in set(sys.modules) - before
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"opentelemetry\.sdk.* is not there: install .* extra 'tracing'"):
        create_asgi_app(settings)


def test_a_service_that_stops_is_not_ready_but_answers(
    client: httpx2.Client, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "is_set", lambda: True)
    assert "stopping" in refused(client.get("/ready"), 503)
    answer = client.post("/predict", content=example[0], headers=example[1])
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")


def test_requests_are_counted(client: httpx2.Client, example: Example, trained: Trained) -> None:
    client.post("/predict", content=example[0], headers=example[1])
    client.post("/predict", content=b" " * (MAX_BYTES + 1))
    told = client.get("/metrics").text
    model = f'model="{trained[1].name}"'
    for line in (
        "predict_requests_total{" + model + ',status="200"}',
        'predict_requests_total{model="",status="413"}',
        "predicted_rows_total{" + model + "}",
        'predict_seconds_bucket{le="0.0001",' + model + "}",
        "predict_in_flight 0.0",
        "predicted_answers_total{answer=",
        "input_values_total{column=",
        "model_loaded 1.0",
        "model_info{" + model + "} 1.0",
        *(["process_resident_memory_bytes"] if sys.platform == "linux" else []),
    ):
        assert line in told
    assert "_created" not in told


def test_all_rows_are_counted_by_what_they_were_answered_with(settings: ServiceSettings, example: Example) -> None:
    client = connect(settings)
    answered = [client.post("/predict", content=example[0], headers=example[1]).json() for _ in range(3)]
    given = served_predictions(answered)
    assert sum(value for _, value in scraped(client, "predicted_answers_total")) == given > 0
    client.post("/predict", content=b"no body of anything", headers=example[1])
    assert sum(value for labels, value in scraped(client, "input_values_total") if "refused" in labels) == 1


def served_predictions(answers: list[Any]) -> int:
    """Return how many predictions there are; in a list of them, each is one."""
    each = [prediction for answer in answers for prediction in answer["predictions"]]
    lists = [[len(value) for value in prediction.values() if isinstance(value, list)] for prediction in each]
    return sum(sum(lengths) or 1 for lengths in lists)


def scraped(client: httpx2.Client, name: str) -> list[tuple[str, float]]:
    """Return the labels and the values of a metric."""
    lines = re.findall(name + r"[{](.*)[}] (\S+)", client.get("/metrics").text)
    return [(labels, float(value)) for labels, value in lines]


def test_it_is_told_whether_a_model_answers_and_how_old_it_is(trained: Trained, tmp_path: Path) -> None:
    api = Api(ServiceSettings(models_dir=tmp_path, open=True))
    assert b"\nmodel_loaded 0.0\n" in api.counts.text()
    names = ["20240229-120000-000000-leap", "unnamed-1", "unnamed-2"]
    for name in names:
        shutil.copytree(trained[1].bundle, tmp_path / name)
        promote(tmp_path, name)
        api.reload()
        assert b"\nmodel_loaded 1.0\n" in api.counts.text()
        trained_at = re.findall(r"\nmodel_trained_timestamp_seconds (\S+)", api.counts.text().decode())
        assert float(trained_at[0]) == (1_709_208_000 if name == names[0] else 0)
    told = api.counts.text().decode()
    # Of models that answered before the last two nothing is told, so that a year of them takes no more memory.
    assert names[0] not in told
    assert re.findall(r'model_info[{]model="(.*)"[}] (.*)', told) == [(names[1], "0.0"), (names[2], "1.0")]


def test_a_model_of_an_earlier_version_answers_and_less_is_counted(
    trained: Trained, tmp_path: Path, example: Example, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(trained[1].bundle, tmp_path / "1")
    (tmp_path / "1" / REFERENCE_FILE).unlink()
    write_checksums(tmp_path / "1")
    client = connect(ServiceSettings(models_dir=tmp_path, open=True))
    assert client.post("/predict", content=example[0], headers=example[1]).status_code == 200
    assert "less is counted" in caplog.text
    assert sum(value for _, value in scraped(client, "predicted_answers_total")) > 0


def test_classes_and_columns_beyond_all_measure_are_counted_together() -> None:
    findings = [(f"column {number}", "missing") for number in range(MOST_COLUMNS + 5)]
    answers = {f"class {number}": 1 for number in range(100_000)}
    watch, outcomes = Mock(findings=findings), Mock(names=list(answers)[: MOST_ANSWERS + 5])
    watch.find.return_value = [(findings[-1], 2)]
    outcomes.count.return_value = answers
    counts = Counts()
    work = counts.answer_with("m", watch, outcomes)
    work.note([{}], {}, [{}])
    work.refuse(["column 0", None, "any word of a client"])
    told = counts.text().decode()
    shown = dict(re.findall(r'predicted_answers_total[{]answer="(.*?)".* (\S+)', told))
    assert len(shown) == MOST_ANSWERS + 1
    assert float(shown[OTHERS]) == 100_000 - MOST_ANSWERS
    found = re.findall(r'input_values_total[{]column="(.*?)",found="(.*?)".* (\S+)', told)
    others = {"missing": "2.0", "usual": "1.0", "refused": "3.0"}
    assert {each for each in found if each[2] != "0.0"} == {(OTHERS, what, count) for what, count in others.items()}
    assert "any word of a client" not in told


def test_the_log_tells_the_column_whose_values_are_least_usual() -> None:
    findings = [(column, what) for column in ("a", "b", "rare") for what in ("usual", "missing", "above", "refused")]
    watch, outcomes, counts = Mock(findings=findings), Mock(names=[]), Counts()
    summary = Summary(counts)
    assert summary.fields() == {"model": None, "model_loaded": 0}
    outcomes.count.return_value = {}
    work = counts.answer_with("unnamed", watch, outcomes)

    def ask(**found: int) -> dict[str, Any]:
        watch.find.return_value = [(tuple(place.split("_")), count) for place, count in found.items()]
        work.note([], {}, [])
        return summary.fields()

    model = {"model": "unnamed", "model_loaded": 1}
    # 99 values of a column are not enough, and count once there are more; those that are missing are none.
    assert ask(a_usual=90, a_above=9, b_usual=99, b_missing=500) == model
    assert ask(a_usual=1, b_refused=1, b_usual=1) == {**model, "unusual_share": 0.09, "unusual_column": "a"}
    # What was told is not told again, and what was not yet told is.
    assert ask(a_above=99, b_above=99, rare_above=60) == model
    assert ask(rare_usual=60) == {**model, "unusual_share": 0.5, "unusual_column": "rare"}
    work = counts.answer_with("20240229-120000-000000-leap", watch, outcomes)
    model = {"model": "20240229-120000-000000-leap", "model_loaded": 1}
    age = (datetime.now(UTC) - datetime(2024, 2, 29, 12, tzinfo=UTC)) / timedelta(days=1)
    told = {**model, "model_age_days": pytest.approx(age, abs=0.1), "unusual_share": 0.6644, "unusual_column": "a"}
    assert ask(a_usual=50) == told


def test_the_log_tells_what_was_counted_only_where_it_is_to(
    settings: ServiceSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds, names in ((0, ["count"]), (900, ["count", "summary"])):
        thread = Mock()
        monkeypatch.setattr("acme_ml.service.api.Thread", thread)
        Api(settings.model_copy(update={"log_counts_seconds": seconds, "reload_seconds": 0})).watch()
        assert [call.kwargs["name"] for call in thread.call_args_list] == names
    tell, seconds = thread.call_args.kwargs["args"]
    caplog.set_level(logging.INFO)
    tell()
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (seconds, line["message"], line["model"], line["model_loaded"]) == (900, "counts", settings.run, 1)


def test_requests_are_counted_some_at_a_time(settings: ServiceSettings, example: Example) -> None:
    api = Api(settings)
    assert api.served is not None
    seen = Mock(wraps=api.served.counts.count)
    api.served.counts.count = seen  # type: ignore[method-assign]
    for _ in range(AT_ONCE - 1):
        api.answer(example[0], example[1]["content-type"])
    assert seen.call_count == 0
    api.answer(example[0], example[1]["content-type"])
    assert seen.call_count == 1
    api.answer(example[0], example[1]["content-type"])
    answered = re.findall(r"predicted_answers_total[{].* (\S+)", api.counts.text().decode())
    assert sum(map(float, answered)) % (AT_ONCE + 1) == 0


def test_predicted_numbers_are_counted_by_part() -> None:
    numbers = np.random.default_rng(0).normal(size=10_000)
    seen = describe_column(numbers)
    assert isinstance(seen, Numbers)
    parts = Parts(alike(seen))
    counted = parts.count(numbers.tolist())
    assert list(parts.names) == sorted(counted, key=parts.names.index)
    assert [counted[name] for name in parts.names] == pytest.approx([1_000] * PARTS, abs=20)
    assert parts.names[-1].replace("above", "up to") == parts.names[-2]
    one = describe_column(np.array([3.0, 3.0]))
    assert isinstance(one, Numbers)
    assert Parts(alike(one)).count([1.0, 5.0]) == {"all": 2}
    assert Parts(spread(0, 10)).count([0, 1, 1.5, 99]) == {"up to 1": 2, "up to 2": 1, "above 9": 1}


def test_nothing_counts_before_the_server_knows_of_its_processes() -> None:
    code = "import sys, acme_ml.service.server; print(*sys.modules)"
    src = Path(__file__).parents[1] / "src"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=src, capture_output=True, text=True, check=True)
    assert "prometheus_client" not in loaded.stdout.split()
