"""What people who mean harm, or are slow, do to the service: counts of who is still answered, and memory."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import service
from benchmarks._compare import Result, run

HERE = Path(__file__).parent
PACKAGE = "my_ml_project"
ATTACKERS = 100
PROBES = 50
PHOTOS = 12
KILOBYTE = 1_024
SHIPPED_LIMIT = 1_024  # megabytes, in every deployment

POST = "POST /predict HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
SLOW = {
    "idle connections": "",
    "half-sent headers": "GET /health HTTP/1.1\r\nHost: service\r\nX-Half: ",
    "half-sent bodies": f"{POST}Content-Length: 1000\r\n\r\n[",
    "chunked bodies that never end": f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",
}
LARGEST_HEADER = 112_000_000


def main() -> None:
    """Print each figure beside its bound; exit with 1 when one is missed."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        for serving in ("fastapi", "flask"):
            with attacked(Path(folder) / serving, serving=serving) as server:
                results += slow_clients(server, serving)
        with attacked(Path(folder) / "images", serving="fastapi", task="image-classification") as server:
            results += large_images(server)
    for result in results:
        print(result)
    sys.exit(not all(result.holds for result in results))


@contextmanager
def attacked(project: Path, **answers: str) -> Iterator[service.Server]:
    """Serve a new project's model until the block ends."""
    given = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
    run([sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", *given, HERE.parent, project])
    run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env={**os.environ, "PYTHONPATH": "src"})
    with service.serving(project, f"{PACKAGE}.service.server", SERVICE_OPEN="true") as server:
        yield server


def slow_clients(server: service.Server, serving: str) -> Iterator[Result]:
    """Yield how many checks of health and predictions were not answered while others were slow."""
    body, held = example(server), []
    for what, beginning in SLOW.items():
        held += [begin(server, beginning.encode()) for _ in range(ATTACKERS)]
        unanswered = sum(ask(server, "/health") != 200 or ask(server, "/predict", body) != 200 for _ in range(PROBES))
        yield Result(f"{serving}: not answered beside {ATTACKERS} {what}", unanswered, 0, f"of {PROBES}")
    taken = send_header(server)
    yield Result(f"{serving}: taken of a header of {LARGEST_HEADER / 1e6:.0f} MB", taken / 1e6, 10, "MB")
    broken = begin(server, f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode()).recv(KILOBYTE)
    yield Result(f"{serving}: a broken chunk is answered", int(broken.split()[1]), 400, "status")
    yield Result(f"{serving}: not answered at the end", float(ask(server, "/predict", body) != 200), 0, "of 1")
    for connection in held:
        connection.close()


def large_images(server: service.Server) -> Iterator[Result]:
    """Yield what images take of the memory that is shipped, and how they are answered."""
    deep = np.zeros((7_000, 7_000, 4), np.uint16)
    deep[::7], deep[..., 3] = 40_000, 30_000
    small = cv2.imencode(".png", deep, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
    yield Result(
        f"a PNG image of {len(small) / 1e3:.0f} kB that takes 784 MB", ask(server, "/predict", small), 413, "status"
    )
    noise = np.random.default_rng(0).integers(0, 256, (500, 500, 3)).astype(np.uint8)
    photo = cv2.resize(noise, (7_000, 7_000), interpolation=cv2.INTER_CUBIC)
    for kind, flags in (("", []), ("progressive ", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])):
        sent = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 60, *flags])[1].tobytes()
        statuses = at_once(partial(ask, server, "/predict", sent))
        answered = sum(status in (200, 413, 503) for status in statuses)
        told = ", ".join(f"{statuses.count(status)} x {status}" for status in sorted(set(statuses)))
        what = f"{PHOTOS} {kind}photos of 49 megapixels at once: {told}"
        yield Result(what, answered, PHOTOS, "answered", at_most=False)
    yield Result("most memory that the service held", peak_of(server.process), SHIPPED_LIMIT, "MB")


def example(server: service.Server) -> bytes:
    """Return the body that the service documents."""
    with urllib.request.urlopen(f"{server.address}/openapi.json") as answer:
        described = json.load(answer)["paths"]["/predict"]["post"]["requestBody"]["content"]
    return json.dumps(described["application/json"]["schema"]["example"]).encode()


def begin(server: service.Server, beginning: bytes) -> socket.socket:
    """Connect, and send a part of a request."""
    connection = socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])), timeout=10)
    connection.sendall(beginning)
    return connection


def ask(server: service.Server, path: str, body: bytes | None = None) -> int:
    """Return the status of an answer, or 0 when there is none within five seconds."""
    kinds = {b"\x89P": "image/png", b"\xff\xd8": "image/jpeg"}
    headers = {"Content-Type": kinds.get((body or b"")[:2], "application/json")}
    try:
        with urllib.request.urlopen(urllib.request.Request(server.address + path, body, headers), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def send_header(server: service.Server) -> int:
    """Send a header that does not end; return how many bytes were taken."""
    connection, sent = begin(server, SLOW["half-sent headers"].encode()), 0
    with suppress(OSError):
        while sent < LARGEST_HEADER:
            sent += connection.send(b"a" * KILOBYTE * 64)
    return sent


def at_once(action: Callable[[], int]) -> list[int]:
    """Return what came of an action that many do at once."""
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(action())) for _ in range(PHOTOS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def peak_of(process: int) -> float:
    """Return the most memory that a process has held, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    (held,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(held) / KILOBYTE


if __name__ == "__main__":
    main()
