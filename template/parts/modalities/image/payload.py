"""The images that a client sends: as a form with files, or one image as it is."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import FormParser, parse_options_header

from ..data.images import (
    CHANNELS,
    MAX_PIXELS,
    BadImage,
    Pixels,
    TooManyPixels,
    UnknownFormat,
    decode,
    decoded_bytes,
    read_size,
)
from ..schema import Schema
from .bodies import Budget, Share
from .problems import FieldError, RequestProblem
from .settings import PREFIX, read_settings

# The statuses that `Payload.parse` refuses with, and when.
PAYLOAD_PROBLEMS = {
    400: "The form is broken.",
    413: "The body is too large, or the images have too many pixels.",
    415: "The body is neither a form with files nor an image, or a file is no PNG, JPEG or WebP image.",
    422: "An image is damaged, or there are too few or many of them.",
}

FORM = "multipart/form-data"
FIELD = "images"
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")

MAX_PROBLEMS = 10

File = tuple[str, bytes]
Read = TypeVar("Read")


class Upload(NamedTuple):
    """A file that was sent; they are numbered from 1."""

    number: int
    name: str
    data: bytes


class UploadSettings(BaseSettings):
    """Read from environment variables of the same names with SERVICE_ before them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    # How many pixels the images of one request may have together.
    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
    # How much memory the images may take that all requests of a process decode at a time.
    max_decoded_bytes: int = Field(default=256_000_000, ge=1)


@cache
def shared_memory(total: int) -> Budget:
    """Return what all requests share, whichever model answers them."""
    return Budget(total)


class Payload:
    """Images as files of a form, in the field `images`, or one as the body itself."""

    def __init__(self, schema: Schema, max_rows: int) -> None:
        """Keep the form that the model takes images in, and the limits."""
        self._schema = schema
        self._max_rows = max_rows
        settings = read_settings(UploadSettings)
        self._max_pixels = settings.max_pixels
        self._memory = shared_memory(settings.max_decoded_bytes)

    def parse(self, body: bytes, content_type: str, refused: list[FieldError] | None = None) -> list[Pixels]:
        """Return the pixels of the images. Raises RequestProblem: 400, 413, 415 or 422, with the file's name."""
        files = read_files(body, content_type)
        if not files:
            raise RequestProblem(422, f"Send at least one file, in the field {FIELD!r}.")
        if len(files) > self._max_rows:
            raise RequestProblem(422, f"Send at most {self._max_rows} images at a time.")
        uploads = [Upload(number, *file) for number, file in enumerate(files, start=1)]
        left_out: list[FieldError] | None = None if refused is None else []
        sized = read_each(uploads, read_size, left_out)
        # Before anything is decoded.
        self._count_pixels(sized)
        read = read_each([upload for upload, _ in sized], self._decode, left_out)
        if left_out and not read:
            raise RequestProblem(422, f"No file can be read; {left_out[0]}", left_out[:MAX_PROBLEMS])
        if refused is not None:
            refused += left_out or []
        return [pixels for _, pixels in read]

    def document(self) -> dict[str, Any]:
        """Return what a request may hold, by media type."""
        file = {"type": "string", "format": "binary"}
        images = {"type": "array", "items": file, "minItems": 1, "maxItems": self._max_rows}
        form = {"type": "object", "properties": {FIELD: images}, "required": [FIELD]}
        return {FORM: {"schema": form}} | {media_type: {"schema": file} for media_type in MEDIA_TYPES}

    def example(self) -> tuple[bytes, str]:
        """Return a body that the model can answer, and its media type."""
        width, height = self._schema.size
        shades = np.linspace(0, 255, width * height).reshape(height, width, 1).astype(np.uint8)
        image = np.repeat(shades, CHANNELS[self._schema.colour], axis=2)
        return cv2.imencode(".png", image)[1].tobytes(), "image/png"

    def _count_pixels(self, sized: list[tuple[Upload, tuple[int, int]]]) -> None:
        """Add up the pixels of all files. Raises RequestProblem (413)."""
        left = self._max_pixels
        for upload, (width, height) in sized:
            left -= width * height
            if left < 0:
                limit = f"at most {self._max_pixels} are taken at a time, all images together"
                raise image_problem(upload, TooManyPixels(f"has {width} x {height} pixels; {limit}"))

    def _decode(self, data: bytes) -> Pixels:
        """Return the pixels of one image. Raises BadImage, and RequestProblem (503) while others take the memory."""
        needed = decoded_bytes(data, self._schema.size)
        if needed > self._memory.total:
            limit = f"at most {self._memory.total} are taken"
            raise TooManyPixels(f"needs {needed} bytes of memory to be decoded; {limit}")
        with Share(self._memory) as share:
            share.take(needed)
            schema = self._schema
            return decode(data, schema.size, schema.colour, schema.bits, max_pixels=self._max_pixels)


def read_each(
    uploads: list[Upload], read: Callable[[bytes], Read], refused: list[FieldError] | None
) -> list[tuple[Upload, Read]]:
    """Return what is read from each file. Raises RequestProblem, unless there is a list to add what is wrong to."""
    found = []
    for upload in uploads:
        try:
            found.append((upload, read(upload.data)))
        except BadImage as error:
            problem = image_problem(upload, error)
            # What is too large is so for the whole request.
            if refused is None or problem.status == 413:
                raise problem from None
            refused += problem.body.problems
    return found


def image_problem(upload: Upload, error: BadImage) -> RequestProblem:
    """Return the problem that names the file: 413 for its pixels, 415 for its format, else 422."""
    status = 413 if isinstance(error, TooManyPixels) else 415 if isinstance(error, UnknownFormat) else 422
    where = FieldError(row=upload.number, field=upload.name, message=str(error))
    return RequestProblem(status, f"{upload.name} {error}", [where])


def read_files(body: bytes, content_type: str) -> list[File]:
    """Return name and content of each file. Raises RequestProblem: 400 for a broken form, 415 for another type."""
    media_type, options = parse_options_header(content_type)
    found = media_type.decode("latin-1").lower()
    if found in MEDIA_TYPES:
        return [("The image", body)]
    if found != FORM:
        raise RequestProblem(415, f"Send {FORM}, or one of {', '.join(MEDIA_TYPES)}; not {found or 'nothing'}.")
    return read_form(body, options.get(b"boundary"))


def read_form(body: bytes, boundary: bytes | None) -> list[File]:
    """Return the files in the field `images` of a form. Raises RequestProblem (400, 422)."""
    files: list[File] = []
    others: list[str] = []
    ended: list[bool] = []

    def keep(part: Any) -> None:
        field = part.field_name.decode("utf-8", "replace")
        if field != FIELD or not hasattr(part, "file_object"):
            others.append(field)
            return
        part.file_object.seek(0)
        name = (part.file_name or b"").decode("utf-8", "replace") or f"File {len(files) + 1}"
        files.append((name, part.file_object.read()))

    try:
        # What is larger than this would be written to disk.
        settings = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
        parser = FormParser(FORM, keep, keep, lambda: ended.append(True), boundary=boundary, config=settings)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise RequestProblem(400, "The form is broken.", [FieldError(message=str(error))]) from None
    if not ended:
        raise RequestProblem(400, "The form is broken: its end is missing.")
    if others:
        raise RequestProblem(422, f"Unknown field {others[0]!r}: send files in the field {FIELD!r}.")
    return files
