"""The service, as a process of its own: it survives any body, loses no request when it stops, and changes its model."""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from .machine import TOOLS, Environment, ask, example_rows, free_port, render, run, wait_until_ready

SERVINGS = ("fastapi", "flask")
ODD_BODIES = 3_000
FEWEST_ANSWERS = 50
# A body is wrong, or it is not: nothing else may happen.
EXPECTED = {200, 400, 413, 415, 422}

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=SERVINGS)
def project(
    request: pytest.FixtureRequest, template: Path, env: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project with a trained model."""
    package = f"acme_{request.param}"
    folder = tmp_path_factory.mktemp("operated") / package
    render(template, folder, env, serving=request.param, package_name=package)
    run(sys.executable, "-m", package, "train", cwd=folder, env={**env, "PYTHONPATH": "src"})
    return folder


@contextmanager
def service(project: Path, env: Environment, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Start the service; give its process, its port and the file of its log."""
    port, log = free_port(), project / f"{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", project.name, "serve", "--port", str(port)],
            cwd=project,
            env={**env, "PYTHONPATH": "src", **settings},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(port)
        yield process, port, log
    finally:
        # The processes that share its port, too.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Client(threading.Thread):
    """Sends one request after the other, as a load balancer does: until an answer says that the service ends."""

    def __init__(self, port: int, body: bytes) -> None:
        """Keep what to send."""
        super().__init__(daemon=True)
        self._port = port
        self._body = body
        self.answered = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Send until told to go elsewhere."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=90)
        going = True
        while going:
            try:
                connection.request("POST", "/predict", self._body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except OSError as error:
                self.failures.append(repr(error))
                return
            if answer.status != 200:
                self.failures.append(str(answer.status))
            self.answered += 1
            going = answer.headers.get("Connection", "").lower() != "close"


def test_no_request_is_lost_when_the_service_is_stopped(project: Path, env: Environment) -> None:
    with service(project, env) as (process, port, _):
        body = json.dumps(example_rows(port)).encode()
        clients = [Client(port, body) for _ in range(8)]
        for client in clients:
            client.start()
        until = time.monotonic() + 180
        while min(client.answered for client in clients) < FEWEST_ANSWERS and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(90)
        process.wait(90)
    assert [client.failures for client in clients] == [[]] * 8
    assert all(client.answered >= FEWEST_ANSWERS for client in clients)


def test_no_body_breaks_the_service(project: Path, env: Environment) -> None:
    with service(project, env, SERVICE_MAX_BYTES="200000") as (process, port, log):
        rows = json.dumps(example_rows(port)).encode()
        draw = random.Random(0)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        for number in range(ODD_BODIES):
            body, media_type = odd_body(draw, rows), draw.choice(["application/json", "text/plain", "", "a/b; c=\xff"])
            connection.request("POST", "/predict", body, {"Content-Type": media_type})
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status in EXPECTED, (number, answer.status, body[:200])
            assert answer.status == 200 or json.loads(told)["error"]
            if answer.headers.get("Connection", "").lower() == "close":
                connection.close()
        assert ask(port, "/ready")[0] == 200
        assert process.poll() is None
    assert b"Traceback" not in log.read_bytes()


def odd_body(draw: random.Random, rows: bytes) -> bytes:
    """Return a body that is hardly ever right: no JSON, too deep, too large, cut, or in another encoding."""
    deep = draw.choice([10, 1_000, 50_000])
    made: list[Callable[[], bytes]] = [
        lambda: rows,
        lambda: rows[: draw.randrange(len(rows))],
        lambda: bytes(draw.choice(rows) if draw.random() > 0.02 else draw.randrange(256) for _ in rows),
        lambda: draw.randbytes(draw.randrange(400)),
        lambda: b"[" * deep,
        lambda: b'[{"a":' * deep,
        lambda: b"[" + b"9" * draw.choice([30, 400, 5_000]) + b"]",
        lambda: rows.decode().encode(draw.choice(["utf-16", "utf-32", "cp037"])),
        lambda: rows.replace(b"1", draw.choice([b"1e999", b"NaN", b"-Infinity", b'"\\ud800"', b"null", b"{}"])),
        lambda: b"[" + b",".join([rows[1:-1]] * 2_000) + b"]",
        lambda: b" " * 300_000,
        lambda: b"",
    ]
    return draw.choice(made)()


def test_slow_clients_keep_nobody_waiting(project: Path, env: Environment) -> None:
    limits = {"SERVICE_MAX_CONCURRENCY": "4", "SERVICE_HEADER_TIMEOUT": "20", "SERVICE_TIMEOUT": "25"}
    post = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    beginnings = (
        b"",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Half: ",
        post + b"Content-Length: 1000\r\n\r\n[",
        post + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",
    )
    with service(project, env, **limits) as (_, port, log):
        rows = json.dumps(example_rows(port)).encode()
        held = [(beginning, connect(port, beginning)) for beginning in beginnings for _ in range(40)]
        for _ in range(20):
            assert ask(port, "/health")[0] == 200
            assert ask(port, "/predict", rows)[0] == 200
        # Each is told in its time, and nobody stays for ever.
        told = {beginning: connection.recv(1_000) for beginning, connection in reversed(held)}
        assert told[b""] == b""
        assert [told[beginning][:20] for beginning in beginnings[1:]] == [b"HTTP/1.1 408 Request"] * 3
        large = connect(port, beginnings[1])
        with suppress(OSError):
            for _ in range(1_000):
                large.sendall(b"a" * 65_536)
            raise AssertionError("65 MB of a header were taken")
        broken = connect(port, post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n").recv(1_000)
        assert broken.startswith(b"HTTP/1.1 400 Bad Request")
        assert ask(port, "/predict", rows)[0] == 200
    assert b"Traceback" not in log.read_bytes()


def connect(port: int, beginning: bytes) -> socket.socket:
    """Connect, and send a part of a request."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=90)
    connection.sendall(beginning)
    return connection


def test_a_refused_key_closes_no_connection(project: Path, env: Environment) -> None:
    key = "a key that is long enough"
    with service(project, env, SERVICE_API_KEY=f"{key}\n") as (_, port, log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        for number in range(300):
            sent = {"X-API-Key": key if number % 2 else "another"}
            connection.request("GET", "/model", headers=sent)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (200 if number % 2 else 401)
            assert answer.headers.get("Connection", "") != "close"
    assert key.encode() not in log.read_bytes()
    assert b"open:" not in log.read_bytes()


def test_a_service_says_where_it_is_and_that_it_is_open(project: Path, env: Environment) -> None:
    with service(project, env) as (_, port, log):
        lines = [json.loads(line)["message"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == f"serving at http://127.0.0.1:{port}, described at http://127.0.0.1:{port}/docs"
    assert any(line.startswith("open: whoever reaches this service") for line in lines)
    serve = (sys.executable, "-m", project.name, "serve", "--host", "0.0.0.0", "--port", str(free_port()))
    said = run(*serve, cwd=project, env={**env, "PYTHONPATH": "src"}, expect=1).stdout
    assert "Error: there is no key, and everybody who reaches 0.0.0.0 could ask." in said
    short = {**env, "PYTHONPATH": "src", "SERVICE_API_KEY": "hunter2"}
    said = run(sys.executable, "-m", f"{project.name}.service.server", cwd=project, env=short, expect=2).stdout
    assert said == "Error: SERVICE_API_KEY has 7 characters, and must have 16 or more\n"


def test_the_service_does_what_its_document_says(project: Path, env: Environment) -> None:
    with service(project, env) as (_, port, _):
        address = f"http://127.0.0.1:{port}/openapi.json"
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        command = (TOOLS / "schemathesis", "run", address, "--checks", checks, "--max-examples", "200", "--seed", "1")
        run(*command, "--suppress-health-check", "all", "--no-color", cwd=project, env=env)


class Collector(BaseHTTPRequestHandler):
    """Keeps what is sent to it."""

    received: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Take a body."""
        self.received.append(self.path.encode() + self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def test_traces_reach_a_collector_and_the_log_names_them(project: Path, env: Environment) -> None:
    Collector.received.clear()
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{collector.server_port}"
    trace, span = "ab" * 16, "cd" * 8
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    own |= {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_SERVICE_NAME": "forest"}
    with service(project, env, **own) as (_, port, log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        connection.request("GET", "/model", headers={"traceparent": f"00-{trace}-{span}-01"})
        assert connection.getresponse().status == 200
        until = time.monotonic() + 60
        while not any(bytes.fromhex(trace) in each for each in Collector.received):
            assert time.monotonic() < until, Collector.received
            time.sleep(0.1)
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    collector.shutdown()
    (sent,) = (each for each in Collector.received if bytes.fromhex(trace) in each)
    for part in (b"/v1/traces", b"forest", b"GET /model", bytes.fromhex(span)):
        assert part in sent
    (line,) = (each for each in lines if each.get("path") == "/model")
    # The span of the service, within that of the client.
    assert line["trace_id"] == trace
    assert bytes.fromhex(line["span_id"]) in sent
    assert line["span_id"] != span


def test_a_promoted_model_answers_within_seconds(project: Path, env: Environment) -> None:
    own = {**env, "PYTHONPATH": "src"}
    with service(project, env, SERVICE_RELOAD_SECONDS="0.2") as (_, port, _):
        first = ask(port, "/ready")[1]["model"]
        run(sys.executable, "-m", project.name, "promote", cwd=project, env=own)
        run(sys.executable, "-m", project.name, "train", cwd=project, env=own)
        time.sleep(1)
        assert ask(port, "/ready")[1]["model"] == first
        run(sys.executable, "-m", project.name, "promote", cwd=project, env=own)
        wait_for_model(port, lambda model: model != first)
        run(sys.executable, "-m", project.name, "rollback", cwd=project, env=own)
        wait_for_model(port, lambda model: model == first)


def wait_for_model(port: int, is_right: Callable[[str], bool], seconds: float = 90) -> None:
    """Ask which model answers until it is the right one."""
    until = time.monotonic() + seconds
    while not is_right(ask(port, "/ready")[1]["model"]):
        assert time.monotonic() < until, "the service kept its model"
        time.sleep(0.1)


def test_processes_share_the_port_and_what_they_count(project: Path, env: Environment) -> None:
    with service(project, env, SERVICE_WORKERS="2") as (_, port, _):
        body = json.dumps(example_rows(port)).encode()
        for _ in range(40):
            assert ask(port, "/predict", body)[0] == 200
        # A request is counted once it has been answered.
        until = time.monotonic() + 60
        while not re.search(rb'predict_requests_total\{model="[^"]+",status="200"\} 40\.0', metrics(port)):
            assert time.monotonic() < until, metrics(port)
            time.sleep(0.1)


def metrics(port: int) -> bytes:
    """Return what the service counts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    return connection.getresponse().read()
