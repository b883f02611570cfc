"""That requests are not sampled: of series, those who keep them have all values, and those of requests overlap."""

from collections.abc import Callable
from typing import Any

from ..schema import Schema
from .settings import ServiceSettings, SettingsError

Sample = Callable[[Schema, list[Any], bytes, str], None]


def make_sampler(settings: ServiceSettings) -> Sample | None:
    """Return nothing. Raises SettingsError where a sample is asked for."""
    if settings.sample_inputs is None:
        return None
    raise SettingsError(
        "SERVICE_SAMPLE_INPUTS is for other data than series: the histories of requests overlap, and what they hold is "
        "where they come from; give that to the drift command"
    )
