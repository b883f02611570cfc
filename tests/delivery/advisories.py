"""A database of known vulnerabilities in miniature, which answers the one question that the audit of an image asks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from .machine import Environment


class Advisories:
    """What was asked for, and the packages that are answered to be vulnerable."""

    def __init__(self, port: int) -> None:
        """Nothing is vulnerable at first."""
        self.asked: set[str] = set()
        self.vulnerable: set[str] = set()
        self.variables: Environment = {"PIP_AUDIT_OSV_URL": f"http://127.0.0.1:{port}/v1/query"}

    def answer(self, package: str) -> dict[str, object]:
        """Return what the database knows of a package."""
        self.asked.add(package)
        if package not in self.vulnerable:
            return {}
        affected = {"package": {"name": package, "ecosystem": "PyPI"}, "ranges": []}
        return {"vulns": [{"id": "OSV-2026-1", "summary": "Opens the door", "affected": [affected]}]}


@contextmanager
def serve_advisories() -> Iterator[Advisories]:
    """Answer on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(known.answer(query["package"]["name"])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Advisories(server.server_port)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
