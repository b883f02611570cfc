"""The rendered service beside a bare FastAPI handler that returns a constant: one process each, eight connections."""

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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._compare import run

BARE = """
from fastapi import FastAPI

app = FastAPI()


@app.post("/predict")
async def predict() -> dict[str, str]:
    return {"prediction": "constant"}
"""

SCRIPT = """
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
"""


def measure(project: Path, package: str, *, rounds: int = 11) -> tuple[float, float]:
    """Return the median share of the bare handler's requests per second, and the service's requests per second."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk was not found; it is a package of most Linux distributions")
    (project / "bare.py").write_text(BARE, encoding="utf-8")
    with (
        serving(project, f"{package}.service:create_app", "--factory") as service,
        serving(project, "bare:app") as bare,
    ):
        with urllib.request.urlopen(f"{service}/openapi.json") as answer:
            document = json.load(answer)
        body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]["example"]
        script = project / "post.lua"
        script.write_text(SCRIPT % json.dumps(body), encoding="utf-8")
        load(service, script)
        pairs = [(load(service, script), load(bare, script)) for _ in range(rounds)]
    return statistics.median(one / other for one, other in pairs), statistics.median(one for one, _ in pairs)


@contextmanager
def serving(project: Path, app: str, *flags: str) -> Iterator[str]:
    """Run uvicorn with the app; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", app, *flags, "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=project, env={**os.environ, "PYTHONPATH": "src"})
    try:
        wait_until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_open(port: int) -> None:
    """Wait until something listens on the port."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the service did not start")


def load(address: str, script: Path) -> float:
    """Return requests per second over three seconds and eight connections; every answer must be a success."""
    report = run(["wrk", "-t1", "-c8", "-d3", "-s", script, f"{address}/predict"])
    if "Non-2xx" in report:
        raise SystemExit(report)
    found = re.search(r"Requests/sec:\s+([\d.]+)", report)
    if not found:
        raise SystemExit(report)
    return float(found[1])
