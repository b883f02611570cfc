"""The pipeline waits for the service, and takes the promotion back when it does not follow."""

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from acme_ml.config import Config, load_config
from acme_ml.errors import ProjectError
from acme_ml.inference.versions import find_answering, promote
from acme_ml.pipeline import reload as module
from acme_ml.pipeline.reload import KEY, SECONDS, URL, reload
from acme_ml.pipeline.steps import Promoted
from acme_ml.training.train import Run

OLD, NEW = "old", "new"


class Answers(BaseHTTPRequestHandler):
    """Says at first that the old model answers, then what it is told."""

    later: bytes = b""
    keys: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        """Answer /model."""
        first = not self.keys
        self.keys.append(self.headers["X-API-Key"])
        body = json.dumps({"name": OLD}).encode() if first else self.later
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    """What answers in the service's place, at the address that the environment says."""
    Answers.keys = []
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(URL, f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv(KEY, "a key of the service")
        monkeypatch.setattr(module, "PAUSE", 0.01)
        yield Answers
        server.shutdown()
        thread.join()


@pytest.fixture
def config(trained: tuple[Config, Run], workspace: Path) -> Config:
    """Two saved models, of which the new one was promoted last."""
    config = load_config(workspace / "params.yaml")
    for name in (OLD, NEW):
        shutil.copytree(trained[1].bundle, config.models_dir / name)
        promote(config.models_dir, name)
    return config


def test_it_waits_until_the_service_answers_with_the_promoted_model(config: Config, service: type[Answers]) -> None:
    service.later = json.dumps({"name": NEW}).encode()
    found = reload(config, Promoted(answering=NEW, before=OLD, promoted=True))
    assert found.answering == NEW
    assert service.keys == ["a key of the service"] * 2
    assert found.describe().startswith("the service answers with new, after 0.")


@pytest.mark.parametrize("answer", [b'{"name": "old"}', b"no JSON", b"[]"])
def test_if_it_does_not_the_model_before_answers_again(
    config: Config, service: type[Answers], answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.later = answer
    monkeypatch.setenv(SECONDS, "0.1")
    with pytest.raises(ProjectError, match=r"does not answer with new after 0\.1 s, but .*; old answers again"):
        reload(config, Promoted(answering=NEW, before=OLD, promoted=True))
    assert find_answering(config.models_dir).name == OLD


def test_what_this_run_has_not_promoted_stays(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens there.
    monkeypatch.setenv(URL, "http://127.0.0.1:1")
    monkeypatch.setenv(SECONDS, "0")
    with pytest.raises(ProjectError, match="none is rolled back"):
        reload(config, Promoted(answering=NEW, before=NEW, promoted=False))
    with pytest.raises(ProjectError, match="there is none to go back to"):
        reload(config, Promoted(answering=NEW, before=None, promoted=True))
    assert find_answering(config.models_dir).name == NEW
    monkeypatch.setenv(SECONDS, "soon")
    with pytest.raises(ProjectError, match="'soon', and must be a number of seconds"):
        reload(config, Promoted(answering=NEW, before=OLD, promoted=True))


def test_nobody_is_asked_where_nobody_said_where(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)
    assert "does not say where it is" in reload(config, Promoted(answering=NEW, before=OLD, promoted=True)).describe()
