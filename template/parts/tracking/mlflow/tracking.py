"""Keep a record of each run here and in MLflow, which never costs a run: what it does not take is sent later."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from ..config import Config
from .runs import RunRecord, keep_record

# So long is waited for MLflow, after a run of hours as after one of seconds.
MOST_SECONDS = 8

log = logging.getLogger(__name__)
# Set when MLflow did not answer: the other runs of this process do not wait for it again.
given_up = Event()


def log_run(record: RunRecord, config: Config) -> None:
    """Write what is kept of a run, its settings and results, below runs/, and send it to MLflow."""
    keep_record(record, config.runs_dir)
    # MLflow takes a second to import.
    from . import remote

    attempt(lambda: remote.send(record, config), config, f"{record.name} is kept in runs/; runs --sync sends it")


def bring_models(config: Config, asked: str | None) -> None:
    """Bring the models that answer in MLflow, and the one that is asked for, where they are not here."""
    from . import remote

    attempt(lambda: remote.bring(config, asked), config, "what is known here counts")


def follow_promotion(config: Config) -> None:
    """Let MLflow's aliases point to the model that answers now."""
    from . import remote

    attempt(lambda: remote.follow(config), config, "its aliases are as they were; runs --sync moves them")


def models_elsewhere(config: Config) -> list[str]:
    """Return a line for each model that is in MLflow alone."""
    from . import remote

    lines: list[str] = []
    attempt(lambda: lines.extend(remote.elsewhere(config)), config, "its models are not listed")
    return lines


def attempt(work: Callable[[], object], config: Config, otherwise: str) -> None:
    """Do something in MLflow; log why it was not done, and what happens otherwise."""
    from . import remote

    problems: list[Exception] = []

    def act() -> None:
        try:
            work()
        except Exception as error:
            problems.append(error)

    where = f"MLflow at {remote.address(config)}"
    if given_up.is_set():
        log.warning("%s is not asked again: %s", where, otherwise)
        return
    # A thread can be left behind, with something that takes minutes over each answer.
    thread = Thread(target=act, name="tracking", daemon=True)
    thread.start()
    thread.join(MOST_SECONDS)
    if thread.is_alive():
        reason = f"took longer than {MOST_SECONDS} s"
    elif problems:
        reason = f"did not take it: {remote.plain(problems[0])}"
    else:
        return
    given_up.set()
    log.warning("%s %s; %s", where, reason, otherwise)
