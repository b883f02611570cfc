"""A service at 80 % of its peak rate for ten minutes: no error, and memory that does not grow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import service
from benchmarks._compare import Result, run

PACKAGE = "my_ml_project"
CONNECTIONS = 8
SHARE = 0.8
MOST_GROWTH = 5.0  # percent
KILOBYTE = 1_024


def main(seconds: int) -> None:
    """Print what came of it; exit with 1 when an answer was no success or memory grew."""
    if not shutil.which("hey"):
        raise SystemExit("hey was not found; it is a package of most Linux distributions")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        run([sys.executable, "-m", "mlscaffold", "new", project, "--defaults", "--no-git"])
        run([sys.executable, "-m", PACKAGE, "train"], cwd=project, env={**os.environ, "PYTHONPATH": "src"})
        script = service.write_script(project, PACKAGE)
        with service.serving(project, f"{PACKAGE}.service.server") as server:
            peak = service.load(f"{server.address}/predict", script, seconds=10).requests
            report, memory = endure(server, project / "post.bin", SHARE * peak, seconds)
    # The first tenth warms up.
    tenth = len(memory) // 10
    early, late = median(memory[tenth : 2 * tenth]), median(memory[-tenth:])
    answers = {int(status): int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", report)}
    results = [
        Result("answers that were no success", sum(answers.values()) - answers.get(200, 0), 0, "answers"),
        Result("requests without an answer", float("Error distribution" in report), 0, "kinds"),
        Result("memory at the end over that at the start", 100 * (late / early - 1), MOST_GROWTH, "percent"),
    ]
    for result in results:
        print(result)
    rate = answers.get(200, 0) / seconds
    print(
        f"({answers.get(200, 0)} answers in {seconds} s: {rate:.0f} per second of a peak of {peak:.0f}; {late:.0f} MB)"
    )
    sys.exit(not all(result.holds for result in results))


def endure(server: service.Server, body: Path, rate: float, seconds: int) -> tuple[str, list[float]]:
    """Send requests at a rate; return hey's report, and the memory of the server in megabytes, second by second."""
    each = ["-c", str(CONNECTIONS), "-q", f"{rate / CONNECTIONS:.1f}", "-z", f"{seconds}s"]
    request = ["-m", "POST", "-T", "application/json", "-D", str(body), f"{server.address}/predict"]
    memory = []
    with subprocess.Popen(["hey", *each, *request], stdout=subprocess.PIPE, text=True) as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            memory.append(memory_of(server.process))
            time.sleep(1)
        report = client.communicate()[0]
    return report, memory


def memory_of(process: int) -> float:
    """Return the memory that a process holds, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    (held,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(held) / KILOBYTE


main(int(sys.argv[1]) if sys.argv[1:] else 600)
