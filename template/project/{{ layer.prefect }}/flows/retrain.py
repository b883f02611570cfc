"""The pipeline as a flow of Prefect: each step is a task, in a process of the project's own environment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "flows" / "steps.txt").read_text(encoding="utf-8").split()
# Steps that can be repeated; training is not, as it may take hours.
RETRIES = {"ingest": 2, "validate": 1, "register": 2, "promote": 2}


@task(retry_delay_seconds=10)
def take(step: str) -> dict[str, Any]:
    """Take one step of the pipeline; return what it found. Raises RuntimeError with what it said when it failed."""
    done = subprocess.run(
        ["make", "--silent", "step", f"STEP={step}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    logger = get_run_logger()
    for line in [*done.stderr.splitlines(), *done.stdout.splitlines()]:
        logger.info("%s", line)
    if done.returncode:
        raise RuntimeError(f"step {step} failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@flow(name="retrain")
def retrain() -> dict[str, Any]:
    """Take all steps, one after the other; return what the last has found."""
    found: dict[str, Any] = {}
    for step in STEPS:
        found = take.with_options(name=step, retries=RETRIES.get(step, 0))(step)
    return found


if __name__ == "__main__":
    try:
        retrain()
    except RuntimeError as error:
        sys.exit(f"Error: {error}")
