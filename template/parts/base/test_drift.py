"""Drift is found where data has moved, and not where chance explains it, however many examples there are."""

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from typer.testing import CliRunner

from acme_ml.cli import DRIFTED, app
from acme_ml.config import Config, DriftSettings
from acme_ml.errors import BundleError, DataError
from acme_ml.evaluation import drift, drift_page, tallies
from acme_ml.evaluation.drift import Drift, Sample, ask, find_drift
from acme_ml.evaluation.drift_metrics import MOST_COLUMNS, write_metrics
from acme_ml.evaluation.drift_page import write_drift
from acme_ml.evaluation.metrics import answer
from acme_ml.evaluation.recent import read_recent
from acme_ml.evaluation.shifts import (
    Shift,
    association,
    correct_for_many,
    find_shifts,
    kolmogorov_p,
    stability_index,
)
from acme_ml.evaluation.tallies import NumberTally, Tally, WordTally, tally
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.reference import (
    MOST_POINTS,
    REFERENCE_FILE,
    Reference,
    describe_column,
)
from acme_ml.inference.storage import load_model
from acme_ml.training.train import Run

SETTINGS = DriftSettings()


@pytest.fixture
def random() -> np.random.Generator:
    """The same random numbers each time."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def unmoved(trained: tuple[Config, Run]) -> Drift:
    """What is found of the data that the model was made from."""
    config, run = trained
    return find_drift(config, run.bundle, config.data_path)


def count(before: NDArray[Any], now: NDArray[Any]) -> Tally:
    """Return recent values, counted beside those before."""
    counted = tally(describe_column(before))
    for part in np.array_split(now, 3):
        counted.add(part)
    return counted


def shift_of(before: NDArray[Any], now: NDArray[Any]) -> Shift:
    """Return what is found of a single column."""
    return find_shifts({"column": count(before, now)}, SETTINGS)[0]


def test_the_data_that_a_model_was_made_from_has_not_drifted(
    unmoved: Drift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = unmoved
    assert [shift.column for shift in found.columns if shift.reasons] == []
    assert found.columns
    assert found.refused == {}
    assert found.examples >= found.examples_before
    assert found.metric is not None
    assert len(found.metric.periods) > 1
    monkeypatch.setattr(drift_page, "LEAST_DRAWN", 2)
    page = write_drift(found, tmp_path / "drift")
    assert "Findings" in page.read_text(encoding="utf-8")
    told = json.loads((tmp_path / "drift" / "drift.json").read_text(encoding="utf-8"))
    assert [shift["column"] for shift in told["columns"]] == [shift.column for shift in found.columns]


def test_what_is_found_is_told_as_metrics(unmoved: Drift, tmp_path: Path) -> None:
    strange = unmoved.columns[0].model_copy(update={"column": 'a "b"\\\n', "index": 9.0, "reasons": ("it has moved",)})
    many = [unmoved.columns[0]] * 200
    found = unmoved.model_copy(update={"columns": (strange, *many), "reasons": ("it has moved",)})
    lines = write_metrics(found, tmp_path).read_text(encoding="utf-8").splitlines()
    assert [path.name for path in tmp_path.iterdir()] == ["drift.prom"]
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert (values["drift_found"], values["drift_columns_drifted"]) == ("1.0", "1.0")
    assert float(values["drift_examples"]) == found.examples
    assert values['drift_stability_index{column="a \\"b\\"\\\\\\n"}'] == "9.0"
    assert sum(line.startswith("drift_stability_index") for line in lines) == MOST_COLUMNS
    assert sum(line.startswith("drift_metric{") for line in lines) == 2


def test_the_exit_code_tells_drift_from_none(
    trained: tuple[Config, Run], unmoved: Drift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = trained
    asked = [str(config.data_path), "--params", str(config.root / "params.yaml"), "--output", str(tmp_path / "drift")]
    plain = unmoved.model_copy(update={"reasons": ()})
    moved = plain.model_copy(update={"reasons": ("column 'a': it has moved",)})
    monkeypatch.setattr(drift_page, "LEAST_DRAWN", 1)
    for found, code in ((plain, 0), (moved, 3)):
        monkeypatch.setattr(drift, "find_drift", Mock(return_value=found))
        result = CliRunner().invoke(app, ["drift", *asked])
        assert result.exit_code == code, result.output
        assert ("- column 'a': it has moved" in result.output) is (code == DRIFTED)


def test_a_model_that_does_not_say_what_the_data_was_like_is_refused(
    trained: tuple[Config, Run], tmp_path: Path
) -> None:
    config, run = trained
    folder = shutil.copytree(run.bundle, tmp_path / "old")
    (folder / REFERENCE_FILE).unlink()
    with pytest.raises(BundleError, match=r"old does not say what the data was like .*; train again"):
        find_drift(config, folder, config.data_path)


def test_few_examples_are_refused(trained: tuple[Config, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    config, run = trained
    monkeypatch.setattr(drift, "read_recent", lambda *_: iter(()))
    with pytest.raises(DataError, match=r"holds 0 examples; .*, it takes 20"):
        find_drift(config, run.bundle, config.data_path)


# Columns.


def test_what_is_kept_of_many_numbers_is_small_and_true(random: np.random.Generator) -> None:
    numbers = np.append(random.normal(size=50_000), [np.nan] * 10)
    kept = describe_column(numbers)
    assert (kept.count, kept.missing) == (50_000, 10)
    counted = NumberTally(kept)  # type: ignore[arg-type]
    assert len(counted.before.values) <= MOST_POINTS
    assert counted.before.values[-1] == numbers[:-10].max()
    counted.add(numbers)
    assert counted.distance() == 0
    assert counted.unseen == 0


@pytest.mark.parametrize("size", [200, 20_000])
def test_distance_and_chance_are_those_of_scipy(random: np.random.Generator, size: int) -> None:
    before, now = random.normal(size=3_000), random.normal(0.1, size=size)
    counted = count(before, now)
    assert isinstance(counted, NumberTally)
    exact = stats.ks_2samp(before, now)
    assert counted.distance() == pytest.approx(exact.statistic, abs=2 / MOST_POINTS)
    assert kolmogorov_p(exact.statistic, len(before), len(now)) == pytest.approx(exact.pvalue, abs=0.01)


def test_the_association_of_words_is_that_of_scipy() -> None:
    before, now = np.array([300.0, 150, 50, 40]), np.array([100.0, 90, 30, 5])
    strength, p = association(before, now)
    exact = stats.chi2_contingency(np.stack([before, now]), correction=False)
    assert p == pytest.approx(exact.pvalue)
    assert strength == pytest.approx(stats.contingency.association(np.stack([before, now]).astype(int)), rel=1e-6)
    # Parts that are too rare for the test are one.
    assert association(np.append(before, [1, 1, 1, 2]), np.append(now, [0, 1, 0, 0]))[1] == pytest.approx(p, abs=0.05)


def test_the_rate_of_false_discoveries_is_that_of_scipy(random: np.random.Generator) -> None:
    p = random.uniform(size=40) ** 2
    assert correct_for_many(p.tolist()) == pytest.approx(stats.false_discovery_control(p).tolist())
    assert correct_for_many([]) == []


def test_the_stability_index_of_two_halves_is_known() -> None:
    assert stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    assert stability_index(np.array([0.5, 0.5]), np.array([0.25, 0.75])) == pytest.approx(0.25 * np.log(3))


def test_chance_alone_is_no_drift(random: np.random.Generator) -> None:
    found = []
    for _ in range(20):
        columns = {f"n{place}": count(random.normal(size=500), random.normal(size=150)) for place in range(15)}
        words = {
            f"w{place}": count(*(random.choice(list("abcde"), size=size).astype(object) for size in (500, 150)))
            for place in range(5)
        }
        found += [shift for shift in find_shifts({**columns, **words}, SETTINGS) if shift.reasons]
    # Of 400 columns, as many as chance explains.
    assert len(found) <= 4


def test_what_many_examples_make_certain_is_not_therefore_large(random: np.random.Generator) -> None:
    shift = shift_of(random.normal(size=100_000), random.normal(0.03, size=300_000))
    assert shift.q < SETTINGS.chance
    assert shift.reasons == ()


def test_numbers_that_moved_are_found(random: np.random.Generator) -> None:
    shift = shift_of(random.normal(size=500), random.normal(1, size=100))
    assert shift.reasons[0].startswith("its values have moved: stability index")
    assert sum(shift.now) == pytest.approx(1)
    assert len(shift.parts) == len(shift.before) == len(shift.now) == tallies.PARTS


def test_what_lies_beyond_few_values_is_a_part_of_its_own() -> None:
    before = np.array([1.0, 2, 3] * 50)
    assert shift_of(before, before[:60]).parts == ("1", "2", "3")
    beyond = shift_of(before, np.array([3.0, 4, 5] * 20))
    assert beyond.parts == ("up to 1", "up to 2", "up to 3", "above 3")
    assert beyond.now == pytest.approx((0, 0, 1 / 3, 2 / 3))
    assert "66.7% lie outside of the range seen in training" in beyond.reasons


def test_missing_values_are_found(random: np.random.Generator) -> None:
    numbers = random.normal(size=300)
    holes = np.where(random.uniform(size=300) < 0.3, np.nan, numbers)
    (reason,) = shift_of(numbers, holes).reasons
    assert "are missing or cannot be read, and 0.0% were" in reason
    gone = shift_of(numbers, np.full(50, np.nan))
    assert gone.reasons == ("100.0% are missing or cannot be read, and 0.0% were",)
    assert gone.now == (0.0,) * tallies.PARTS


def test_a_column_that_was_always_missing_says_when_it_is_not(random: np.random.Generator) -> None:
    found = shift_of(np.full(100, np.nan), random.normal(size=100))
    assert found.reasons == ("0.0% are missing or cannot be read, and 100.0% were",)


def test_words_that_are_new_are_found_and_bounded() -> None:
    before = np.array(["a", "b"] * 100, dtype=object)
    now = np.array(["a", "b", *(f"new {number}" for number in range(100_000))], dtype=object)
    counted = count(before, now)
    assert isinstance(counted, WordTally)
    assert len(counted.new) == tallies.MOST_UNSEEN
    (shift,) = find_shifts({"word": counted}, SETTINGS)
    assert shift.unseen == pytest.approx(1, abs=1e-4)
    assert len(shift.parts) == 3
    assert any("new to the model" in reason for reason in shift.reasons)


def test_rare_words_of_many_are_not_taken_for_new() -> None:
    before = np.array([f"word {number}" for number in range(1_000)], dtype=object)
    shift = shift_of(before, np.append(before[:500], ["never seen"] * 3))
    assert (shift.unseen, shift.examples_unseen) == (0, ())


def test_neighbours_that_are_tied_count_once(random: np.random.Generator) -> None:
    before, now = random.normal(size=120), random.normal(0.8, size=60)
    columns = {"column": count(before, now)}
    assert find_shifts(columns, SETTINGS)[0].reasons
    assert find_shifts(columns, SETTINGS, tied=20)[0].reasons == ()


@pytest.mark.parametrize("size", [17, 350])
def test_of_very_many_examples_some_are_asked_about_evenly_spread(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(drift, "MOST_ASKED", 100)
    sample = Sample()
    for start in range(0, 1_700, size):
        numbers = np.arange(start, min(start + size, 1_700))
        sample.add(pd.DataFrame({"place": numbers}), numbers.astype(str))
    places, features, target = sample.whole()
    assert sample.seen == 1_700
    assert sample.kept == len(places)
    assert 25 < len(places) <= 100
    assert set(np.diff(places)) == {sample.step}
    assert features["place"].tolist() == places.tolist()
    assert target.astype(int).tolist() == places.tolist()


def test_what_is_rated_is_what_the_model_itself_answers(
    trained: tuple[Config, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = trained
    bundle, sample = load_bundle(run.bundle), Sample()
    for part in read_recent(config.data_path, bundle.schema):
        sample.add(part.features, part.target)
    some = sample.whole().take(np.arange(0, sample.kept, 7))
    whole = ask(some, bundle, run.bundle, is_measured=True)
    native = answer(load_model(run.bundle), some.features)
    assert whole.rated is not None
    assert list(whole.rated) == list(native)
    assert np.allclose(whole.rated, native, rtol=1e-3, atol=1e-3, equal_nan=True)
    monkeypatch.setattr(drift, "ASKED_AT_ONCE", 5)
    assert np.allclose(ask(some, bundle, run.bundle, is_measured=False).scores, whole.scores, rtol=1e-5, atol=1e-5)


def test_what_is_kept_can_be_read_again(trained: tuple[Config, Run]) -> None:
    _, run = trained
    kept = Reference.read(run.bundle)
    assert kept.examples > 0
    assert all(each.count + each.missing > 0 for each in (*kept.columns.values(), *kept.answers.values()))
