"""Read images: their width and height from the header alone, their pixels in the form that a model takes."""

import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..schema import Colour

Pixels = NDArray[np.uint8]
Result = TypeVar("Result")

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
CHANNELS: dict[str, int] = {"grey": 1, "rgb": 3}

# So little work is not worth a thread's while.
FILES_AT_ONCE = 4

# A file of some kilobytes can claim any number of pixels: it is refused before memory is given to them.
MAX_PIXELS = 50_000_000

# A JPEG image that is to become much smaller is decoded at a part of its size; it stays this much larger than that.
REDUCTIONS = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
LEFT_TO_RESIZE = 2

# OpenCV holds the pixels twice while it decodes; a progressive JPEG image is held whole, in 16 bits, until its end.
COPIES = 2
COEFFICIENTS = 6
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Channels that OpenCV gives for each colour type of a PNG file: grey, true colour, palette, and both with transparency.
PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 4, 6: 4}
# Rows that are flattened at a time, so that no large copies are made.
ROWS_AT_ONCE = 64

# How an image lies by Exif: whether its rows run up and its columns to the left, once those from 5 on are swapped.
ORIENTATION, UPRIGHT, FIRST_TURNED, LAST_ORIENTATION = 0x0112, 1, 5, 8
FLIPS = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
# So many of 16 bits are used, unless fewer are known to be.
BITS = 16

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# What decoders put where a JPEG file holds nothing.
MISSING = 128
PNG_END, JPEG_END = b"IEND", b"\xff\xd9"

# The markers of a JPEG file that start a frame, and those of the segments that may come before it.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SEGMENTS = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE})


class BadImage(Exception):
    """A file is no image that can be used; the message completes a sentence that starts with its name."""


class UnknownFormat(BadImage):
    """The bytes are those of another kind of file."""


class TooManyPixels(BadImage):
    """The image is larger than the limit."""


def for_each(action: Callable[[Any], Result], paths: Sequence[Any]) -> Iterator[Result]:
    """Yield what the action gives for each path, in order; decoding lets other threads run, so all cores take part."""
    parts = [paths[start : start + FILES_AT_ONCE] for start in range(0, len(paths), FILES_AT_ONCE)]
    with ThreadPoolExecutor() as pool:
        for results in pool.map(lambda part: [action(path) for path in part], parts):
            yield from results


def read_image(path: str | Path, size: tuple[int, int], colour: Colour, bits: int = BITS) -> Pixels:
    """Return the pixels of a file as `decode` does. Raises BadImage, for a file that cannot be read too."""
    return decode(read_file(path), size, colour, bits)


def read_file(path: str | Path) -> bytes:
    """Return the content of a file. Raises BadImage when it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadImage(f"cannot be read: {error.strerror}") from None


def decode(
    data: bytes, size: tuple[int, int], colour: Colour, bits: int = BITS, *, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """Return the pixels of a PNG, JPEG or WebP file, shape (height, width, channels).

    The image is stretched to `size`, a width and a height. What shines through is laid on white, 16 bits, of which so
    many `bits` are used, become 8, and what its Exif data says lies on its side is turned upright. Raises BadImage.
    """
    found = check_header(data, max_pixels)
    pixels, orientation = decode_upright(data, found, size) if data.startswith(JPEG) else decode_any(data)
    turned = orientation >= FIRST_TURNED
    return paint(turn(resize(flatten(pixels, bits), size[::-1] if turned else size), orientation), colour)


def decode_upright(data: bytes, found: tuple[int, int], size: tuple[int, int]) -> tuple[NDArray[Any], int]:
    """Return the pixels of a JPEG file, turned upright, and 1. Raises BadImage."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCTIONS.get(reduction(found, size), cv2.IMREAD_COLOR))
    except cv2.error:
        pixels = None
    if pixels is None:
        raise BadImage("is damaged and cannot be decoded")
    return pixels, UPRIGHT


def decode_any(data: bytes) -> tuple[NDArray[Any], int]:
    """Return the pixels of a PNG or WebP file with all its channels and bits, and how it lies. Raises BadImage."""
    try:
        pixels, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise BadImage("is damaged and cannot be decoded")
    exif = [block.tobytes() for kind, block in zip(kinds, blocks, strict=True) if kind == cv2.IMAGE_METADATA_EXIF]
    return pixels, read_orientation(exif[0]) if exif else UPRIGHT


def read_orientation(exif: bytes) -> int:
    """Return how an image lies by its Exif data, 1 to 8, as CIPA DC-008 has it; 1, upright, where they do not say."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return UPRIGHT
    try:
        (place,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= LAST_ORIENTATION else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT


def turn(pixels: Pixels, orientation: int) -> Pixels:
    """Return an image turned upright."""
    if orientation >= FIRST_TURNED:
        pixels = np.swapaxes(pixels, 0, 1)
    down, across = FLIPS[orientation]
    return np.ascontiguousarray(pixels[::down, ::across])


def reduction(found: tuple[int, int], wanted: tuple[int, int]) -> int:
    """Return by how much a JPEG image may be reduced while it is decoded: 8, 4, 2 or 1. It may be turned later."""
    return next((by for by in REDUCTIONS if min(found) >= LEFT_TO_RESIZE * by * max(wanted)), 1)


def decoded_bytes(data: bytes, size: tuple[int, int]) -> int:
    """Return how much memory `decode` takes for its pixels, as the header says. Raises BadImage."""
    width, height = found = read_size(data)
    try:
        if data.startswith(JPEG):
            by = reduction(found, size)
            whole = COEFFICIENTS * width * height if data[find_frame(data) + 1] in PROGRESSIVE else 0
            return COPIES * 3 * -(-width // by) * -(-height // by) + whole
        return COPIES * bytes_of_pixel(data) * width * height
    except IndexError:
        raise BadImage("is cut off in its header") from None


def bytes_of_pixel(data: bytes) -> int:
    """Return how many bytes a pixel of a PNG or WebP file takes. Raises IndexError."""
    if data.startswith(PNG):
        return PNG_CHANNELS.get(data[25], 4) * (2 if data[24] == 16 else 1)
    transparent = data[12:16] == b"VP8L" or (data[12:16] == b"VP8X" and bool(data[20] & 0x10))
    return 4 if transparent else 3


def check_header(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Return width and height as the header says. Raises BadImage for what need not be decoded to be refused."""
    width, height = read_size(data)
    if width * height > max_pixels:
        raise TooManyPixels(f"has {width} x {height} pixels; at most {max_pixels} can be read")
    if not is_whole(data):
        raise BadImage("is cut off before its end")
    return width, height


def read_size(data: bytes) -> tuple[int, int]:
    """Return width and height as the header of the file says. Raises BadImage."""
    if not data:
        raise BadImage("is empty")
    try:
        width, height = read_any_size(data)
    except (struct.error, IndexError):
        raise BadImage("is cut off in its header") from None
    if not width * height:
        raise BadImage("is damaged: its header gives no size")
    return width, height


def read_any_size(data: bytes) -> tuple[int, int]:
    """Return width and height, or (0, 0) from a damaged header. Raises BadImage, struct.error and IndexError."""
    if data.startswith(PNG):
        width, height = struct.unpack_from(">II", data, 16)
        return (width, height) if data[12:16] == b"IHDR" else (0, 0)
    if data.startswith(JPEG):
        height, width = struct.unpack_from(">HH", data, find_frame(data) + 5)
        return width, height
    if is_webp(data):
        return read_webp_size(data)
    raise UnknownFormat("is no PNG, JPEG or WebP image")


def find_frame(data: bytes) -> int:
    """Return where the segment with the size of a JPEG image starts (ITU T.81, annex B).

    Anything unusual on the way is refused: what a decoder would skip in another way could hide a larger size.
    """
    place = 2
    while (marker := data[place + 1]) not in FRAMES:
        if data[place] != 0xFF or marker not in {0xFF, *SEGMENTS}:
            raise BadImage("is damaged: its header gives no size")
        # Any number of fill bytes may precede a marker.
        place += 1 if marker == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return place


def read_webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first chunk, which is one of three kinds (RFC 9649); (0, 0) from another."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return (width & 0x3FFF, height & 0x3FFF) if kind == b"VP8 " else (0, 0)


def is_whole(data: bytes) -> bool:
    """Return whether the end of the image is there: some decoders fill what is missing, and say nothing."""
    if data.startswith(PNG):
        return PNG_END in data
    if data.startswith(JPEG):
        return data.rfind(JPEG_END) > find_frame(data)
    return is_whole_webp(data, len(data))


def looks_cut(data: bytes) -> bool:
    """Return whether a JPEG image ends in the even grey that stands for what is missing, although its end is there.

    A picture may end like that by itself, and what is missing in a progressive one looks otherwise.
    """
    if not data.startswith(JPEG):
        return False
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    return pixels is not None and bool((pixels[-1] == MISSING).all() and (pixels != MISSING).any())


def is_webp(data: bytes) -> bool:
    """Return whether a file starts as a WebP image does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def is_whole_webp(data: bytes, size: int) -> bool:
    """Return whether a WebP file of this many bytes holds as many as it says."""
    return size >= 8 + int.from_bytes(data[4:8], "little")


def flatten(pixels: NDArray[Any], bits: int = BITS) -> Pixels:
    """Return 8 bits for each channel, and what is transparent on white; of 16 bits, so many are used."""
    if pixels.dtype == np.uint8 and pixels.shape[2:] != (4,):
        return pixels
    flat = np.empty((*pixels.shape[:2], *([3] if pixels.ndim == 3 else [])), np.uint8)
    for start in range(0, len(pixels), ROWS_AT_ONCE):
        flat[start : start + ROWS_AT_ONCE] = flatten_rows(pixels[start : start + ROWS_AT_ONCE], bits)
    return flat


def flatten_rows(pixels: NDArray[Any], bits: int = BITS) -> Pixels:
    """Return some rows as `flatten` does."""
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=255 / (2**bits - 1))
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = cv2.merge([pixels[..., 3]] * 3)
        pixels = cv2.add(cv2.multiply(pixels[..., :3], alpha, scale=1 / 255), cv2.bitwise_not(alpha))
    return pixels.astype(np.uint8, copy=False)


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Stretch or shrink to a width and a height; shrinking averages, so that no fine pattern is made up."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    shrinks = size[0] < width or size[1] < height
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def paint(pixels: Pixels, colour: Colour) -> Pixels:
    """Return grey, or red, green and blue, of what OpenCV gives as grey, or blue, green and red."""
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], CHANNELS[colour], axis=2)
    if colour == "grey":
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)[..., None]
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
