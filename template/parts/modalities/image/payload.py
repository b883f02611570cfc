"""The images that a client sends: as a form with files, or one image as it is."""

from typing import Any

import cv2
import numpy as np
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import FormParser, parse_options_header

from ..data.images import CHANNELS, MAX_PIXELS, BadImage, Pixels, TooManyPixels, UnknownFormat, decode, read_size
from ..schema import Schema
from .problems import FieldError, RequestProblem

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

File = tuple[str, bytes]


class UploadSettings(BaseSettings):
    """Read from SERVICE_MAX_PIXELS: how many pixels the images of one request may have together."""

    model_config = SettingsConfigDict(env_prefix="SERVICE_", frozen=True)

    max_pixels: int = Field(default=MAX_PIXELS, ge=1)


class Payload:
    """Images as files of a form, in the field `images`, or one as the body itself."""

    def __init__(self, schema: Schema, max_rows: int) -> None:
        """Keep the form that the model takes images in, and the limits."""
        self._schema = schema
        self._max_rows = max_rows
        self._max_pixels = UploadSettings().max_pixels

    def parse(self, body: bytes, content_type: str) -> list[Pixels]:
        """Return the pixels of the images. Raises RequestProblem: 400, 413, 415 or 422, with the file's name."""
        files = read_files(body, content_type)
        if not files:
            raise RequestProblem(422, f"Send at least one file, in the field {FIELD!r}.")
        if len(files) > self._max_rows:
            raise RequestProblem(422, f"Send at most {self._max_rows} images at a time.")
        self._count_pixels(files)
        return [self._decode(number, *file) for number, file in enumerate(files, start=1)]

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

    def _count_pixels(self, files: list[File]) -> None:
        """Add up what the headers say, before anything is decoded. Raises RequestProblem."""
        left = self._max_pixels
        for number, (name, data) in enumerate(files, start=1):
            try:
                width, height = read_size(data)
                left -= width * height
                if left < 0:
                    limit = f"at most {self._max_pixels} are taken at a time, all images together"
                    raise TooManyPixels(f"has {width} x {height} pixels; {limit}")
            except BadImage as error:
                raise image_problem(number, name, error) from None

    def _decode(self, number: int, name: str, data: bytes) -> Pixels:
        """Return the pixels of one image. Raises RequestProblem."""
        try:
            return decode(data, self._schema.size, self._schema.colour, max_pixels=self._max_pixels)
        except BadImage as error:
            raise image_problem(number, name, error) from None


def image_problem(number: int, name: str, error: BadImage) -> RequestProblem:
    """Return the problem that names the file: 413 for its pixels, 415 for its format, else 422."""
    status = 413 if isinstance(error, TooManyPixels) else 415 if isinstance(error, UnknownFormat) else 422
    return RequestProblem(status, f"{name} {error}", [FieldError(row=number, field=name, message=str(error))])


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
