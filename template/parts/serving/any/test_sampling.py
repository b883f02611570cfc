"""Requests are kept where that is asked for, as what the drift command reads; and nothing is kept otherwise."""

import shutil
from pathlib import Path

import pytest

from acme_ml.config import Config
from acme_ml.evaluation.drift import find_drift
from acme_ml.service import sampling
from acme_ml.service.api import Api
from acme_ml.service.samples import write_sample
from acme_ml.service.sampling import BEFORE, CURRENT, Sampler, size_of
from acme_ml.service.settings import (
    Sampling,
    ServiceSettings,
    SettingsError,
    read_settings,
)
from acme_ml.training.train import Run

Trained = tuple[Config, Run]


def serve(trained: Trained, folder: Path, share: float = 1) -> Api:
    """Return what answers with the trained model and keeps a share of the requests."""
    config, run = trained
    sample = Sampling(folder, share)
    return Api(ServiceSettings(models_dir=config.models_dir, run=run.name, open=True, sample_inputs=sample))


def ask(api: Api, times: int = 1) -> None:
    """Send the model's own example."""
    assert api.served is not None
    for _ in range(times):
        assert api.answer(*api.served.payload.example()).rows == 1


def test_what_is_kept_is_read_by_the_drift_command(trained: Trained, tmp_path: Path) -> None:
    api = serve(trained, tmp_path / "made" / "sampled")
    ask(api, 40)
    kept = kept_in(tmp_path / "made" / "sampled", CURRENT)
    if kept.is_dir():
        # Equal images are one file.
        image = next(kept.iterdir())
        for number in range(39):
            shutil.copy(image, kept / f"{number}{image.suffix}")
    found = find_drift(trained[0], trained[1].bundle, kept)
    assert (found.examples, found.refused) == (40, {})


def test_nothing_is_kept_unless_asked_for(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    api = Api(ServiceSettings(models_dir=trained[0].models_dir, run=trained[1].name, open=True))
    ask(api)
    assert list(tmp_path.iterdir()) == []


def test_the_share_that_is_drawn_is_kept(trained: Trained, tmp_path: Path) -> None:
    draws = iter([0.3, 0.2, 0.9, 0.1])
    sampler = Sampler(Sampling(tmp_path, 0.25), write_sample, ".csv", lambda: next(draws))
    api = serve(trained, tmp_path / "all")
    assert api.served is not None
    body, media_type = api.served.payload.example()
    sizes = []
    for _ in range(4):
        sampler.take(api.served.bundle.schema, api.served.payload.parse(body, media_type), body, media_type)
        current = tmp_path / f"{CURRENT}.csv"
        sizes.append(sum(1 for _ in current.iterdir()) if current.is_dir() else lines_of(current))
    assert sizes in ([0, 2, 2, 3], [0, 1, 1, 1])


def kept_in(folder: Path, name: str) -> Path:
    """Return the file or the folder of that name."""
    return next(path for path in folder.iterdir() if path.name.removesuffix(".csv") == name)


def lines_of(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def test_what_is_kept_is_bounded(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_BYTES", 1)
    api = serve(trained, tmp_path)
    for _ in range(3):
        ask(api)
        names = [path.name.removesuffix(".csv") for path in tmp_path.iterdir() if not path.name.startswith(".")]
        assert names == [BEFORE]
    once = size_of(kept_in(tmp_path, BEFORE))
    ask(api)
    assert size_of(kept_in(tmp_path, BEFORE)) == once > 0


def test_what_cannot_be_kept_costs_no_request(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    api = serve(trained, tmp_path)
    assert "are kept in" in caplog.text
    monkeypatch.setattr(sampling, "MOST_BYTES", 1)
    monkeypatch.setattr(sampling, "size_of", fail)
    caplog.clear()
    ask(api, 3)
    assert [record.getMessage() for record in caplog.records] == ["not sampled"]
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"SERVICE_SAMPLE_INPUTS: .*file.* cannot be written"):
        serve(trained, tmp_path / "file" / "below")


@pytest.mark.parametrize("given", ["data/sampled", "data/sampled,0", "data/sampled,1.5", ",0.1", "data,many"])
def test_what_says_no_folder_and_share_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_SAMPLE_INPUTS", given)
    with pytest.raises(SettingsError, match=r"SERVICE_SAMPLE_INPUTS must be a folder and a share .*/sampled,0\.01"):
        read_settings(ServiceSettings)
    monkeypatch.setenv("SERVICE_SAMPLE_INPUTS", "a,b/c, 0.5")
    assert read_settings(ServiceSettings).sample_inputs == (Path("a,b/c"), 0.5)
