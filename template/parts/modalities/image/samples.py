"""Write images as they were sent, so that they can be compared with those that the model was trained on."""

import hashlib
from pathlib import Path

from ..data.images import BadImage, Pixels, check_header
from ..schema import Schema
from .payload import read_files
from .sampling import Sample, find_sampler
from .settings import ServiceSettings

ENDINGS = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}


def make_sampler(settings: ServiceSettings) -> Sample | None:
    """Return what keeps a share of the requests, if that was asked for. Raises SettingsError when it cannot."""
    return find_sampler(settings, write_sample, "")


def write_sample(path: Path, schema: Schema, rows: list[Pixels], body: bytes, media_type: str) -> None:
    """Add the files of a request, but for those that were left out, to a folder. Raises OSError."""
    path.mkdir(exist_ok=True)
    for _, data in read_files(body, media_type):
        try:
            check_header(data)
        except BadImage:
            continue
        ending = next((ending for start, ending in ENDINGS.items() if data.startswith(start)), ".png")
        (path / f"{hashlib.sha256(data).hexdigest()[:32]}{ending}").write_bytes(data)
