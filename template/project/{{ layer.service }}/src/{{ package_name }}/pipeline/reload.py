"""Wait until the service answers with the promoted model."""

import json
import os
import urllib.error
import urllib.request
from time import monotonic, sleep

from ..config import Config
from ..errors import ProjectError
from .results import StepResult
from .steps import Promoted, go_back

# Where the service is, and how long it is waited for; its key is that of the service's own settings.
URL, SECONDS, KEY = "PIPELINE_URL", "PIPELINE_SECONDS", "SERVICE_API_KEY"
WAITED = 120.0
PAUSE = 0.5
MOST_SECONDS = 5.0


class Reloaded(StepResult, frozen=True):
    """Which model answers requests, and after how many seconds it did; None where nobody said where to ask."""

    answering: str
    seconds: float | None

    def describe(self) -> str:
        """Return which model answers requests."""
        if self.seconds is None:
            return f"the service is not asked, as {URL} does not say where it is"
        return f"the service answers with {self.answering}, after {self.seconds:.1f} s"


def reload(config: Config, found: Promoted) -> Reloaded:
    """Wait until the service says that the model answers. If it does not, the model before answers again.

    Raises ProjectError then, with what was answered last.
    """
    url = os.environ.get(URL, "").rstrip("/")
    if not url:
        return Reloaded(answering=found.answering, seconds=None)
    started, limit = monotonic(), seconds_to_wait()
    while (told := ask(url)) != found.answering:
        if monotonic() - started > limit:
            back = go_back(config, found)
            raise ProjectError(f"{url} does not answer with {found.answering} after {limit:g} s, but {told!r}; {back}")
        sleep(PAUSE)
    return Reloaded(answering=found.answering, seconds=round(monotonic() - started, 1))


def seconds_to_wait() -> float:
    """Return how long to wait. Raises ProjectError when the environment holds no such number."""
    text = os.environ.get(SECONDS) or str(WAITED)
    try:
        return float(text)
    except ValueError:
        raise ProjectError(f"{SECONDS} is {text!r}, and must be a number of seconds") from None


def ask(url: str) -> str:
    """Return the name of the model that answers requests, or what was answered instead."""
    try:
        request = urllib.request.Request(f"{url}/model", headers={"X-API-Key": os.environ.get(KEY, "")})
        with urllib.request.urlopen(request, timeout=MOST_SECONDS) as response:
            return str(json.load(response)["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return str(error)
