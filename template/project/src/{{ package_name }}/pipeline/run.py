"""Take the steps one after the other, one run at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, sleep

from filelock import FileLock, Timeout

from ..config import Config
from ..errors import ProjectError
from .ingest import ingest
from .order import STEPS
from .results import Results, StepResult, read_results
from .steps import find_champion, keep_candidate
from .validate import forget_accepted

LOCK_FILE = ".pipeline.lock"
# Steps that can be repeated after the disk failed or something did not answer; training is not, as it may take hours.
TRIES = {"ingest": 3, "register": 3, "promote": 3}
PAUSE = 1.0  # seconds

log = logging.getLogger(__name__)


def run_pipeline(config: Config, *, accept: bool = False) -> Results:
    """Take all steps. With `accept`, data is accepted however much it differs from that of the run before.

    Raises ProjectError when another run is at work, or a step fails; what was done until then stays, and the next run
    goes on from it.
    """
    results = Results()
    with one_at_a_time(config):
        if accept:
            forget_accepted(config)
        for step in STEPS:
            started = perf_counter()
            found = act(step, config, results)
            log.info("%-9s %s (%.1f s)", step, found.describe(), perf_counter() - started)
    return results


def take_step(config: Config, step: str) -> StepResult:
    """Take one step, after those before it that other processes took; return what it found. Raises ProjectError."""
    if step not in STEPS:
        raise ProjectError(f"there is no step {step!r}; they are {', '.join(STEPS)}")
    with one_at_a_time(config):
        return act(step, config, read_results(config))


def act(step: str, config: Config, results: Results) -> StepResult:
    """Take a step, again if that is safe, and keep what it found."""
    left = TRIES.get(step, 1)
    while True:
        try:
            found = STEPS[step](config, results)
        except OSError as error:
            left -= 1
            if not left:
                raise
            log.warning("step %s failed: %s; it is tried again", step, error)
            sleep(PAUSE)
        else:
            results.keep(step, found, config)
            return found


@contextmanager
def one_at_a_time(config: Config) -> Iterator[None]:
    """Hold the lock of the pipeline, which goes with the process. Raises ProjectError when another one has it."""
    config.models_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(config.models_dir / LOCK_FILE, timeout=0):
            yield
    except Timeout:
        where = config.models_dir / LOCK_FILE
        raise ProjectError(f"another run of the pipeline is at work, and holds {where}; try again later") from None


def plan(config: Config) -> Iterator[str]:
    """Yield what a run would do, in sentences; nothing is written. Raises DataError when the data cannot be read."""
    found = ingest(config, dry=True)
    for entry in found.entries:
        yield f"{entry.file}: {entry.outcome}{f', {entry.why}' if entry.why else ''}"
    yield f"ingest    {found.describe()}"
    champion = find_champion(config, dry=True)
    grows = any(entry.outcome == "taken" for entry in found.entries)
    kept = None if grows else keep_candidate(config, champion)
    yield f"train     {f'{kept} is kept, as nothing has changed since' if kept else f'a new {config.model}'}"
    yield f"promote   {f'if it beats {champion.name}' if champion else 'if it keeps to the floor'}"
