"""The rendered service beside a bare FastAPI handler that reads the same body: one process, eight connections each."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks._compare import run

BARE = """
from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.post("/predict")
async def predict(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {"prediction": "constant"}
"""
# On the loop that uvicorn brings: a bare handler is what one gets without looking for a faster one.
BARE_APP = ("bare:app", "--log-level", "warning", "--loop", "asyncio")

SCRIPT = """
wrk.method = "POST"
wrk.body = io.open("%s", "rb"):read("*all")
wrk.headers["Content-Type"] = "%s"
"""

EXAMPLE = """
import sys
from pathlib import Path
from {package}.inference.bundle import find_bundle
from {package}.service.payload import Payload
from {package}.schema import SCHEMA_FILE, Schema

body, media_type = Payload(Schema.read(find_bundle(Path("models")) / SCHEMA_FILE), max_rows=1).example()
Path("body.bin").write_bytes(body)
print(media_type)
"""


class Load(NamedTuple):
    """What a server did under load: requests per second, and the seconds that 99 % of them took at most."""

    requests: float
    slowest: float


class Server(NamedTuple):
    """A server that runs."""

    address: str
    process: int


Serving = AbstractContextManager[Server]


def measure(project: Path, package: str, *, rounds: int = 11) -> tuple[float, float]:
    """Return the median share of the bare handler's requests per second, and the service's requests per second."""
    (project / "bare.py").write_text(BARE, encoding="utf-8")
    with serving(project, f"{package}.service.server") as service, serving(project, "uvicorn", *BARE_APP) as bare:
        return compare(service, bare, write_script(project, package), rounds)


def measure_engines(project: Path, package: str, *, rounds: int = 5) -> tuple[float, float]:
    """Return the requests per second of the ONNX graph over those of the native model, and those of the graph."""
    (newest,) = (path.parent for path in (project / "models").glob("*/metrics.json"))
    native = project / "native" / newest.name
    shutil.copytree(newest, native)
    (native / "model.onnx").unlink()
    sums = native / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "model.onnx" not in line))
    server = f"{package}.service.server"
    with serving(project, server) as graph, serving(project, server, SERVICE_MODELS_DIR="native") as other:
        return compare(graph, other, write_script(project, package), rounds)


def compare(one: Server, other: Server, script: Path, rounds: int) -> tuple[float, float]:
    """Return the median ratio of the requests per second of two services, loaded in turn, and those of the first."""

    def measured(server: Server) -> float:
        return load(f"{server.address}/predict", script).requests

    measured(one), measured(other)
    pairs = [(measured(one), measured(other)) for _ in range(rounds)]
    return statistics.median(first / second for first, second in pairs), statistics.median(first for first, _ in pairs)


def write_script(project: Path, package: str) -> Path:
    """Write the request that wrk sends: the example that the project's own service documents."""
    code = EXAMPLE.format(package=package)
    said = run([sys.executable, "-c", code], cwd=project, env={**os.environ, "PYTHONPATH": "src"})
    return write_request(project / "post", (project / "body.bin").read_bytes(), said.splitlines()[-1])


def write_post(path: Path, body: object) -> Path:
    """Write a request that wrk sends, with JSON as its body."""
    return write_request(path, json.dumps(body).encode(), "application/json")


def write_request(path: Path, body: bytes, media_type: str) -> Path:
    """Write a request that wrk sends."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk was not found; it is a package of most Linux distributions")
    path.with_suffix(".bin").write_bytes(body)
    script = path.with_suffix(".lua")
    script.write_text(SCRIPT % (path.with_suffix(".bin"), media_type), encoding="utf-8")
    return script


def serving(project: Path, module: str, *flags: str, **settings: str) -> Serving:
    """Run a module that listens where HOST and PORT say, with settings in the environment."""
    port = free_port()
    env = {"HOST": "127.0.0.1", "PORT": str(port), "UVICORN_PORT": str(port), "PYTHONPATH": "src", **settings}
    return started([sys.executable, "-m", module, *flags], project, port, env)


@contextmanager
def started(command: list[str], project: Path, port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    """Run a server until the block ends. What it logs goes to a file, as a container's log does."""
    with (project / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=project, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        wait_until_open(port)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_open(port: int) -> None:
    """Wait until something listens on the port."""
    for _ in range(900):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the service did not start")


def load(address: str, script: Path, *, seconds: int = 3) -> Load:
    """Send requests over eight connections for some seconds; every answer must be a success."""
    report = run(["wrk", "-t1", "-c8", f"-d{seconds}", "--latency", "-s", script, address])
    rate, slowest = re.search(r"Requests/sec:\s+([\d.]+)", report), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", report)
    if "Non-2xx" in report or "Socket errors" in report or not rate or not slowest:
        raise SystemExit(report)
    return Load(float(rate[1]), float(slowest[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1}[slowest[2]])
