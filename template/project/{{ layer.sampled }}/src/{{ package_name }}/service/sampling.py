"""A sample of what clients send, on disk, where SERVICE_SAMPLE_INPUTS asks for it; nothing is kept otherwise.

It holds what people sent: who turns it on decides who may read it, and for how long it is kept.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from random import random
from typing import Any

from filelock import FileLock, Timeout

from ..schema import Schema
from .settings import Sampling, ServiceSettings, SettingsError

# A file or folder is begun anew once it is as large as this; the one before is kept, and no other.
MOST_BYTES = 50_000_000
# How often its size is looked at until then.
LOOKS = 50
LOCK_FILE = ".sample.lock"
# As long as others write, a request waits; what would take longer is not kept.
LOCK_SECONDS = 0.1
CURRENT, BEFORE = "inputs", "inputs.before"

Sample = Callable[[Schema, list[Any], bytes, str], None]
# Adds the rows of a request to a file, or its files to a folder; raises OSError.
Write = Callable[[Path, Schema, list[Any], bytes, str], None]

logger = logging.getLogger(__name__)


def find_sampler(settings: ServiceSettings, write: Write, suffix: str) -> Sample | None:
    """Return what keeps a share of the requests, if that was asked for. Raises SettingsError when it cannot."""
    if settings.sample_inputs is None:
        return None
    try:
        return Sampler(settings.sample_inputs, write, suffix).take
    except OSError as error:
        folder = settings.sample_inputs.folder
        raise SettingsError(f"SERVICE_SAMPLE_INPUTS: {folder} cannot be written: {error.strerror}") from None


class Sampler:
    """Keeps a share of the requests that were answered; one that cannot be kept is told in the log, and answered."""

    def __init__(self, sampling: Sampling, write: Write, suffix: str, draw: Callable[[], float] = random) -> None:
        """Make the folder. Raises OSError when it cannot be written."""
        self._folder, self._share = sampling
        self._write = write
        self._draw = draw
        self._current, self._before = (self._folder / f"{name}{suffix}" for name in (CURRENT, BEFORE))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._told = ""
        # Bytes that were written since the size was looked at: a folder of many files takes long.
        self._unseen = 0
        logger.warning("sampled: %g of all requests are kept in %s, as they were sent", self._share, self._folder)

    def take(self, schema: Schema, rows: list[Any], body: bytes, media_type: str) -> None:
        """Keep a request, if it is drawn."""
        if self._draw() >= self._share:
            return
        try:
            with FileLock(self._folder / LOCK_FILE, timeout=LOCK_SECONDS):
                self._write(self._current, schema, rows, body, media_type)
                self._unseen += len(body)
                if self._unseen * LOOKS >= MOST_BYTES:
                    self._begin_anew()
        except (OSError, Timeout) as error:
            if str(error) != self._told:
                self._told = str(error)
                logger.warning("not sampled", extra={"fields": {"reason": self._told}})

    def _begin_anew(self) -> None:
        """Put what is large enough in the place of what was kept before it. Raises OSError."""
        self._unseen = 0
        if size_of(self._current) >= MOST_BYTES:
            if self._before.is_dir():
                shutil.rmtree(self._before)
            self._current.replace(self._before)


def size_of(path: Path) -> int:
    """Return how many bytes a file has, or all files of a folder."""
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size
