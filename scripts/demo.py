"""Make a project as a person would: render it, set it up, train it, and ask its service for a prediction."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def main(folder: Path) -> None:
    """Run the demonstration in the folder, which is made anew."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    step("mlscaffold", "new", str(folder), "--defaults", "--no-git")
    step("make", "--no-print-directory", "-C", str(folder), "setup")
    step("make", "--no-print-directory", "-C", str(folder), "train")
    port = free_port()
    print(f"\n$ make -C {folder} serve PORT={port}", flush=True)
    log = folder / "reports" / "service.log"
    with log.open("w", encoding="utf-8") as output:
        command = ["make", "-C", str(folder), "serve", f"PORT={port}"]
        service = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            ask(f"http://127.0.0.1:{port}", log)
        finally:
            service.terminate()
            service.wait(timeout=20)
    report = max((folder / "reports").glob("2*/index.html"))
    print(f"\nThe report: {report}\nThe project is yours: cd {folder} && make help")


def step(*command: str) -> None:
    """Show a command and run it; stop the demonstration if it fails."""
    print(f"\n$ {' '.join(command)}", flush=True)
    if status := subprocess.run(command, check=False).returncode:
        sys.exit(f"{command[0]} failed with exit code {status}")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(address: str, log: Path) -> None:
    """Wait for the service and send it the example of its own documentation."""
    document = wait_for(f"{address}/openapi.json", log)
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]["example"]
    request = urllib.request.Request(
        f"{address}/predict", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        print(f"\nPOST /predict {json.dumps(body)}\n{answer.status} {answer.read().decode()}", flush=True)


def wait_for(url: str, log: Path) -> Any:
    """Return the JSON at the URL, as soon as there is any; stop with the service's log if there is none."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    sys.exit(f"{url} did not answer within a minute:\n{log.read_text(encoding='utf-8')}")


main(Path(sys.argv[1]))
