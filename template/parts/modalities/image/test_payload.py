"""A request is images; anything else is refused with the file's name."""

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from acme_ml.config import Config
from acme_ml.data.images import PNG, Pixels
from acme_ml.inference.bundle import Bundle, load_bundle
from acme_ml.service import payload as uploads
from acme_ml.service.bodies import Share
from acme_ml.service.payload import FORM, MEDIA_TYPES, PAYLOAD_PROBLEMS, Payload
from acme_ml.service.problems import FieldError, RequestProblem
from acme_ml.training.train import Run

MAX_IMAGES = 20
PICTURE = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)
FILES = {suffix: cv2.imencode(suffix, PICTURE)[1].tobytes() for suffix in (".png", ".jpg", ".webp")}
TYPE = f"{FORM}; boundary=--edge--"


@pytest.fixture(scope="session")
def bundle(trained: tuple[Config, Run]) -> Bundle:
    """The trained model, as a service loads it."""
    return load_bundle(trained[1].bundle)


def form(*files: tuple[str, bytes], field: str = "images") -> bytes:
    """Return a form with these files."""
    parts = [
        f'----edge--\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join([*parts, b"----edge----\r\n"])


def parse(bundle: Bundle, body: bytes, content_type: str = TYPE) -> list[Pixels]:
    return Payload(bundle.schema, max_rows=MAX_IMAGES).parse(body, content_type)


def refused(bundle: Bundle, body: bytes, content_type: str = TYPE) -> RequestProblem:
    with pytest.raises(RequestProblem) as problem:
        parse(bundle, body, content_type)
    assert problem.value.status in PAYLOAD_PROBLEMS
    return problem.value


def bomb(side: int = 60_000, depth: int = 8, colour: int = 0) -> bytes:
    """Return a small PNG file that claims to be a large square image."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    return PNG + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + bytes(200) + b"IEND"


def test_files_are_answered_in_order(bundle: Bundle) -> None:
    files = [(f"{number}.png", cv2.imencode(".png", np.roll(PICTURE, number))[1].tobytes()) for number in range(20)]
    together = bundle.predictor.scores(bundle.encoder.encode(parse(bundle, form(*files))))
    alone = [bundle.predictor.scores(bundle.encoder.encode(parse(bundle, form(file))))[0] for file in files]
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(("suffix", "media_type"), [*zip(FILES, MEDIA_TYPES, strict=True)])
def test_a_file_is_the_same_alone_and_in_a_form(bundle: Bundle, suffix: str, media_type: str) -> None:
    (alone,) = parse(bundle, FILES[suffix], media_type)
    (in_form,) = parse(bundle, form((f"a{suffix}", FILES[suffix])))
    assert (alone == in_form).all()
    width, height = bundle.schema.size
    assert alone.shape[:2] == (height, width)
    assert alone.dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 422, "is empty"),
        (b"a text", 415, "is no PNG, JPEG or WebP image"),
        (FILES[".png"][:-20], 422, "is cut off"),
        (FILES[".png"][:60] + bytes(20) + FILES[".png"][80:], 422, "is damaged"),
        (bomb(), 413, "60000 x 60000 pixels"),
    ],
    ids=["empty", "text", "cut", "damaged", "bomb"],
)
def test_a_bad_file_is_named(bundle: Bundle, content: bytes, status: int, reason: str) -> None:
    answer = refused(bundle, form(("good.png", FILES[".png"]), ("bäd.png", content)))
    assert answer.status == status
    assert answer.body.error.startswith("bäd.png ")
    assert reason in answer.body.error
    (problem,) = answer.body.problems
    assert (problem.row, problem.field) == (2, "bäd.png")
    assert refused(bundle, content, "image/png").status == status


def test_a_bad_file_is_left_out_when_asked_for(bundle: Bundle) -> None:
    payload, good = Payload(bundle.schema, max_rows=MAX_IMAGES), FILES[".png"]
    refused_files: list[FieldError] = []
    sent = form(("a.png", b"a text"), ("b.png", good), ("c.png", good[:60] + bytes(20) + good[80:]), ("d.png", good))
    assert len(payload.parse(sent, TYPE, refused_files)) == 2
    assert [(each.row, each.field) for each in refused_files] == [(1, "a.png"), (3, "c.png")]
    with pytest.raises(RequestProblem, match=r"No file can be read; row 1, a\.png: is no PNG"):
        payload.parse(form(("a.png", b"a text")), TYPE, [])
    with pytest.raises(RequestProblem, match="60000 x 60000 pixels"):
        payload.parse(form(("a.png", bomb()), ("b.png", good)), TYPE, [])


def test_pixels_are_limited_for_all_images_together(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_MAX_PIXELS", str(5 * PICTURE.size))
    file = ("a.png", FILES[".png"])
    assert len(parse(bundle, form(*[file] * 5))) == 5
    monkeypatch.setattr(cv2, "imdecode", None)
    assert refused(bundle, form(*[file] * 6)).status == 413


def test_memory_is_limited_for_all_requests_together(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", None)
    answer = refused(bundle, form(("deep.png", bomb(7_000, 16, 6))))
    assert answer.status == 413
    assert "deep.png needs 784000000 bytes of memory to be decoded; at most 256000000 are taken" in answer.body.error
    monkeypatch.setenv("SERVICE_MAX_DECODED_BYTES", str(3 * PICTURE.size))
    with Share(uploads.shared_memory(3 * PICTURE.size)) as others:
        others.take(2 * PICTURE.size)
        with pytest.raises(RequestProblem, match="memory for requests is taken") as problem:
            parse(bundle, FILES[".png"], "image/png")
    assert (problem.value.status, problem.value.headers) == (503, {"retry-after": "1"})
    monkeypatch.undo()
    monkeypatch.setenv("SERVICE_MAX_DECODED_BYTES", str(3 * PICTURE.size))
    assert len(parse(bundle, FILES[".png"], "image/png")) == 1


def test_the_number_of_images_is_limited(bundle: Bundle) -> None:
    answer = refused(bundle, form(*[("a.png", FILES[".png"])] * (MAX_IMAGES + 1)))
    assert answer.status == 422
    assert f"at most {MAX_IMAGES} images" in answer.body.error
    assert "at least one file" in refused(bundle, form()).body.error


@pytest.mark.parametrize("content_type", ["", "application/json", "image/gif", "text/html; charset=x", "nonsense;;="])
def test_another_content_type_is_refused(bundle: Bundle, content_type: str) -> None:
    answer = refused(bundle, b"[]", content_type)
    assert answer.status == 415
    assert FORM in answer.body.error


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TYPE),
        (b"no form", TYPE),
        (form(("a.png", FILES[".png"]))[:-10], TYPE),
        (form(("a.png", FILES[".png"])), FORM),
        (form(("a.png", FILES[".png"])), f"{FORM}; boundary=other"),
        (b"----edge--\r\nContent-Disposition: form-data\r\n\r\nx\r\n----edge----\r\n", TYPE),
        (b"----edge--\r\n\r\nx\r\n----edge----\r\n", TYPE),
    ],
    ids=["empty", "text", "cut", "no boundary", "other boundary", "no name", "no headers"],
)
def test_a_broken_form_is_refused(bundle: Bundle, body: bytes, content_type: str) -> None:
    assert refused(bundle, body, content_type).status == 400


def test_another_field_is_named(bundle: Bundle) -> None:
    assert "'photo'" in refused(bundle, form(("a.png", FILES[".png"]), field="photo")).body.error
    text = b'----edge--\r\nContent-Disposition: form-data; name="images"\r\n\r\nx\r\n----edge----\r\n'
    assert refused(bundle, text).status == 422


def test_the_documentation_says_what_may_be_sent_and_the_example_works(bundle: Bundle) -> None:
    payload = Payload(bundle.schema, max_rows=MAX_IMAGES)
    document: dict[str, Any] = payload.document()
    assert set(document) == {FORM, *MEDIA_TYPES}
    assert document[FORM]["schema"]["properties"]["images"]["maxItems"] == MAX_IMAGES
    body, content_type = payload.example()
    assert len(payload.parse(body, content_type)) == 1
