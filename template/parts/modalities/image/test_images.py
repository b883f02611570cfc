"""Whatever form an image comes in, a model gets the same pixels; what is no image is refused with the reason."""

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from acme_ml.data import images
from acme_ml.data.images import (
    BadImage,
    TooManyPixels,
    UnknownFormat,
    check_header,
    decode,
    decoded_bytes,
    flatten,
    flatten_rows,
    looks_cut,
    read_orientation,
    reduction,
)
from acme_ml.schema import Colour

# Blue, green, red as OpenCV has them: an orange square, 24 pixels wide and 16 high, with a dark left half.
ORANGE = np.full((16, 24, 3), (20, 120, 240), np.uint8)
ORANGE[:, :12] //= 4
GREY = cv2.cvtColor(ORANGE, cv2.COLOR_BGR2GRAY)
SIZE = (24, 16)


def encode(pixels: NDArray[Any], suffix: str = ".png", *options: int) -> bytes:
    """Return the pixels as a file."""
    return cv2.imencode(suffix, pixels, list(options))[1].tobytes()


def with_alpha(pixels: NDArray[Any], alpha: int) -> NDArray[Any]:
    """Return the pixels with one more channel."""
    return np.dstack([pixels, np.full(pixels.shape[:2], alpha, pixels.dtype)])


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG file that claims to be a large image."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return images.PNG + header + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")


def upside_down(photo: bytes) -> bytes:
    """Return a JPEG file that says that its top is at the bottom (Exif orientation 3)."""
    tag = struct.pack("<HHIHH", 0x0112, 3, 1, 3, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + photo[2:]


FORMS = {
    "png": encode(ORANGE),
    "opaque": encode(with_alpha(ORANGE, 255)),
    "16 bit": encode(ORANGE.astype(np.uint16) * 257),
    "opaque, 16 bit": encode(with_alpha(ORANGE.astype(np.uint16) * 257, 65535)),
    "jpeg": encode(ORANGE, ".jpg"),
    "progressive jpeg": encode(ORANGE, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "photo with a trailer": encode(ORANGE, ".jpg") + bytes(100),
    "webp": encode(ORANGE, ".webp", cv2.IMWRITE_WEBP_QUALITY, 90),
    "lossless webp": encode(ORANGE, ".webp", cv2.IMWRITE_WEBP_QUALITY, 101),
    "opaque webp": encode(with_alpha(ORANGE, 254), ".webp", cv2.IMWRITE_WEBP_QUALITY, 90),
}
DAMAGED = {
    "cut png": FORMS["png"][:-20],
    "cut jpeg": FORMS["jpeg"][:-20],
    "cut webp": FORMS["webp"][:-20],
    "png without pixels": FORMS["png"][:60] + bytes(20) + FORMS["png"][80:],
    "header alone": FORMS["png"][:20],
    "jpeg header alone": FORMS["jpeg"][:10],
    "webp header alone": FORMS["webp"][:14],
    "no width": bomb(0, 10),
    "jpeg with a hidden frame": FORMS["jpeg"][:2] + b"\xff\x01" + FORMS["jpeg"][2:],
    "another webp": FORMS["webp"][:12] + b"VP9 " + FORMS["webp"][16:],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_pixels(form: str) -> None:
    assert check_header(FORMS[form]) == SIZE
    for colour, expected in (("rgb", ORANGE[..., ::-1]), ("grey", GREY[..., None])):
        pixels = decode(FORMS[form], SIZE, colour)  # type: ignore[arg-type]
        assert pixels.shape == expected.shape
        assert pixels.dtype == np.uint8
        # JPEG and WebP blur the edge in the middle.
        assert np.abs(pixels.astype(int) - expected)[:, [0, 4, 20, 23]].max() <= 8


@pytest.mark.parametrize(
    "picture", [GREY, GREY.astype(np.uint16) * 257, cv2.merge([GREY] * 3)], ids=["grey", "16 bit", "colour"]
)
@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_grey_images_stay_grey(picture: NDArray[Any], colour: Colour) -> None:
    pixels = decode(encode(picture), SIZE, colour)
    assert np.abs(pixels.astype(int) - GREY[..., None]).max() <= 1


def test_what_is_transparent_becomes_white() -> None:
    assert (decode(encode(with_alpha(ORANGE, 0)), SIZE, "rgb") == 255).all()
    half = decode(encode(with_alpha(ORANGE, 128)), SIZE, "rgb")
    assert np.abs(half.astype(float) - (ORANGE[..., ::-1] / 2 + 127.5)).max() <= 2


@pytest.mark.parametrize(
    ("suffix", "kind", "flags", "expected"),
    [
        (".png", np.zeros((40, 60), np.uint8), [], 2 * 40 * 60),
        (".png", np.zeros((40, 60, 3), np.uint8), [], 2 * 3 * 40 * 60),
        (".png", np.zeros((40, 60, 4), np.uint16), [], 2 * 8 * 40 * 60),
        (".webp", np.zeros((40, 60, 3), np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 80], 2 * 3 * 40 * 60),
        (".jpg", np.zeros((40, 60, 3), np.uint8), [], 2 * 3 * 20 * 30),
        (".jpg", np.zeros((40, 60, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], 2 * 3 * 20 * 30 + 6 * 40 * 60),
    ],
)
def test_the_memory_for_decoding_is_known_from_the_header(
    suffix: str, kind: NDArray[Any], flags: list[int], expected: int
) -> None:
    data = cv2.imencode(suffix, kind, flags)[1].tobytes()
    assert decoded_bytes(data, (10, 8)) == expected
    for length in (9, 14, 25):
        with pytest.raises(BadImage):
            decoded_bytes(data[:length], (10, 8))


def test_a_large_photo_is_reduced_while_it_is_decoded_and_stays_the_same() -> None:
    assert [reduction((640, 480), (side, 10)) for side in (10, 30, 31, 60, 61, 120, 121)] == [8, 8, 4, 4, 2, 2, 1]
    rows, columns = np.mgrid[0:480, 0:640]
    photo = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=2).astype(np.uint8)
    photo = cv2.GaussianBlur(photo, (0, 0), 4).astype(np.uint8)
    data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    reduced = decode(data, (16, 12), "rgb").astype(int)
    whole = cv2.cvtColor(cv2.resize(photo, (16, 12), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB).astype(int)
    assert np.abs(reduced - whole).mean() < 2


def test_many_rows_are_flattened_as_few_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 65_536, (200, 7, 4)).astype(np.uint16)
    assert np.array_equal(flatten(pixels), flatten_rows(pixels))
    assert np.array_equal(flatten(pixels[..., 0]), flatten_rows(pixels[..., 0]))


def test_a_photo_is_turned_upright() -> None:
    turned = decode(upside_down(FORMS["jpeg"]), SIZE, "rgb")
    assert np.abs(turned.astype(int) - ORANGE[::-1, ::-1, ::-1])[:, [0, 4, 20, 23]].max() <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_any_image_is_turned_as_its_exif_data_say(suffix: str, orientation: int) -> None:
    tag = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"MM\0*" + struct.pack(">IH", 8, 1) + tag + bytes(4)
    blocks = [np.frombuffer(exif, np.uint8)]
    done, data = cv2.imencodeWithMetadata(suffix, laid(ORANGE, orientation), [cv2.IMAGE_METADATA_EXIF], blocks)
    assert done
    pixels = decode(data.tobytes(), SIZE, "rgb")
    assert np.abs(pixels.astype(int) - ORANGE[..., ::-1])[:, [0, 4, 20, 23]].max() <= 8
    assert decode(data.tobytes(), (6, 4), "grey").shape == (4, 6, 1)


def laid(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return what has to be turned to be upright, as Exif numbers it."""
    turned = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, 1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(pixels, -1),
    }
    return np.ascontiguousarray(turned[orientation])


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"MM\0*\0\0\0\x08\0\x05", b"II*\0\xff\xff\xff\xff", bytes(30)])
def test_exif_data_that_say_nothing_leave_an_image_as_it_is(exif: bytes) -> None:
    assert read_orientation(exif) == 1


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_fewer_bits_than_there_is_room_for_are_as_bright(bits: int) -> None:
    deep = ORANGE.astype(np.uint32) * (2**bits - 1) // 255
    pixels = decode(encode(deep.astype(np.uint16)), SIZE, "rgb", bits)
    assert np.abs(pixels.astype(int) - ORANGE[..., ::-1]).max() <= 1


@pytest.mark.parametrize("size", [(12, 8), (48, 32), (5, 40)])
def test_images_are_stretched_to_the_size(size: tuple[int, int]) -> None:
    pixels = decode(FORMS["png"], size, "rgb")
    assert pixels.shape == (size[1], size[0], 3)
    assert (pixels[:, 0] == ORANGE[0, 0, ::-1]).all()


def test_a_photo_whose_middle_is_missing_looks_cut() -> None:
    rows, columns = np.mgrid[0:160, 0:200]
    photo = np.stack([rows, columns, (rows * columns) % 256], axis=2).astype(np.uint8)
    data = encode(photo, ".jpg")
    assert not looks_cut(data)
    assert looks_cut(data[: len(data) // 2] + data[-len(data) // 4 :])
    assert not looks_cut(FORMS["png"])
    assert not looks_cut(encode(np.full((32, 32, 3), 128, np.uint8), ".jpg"))


@pytest.mark.parametrize("form", DAMAGED)
def test_a_damaged_image_is_refused(form: str) -> None:
    with pytest.raises(BadImage, match=r"is damaged|is cut off"):
        decode(DAMAGED[form], SIZE, "rgb")


@pytest.mark.parametrize("content", [b"a text", b"GIF89a" + bytes(50), b"\x89PNG", bytes(64), b"RIFF1234WAVE"])
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(UnknownFormat, match="is no PNG, JPEG or WebP image"):
        decode(content, SIZE, "rgb")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadImage, match="is empty"):
        decode(b"", SIZE, "rgb")


def test_a_decompression_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoder(*_: object) -> None:
        raise AssertionError("was decoded")

    monkeypatch.setattr(cv2, "imdecode", decoder)
    with pytest.raises(TooManyPixels, match="60000 x 60000 pixels"):
        decode(bomb(60_000, 60_000), SIZE, "rgb")
    with pytest.raises(TooManyPixels, match="24 x 16 pixels; at most 300"):
        decode(FORMS["webp"], SIZE, "rgb", max_pixels=300)
