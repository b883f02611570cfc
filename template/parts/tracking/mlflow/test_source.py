"""The service takes its model from MLflow by plain downloads, and none that is not the registered one."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from acme_ml.config import Config
from acme_ml.errors import BundleError
from acme_ml.inference.bundle import digest_of
from acme_ml.service.api import Api
from acme_ml.service.settings import ServiceSettings, SettingsError
from acme_ml.service.source import MODEL, MOST_KEPT, RegistrySettings, Source
from acme_ml.training.train import Run

Trained = tuple[Config, Run]
ALIAS = "/api/2.0/mlflow/registered-models/alias"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Registry:
    """What answers as MLflow does: versions by their aliases, each the folder of a saved model."""

    address: str = ""
    versions: dict[str, Path] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    scheme: str = "mlflow-artifacts"
    more_files: tuple[str, ...] = ()
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return status and body."""
        if path == ALIAS:
            alias = query["alias"][0]
            if query["name"] != [MODEL] or alias not in self.versions:
                return 404, json.dumps({"message": f"no alias {alias}"}).encode()
            folder = self.versions[alias]
            digest = self.digests.get(alias) or digest_of(folder)
            tags = [{"key": "run", "value": folder.name}, {"key": "sha256", "value": digest}]
            source = f"{self.scheme}:/1/{alias}/artifacts/bundle"
            return 200, json.dumps({"model_version": {"version": "1", "source": source, "tags": tags}}).encode()
        if path == ARTIFACTS:
            alias = query["path"][0].split("/")[1]
            names = [*(each.name for each in self.versions[alias].iterdir()), *self.more_files]
            return 200, json.dumps({"files": [{"path": name, "is_dir": False} for name in names]}).encode()
        *_, alias, _, _, name = path.split("/")
        return 200, (self.versions[alias] / name).read_bytes()


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that listens."""
    found = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found.asked.append((parts.path, self.headers.get("Authorization")))
            status, body = found.answer(unquote(parts.path), parse_qs(parts.query))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: Any) -> None:
            """Print nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{listening.server_address[1]}"
    Thread(target=listening.serve_forever, daemon=True).start()
    yield found
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def source(registry: Registry, tmp_path: Path) -> Source:
    """What the service finds its model with."""
    settings = ServiceSettings(models_dir=tmp_path / "none", open=True)
    return Source(settings, RegistrySettings(models_uri=f"{registry.address}/", cache_dir=tmp_path / "cache"))


def test_the_model_that_the_alias_names_answers(
    trained: Trained, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_MODELS_URI", registry.address)
    monkeypatch.setenv("SERVICE_CACHE_DIR", str(tmp_path / "cache"))
    api = Api(ServiceSettings(models_dir=tmp_path / "none", open=True))
    assert api.served is None
    registry.versions["champion"] = trained[1].bundle
    api.reload()
    assert api.ready().model == trained[1].name
    del registry.versions["champion"]
    api.reload()
    # The last one answers on.
    assert api.ready().model == trained[1].name


def test_without_an_address_it_is_a_folder(trained: Trained, tmp_path: Path) -> None:
    settings = ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, open=True)
    assert Source(settings, RegistrySettings(cache_dir=tmp_path)).find() == trained[1].bundle


def test_a_model_is_downloaded_once(trained: Trained, registry: Registry, source: Source) -> None:
    registry.versions["champion"] = trained[1].bundle
    folder = source.find()
    assert {path.name for path in folder.iterdir()} == {path.name for path in trained[1].bundle.iterdir()}
    before = len(registry.asked)
    assert source.find() == folder
    assert [path for path, _ in registry.asked[before:]] == [ALIAS]


def test_old_downloads_are_removed(trained: Trained, registry: Registry, source: Source, tmp_path: Path) -> None:
    registry.versions["champion"] = trained[1].bundle
    for number in range(MOST_KEPT + 1):
        (tmp_path / "cache" / str(number)).mkdir(parents=True)
    folder = source.find()
    assert folder.exists()
    assert len(list((tmp_path / "cache").iterdir())) == MOST_KEPT


def test_another_model_than_the_registered_one_is_refused(trained: Trained, registry: Registry, source: Source) -> None:
    registry.versions["champion"] = trained[1].bundle
    registry.digests["champion"] = "0" * 64
    with pytest.raises(BundleError, match="another model than was registered"):
        source.find()
    registry.digests["champion"] = "none"
    with pytest.raises(BundleError, match="was not registered by this project's training"):
        source.find()


@pytest.mark.parametrize("name", ["../outside", "a/../../b", "..", ".hidden", "sub dir"])
def test_names_that_are_none_of_a_saved_model_are_refused(
    trained: Trained, registry: Registry, source: Source, tmp_path: Path, name: str
) -> None:
    registry.versions["champion"] = trained[1].bundle
    registry.more_files = (name,)
    with pytest.raises(BundleError):
        source.find()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_that_mlflow_does_not_hand_out_are_told(trained: Trained, registry: Registry, source: Source) -> None:
    registry.versions["champion"] = trained[1].bundle
    registry.scheme = "s3"
    with pytest.raises(BundleError, match=r"keeps the model at s3:.*bring it with the promote command"):
        source.find()


def test_why_there_is_no_model_is_told(registry: Registry, source: Source, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="answers 404: no alias champion"):
        source.find()
    nobody = RegistrySettings(models_uri="http://127.0.0.1:9", cache_dir=tmp_path)
    with pytest.raises(BundleError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        Source(ServiceSettings(open=True), nobody).find()


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_MODELS_URI", "file:///etc")
    with pytest.raises(SettingsError, match="SERVICE_MODELS_URI"):
        Source(ServiceSettings(open=True))


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "Bearer secret"),
        (
            {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "secret"},
            f"Basic {base64.b64encode(b'me:secret').decode()}",
        ),
    ],
)
def test_it_says_who_asks(
    registry: Registry, source: Source, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], header: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BundleError):
        source.find()
    assert registry.asked == [(ALIAS, header)]
