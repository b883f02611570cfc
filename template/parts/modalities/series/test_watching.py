"""Values of series that are beyond those that training has seen are found, and others are not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from acme_ml.config import Config
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.encoder import Window
from acme_ml.service.samples import make_sampler
from acme_ml.service.settings import ServiceSettings, SettingsError
from acme_ml.service.watching import Watch
from acme_ml.training.train import Run


def test_values_beyond_those_seen_are_found(trained: tuple[Config, Run]) -> None:
    schema = load_bundle(trained[1].bundle).schema
    low, high = schema.ranges[schema.target]
    ends = [schema.ranges[name] for name in schema.known]

    def window(history: list[float], known: list[list[float]]) -> Window:
        return Window(series=None, origin=datetime(2001, 1, 1, tzinfo=UTC), history=history, known=known)

    watch = Watch(schema, None)
    lowest, highest = ([end[place] for end in ends] for place in (0, 1))
    usual = {(name, "usual"): 2 for name in [schema.target, *schema.known]}
    assert dict(watch.find([watch.note([window([low, high], [lowest, highest])], {})])) == usual
    rows = [window([low - 1, high, high + 1], [[value + 1 for value in highest]]), window([high + 2], [])]
    found = dict(watch.find([watch.note(rows, {})]))
    known = {(name, "above"): 1 for name in schema.known}
    of_target = {(schema.target, what): count for what, count in (("usual", 1), ("below", 1), ("above", 2))}
    assert found == of_target | known
    assert found.keys() <= set(watch.findings)


def test_series_are_not_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_sampler(ServiceSettings()) is None
    monkeypatch.setenv("SERVICE_SAMPLE_INPUTS", f"{tmp_path},0.5")
    with pytest.raises(SettingsError, match="give that to the drift command"):
        make_sampler(ServiceSettings())
    assert list(tmp_path.iterdir()) == []
