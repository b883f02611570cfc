"""The service, as a process of its own: it survives any body, loses no request when it stops, and changes its model."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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


def test_the_service_does_what_its_document_says(project: Path, env: Environment) -> None:
    with service(project, env) as (_, port, _):
        address = f"http://127.0.0.1:{port}/openapi.json"
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        command = (TOOLS / "schemathesis", "run", address, "--checks", checks, "--max-examples", "200", "--seed", "1")
        run(*command, "--suppress-health-check", "all", "--no-color", cwd=project, env=env)


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
        while b'predict_requests_total{status="200"} 40.0' not in metrics(port):
            assert time.monotonic() < until, metrics(port)
            time.sleep(0.1)


def metrics(port: int) -> bytes:
    """Return what the service counts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    return connection.getresponse().read()
