"""Forecasts follow level and scale, intervals hold what they promise, and the graph computes the same."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from acme_ml.config import Config
from acme_ml.data.dataset import Split, split_by_time
from acme_ml.data.windows import build_windows
from acme_ml.evaluation.metrics import (
    LOWER_IS_BETTER,
    break_down,
    fit_baseline,
    interval_score,
    measure,
)
from acme_ml.inference.encoder import Margins, Window, load_encoder
from acme_ml.inference.prediction import same, score
from acme_ml.inference.predictor import ONNX_FILE, OnnxPredictor
from acme_ml.schema import Frequency, Schema
from acme_ml.training.export import export
from acme_ml.training.forecaster import Forecaster, SeasonalNaive, conformal_margins
from acme_ml.training.model import build_model
from acme_ml.training.train import Run

SCHEMA = Schema(
    time="day",
    target="sales",
    known=("open", "price"),
    series="shop",
    horizon=4,
    lags=8,
    season=7,
    source="shops.csv",
    frequency=Frequency(unit="day"),
    ranges={"sales": (0, 1), "open": (0, 1), "price": (0, 1)},
)
SIZES = {"lags": SCHEMA.lags, "horizon": SCHEMA.horizon, "season": SCHEMA.season}


def simulate(days: int) -> Split:
    """Return the windows of two shops."""
    return build_windows(simulate_table(days), SCHEMA)


def simulate_table(days: int) -> pd.DataFrame:
    """Return two shops, one a thousand times as large: week, trend, noise, and less when closed."""
    random, steps = np.random.default_rng(0), np.arange(days)
    parts = []
    for shop, size in (("a", 1.0), ("b", 1000.0)):
        opened = random.random(days) < 0.8
        sales = size * (10 + 0.01 * steps + np.sin(steps * 2 * np.pi / 7) + opened + random.normal(size=days) / 4)
        columns = {"shop": shop, "day": pd.date_range("2001-01-01", periods=days), "sales": sales, "open": opened}
        parts.append(pd.DataFrame({**columns, "price": 3.0}))
    return pd.concat(parts)


@pytest.fixture(scope="module")
def windows() -> Split:
    """Two shops, several years."""
    return simulate(2_500)


@pytest.fixture(scope="module")
def fitted(windows: Split) -> tuple[Pipeline, Split]:
    """A linear forecaster, and the windows it has not seen."""
    early, late = split_by_time(windows.features, 0.4, gap=SCHEMA.horizon - 1)
    model = Pipeline([("model", Forecaster(Ridge(), **SIZES))])
    train = windows.take(early)
    return model.fit(train.features, train.target), windows.take(late)


def test_intervals_hold_as_many_true_values_as_asked(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    _, lower, upper = np.split(model.predict(test.features, intervals=True), 3, axis=1)
    truth = test.target.to_numpy()
    held = (lower <= truth) & (truth <= upper)
    assert held.mean() == pytest.approx(0.9, abs=0.03)
    assert held.mean(axis=0) == pytest.approx(0.9, abs=0.05)


def test_both_shops_are_forecast_well(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    for shop in ("a", "b"):
        rows = np.flatnonzero(test.features.index.get_level_values("series") == shop)
        part = test.take(rows)
        measured = measure(model, part.features, part.target)
        naive = measure(fit_baseline(model, part, seed=0), part.features, part.target)
        assert all(measured[name] < naive[name] for name in LOWER_IS_BETTER)
        assert measured["mase"] < 0.7


def test_what_is_known_in_advance_is_used(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    closed = model.predict(test.features.assign(**{"open[+2]": 0.0}))
    opened = model.predict(test.features.assign(**{"open[+2]": 1.0}))
    shop_a = test.features.index.get_level_values("series") == "a"
    difference = (opened - closed)[shop_a].mean(axis=0)
    assert difference[1] == pytest.approx(1.0, abs=0.25)
    assert abs(difference[[0, 2, 3]]).max() < 0.25


def test_level_and_scale_carry_over(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    history = test.features.columns[: SCHEMA.lags]
    other = test.features.copy()
    other[history] = 5e6 + 300 * other[history]
    expected = 5e6 + 300 * model.predict(test.features, intervals=True)
    assert np.allclose(model.predict(other, intervals=True), expected, rtol=1e-9)


def test_a_window_that_never_changes_has_a_forecast(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    flat = test.features.iloc[:1].copy()
    flat[flat.columns[: SCHEMA.lags]] = 7.0
    assert np.isfinite(model.predict(flat, intervals=True)).all()


def test_training_does_not_depend_on_later_values() -> None:
    whole, short = simulate(120), simulate(120)
    later = short.features.index.get_level_values("origin") > pd.Timestamp("2001-04-01")
    early = np.flatnonzero(~later)
    short.features[later], short.target[later] = -1.0, -1.0
    forecasts = []
    for windows in (whole, short):
        model = Forecaster(Ridge(), **SIZES).fit(*windows.take(early))
        forecasts.append(model.predict(windows.take(early).features, intervals=True))
    assert np.array_equal(forecasts[0], forecasts[1])


def test_the_naive_forecast_repeats_the_season_and_goes_on_with_its_drift() -> None:
    values = np.array([[1.0, 2, 3, 4, 5]])
    naive = SeasonalNaive(lags=5, horizon=7, season=3)
    level = naive.fit(values, np.array([[3.0, 4, 5, 3, 4, 5, 3]]))
    assert level.predict(values).tolist() == [[3, 4, 5, 3, 4, 5, 3]]
    rising = naive.fit(values, np.array([[6.0, 7, 8, 9, 10, 11, 12]]))
    assert rising.predict(values).tolist() == [[6, 7, 8, 9, 10, 11, 12]]


def test_margins_are_quantiles_with_a_correction_for_few_rows() -> None:
    errors = np.arange(1, 20.0)[:, None] * [1, -10]
    assert conformal_margins(errors, 0.9).tolist() == [18, 180]
    assert conformal_margins(errors, 0.99).tolist() == [19, 190]


def test_no_step_is_surer_than_the_one_before_it() -> None:
    assert conformal_margins(np.array([[1.0, 3, 2, 4]]), 0.9).tolist() == [1, 2.5, 2.5, 4]


def test_quiet_and_loud_series_have_intervals_of_their_own(tmp_path: Path) -> None:
    random, steps = np.random.default_rng(1), np.arange(900)
    season = 10 * np.sin(steps * 2 * np.pi / 7)
    parts = []
    for name, noise in (("quiet", 0.1), ("loud", 4.0)):
        sales = season + noise * random.normal(size=900)
        day = pd.date_range("2001-01-01", periods=900)
        parts.append(pd.DataFrame({"shop": name, "day": day, "sales": sales, "open": 1.0, "price": 3.0}))
    windows = build_windows(pd.concat(parts), SCHEMA)
    early, late = split_by_time(windows.features, 0.3, gap=SCHEMA.horizon - 1)
    model = Pipeline([("model", Forecaster(Ridge(), **SIZES))]).fit(*windows.take(early))
    table = break_down(model, windows.take(late), SCHEMA)["series"].set_index("series")
    assert table["coverage"].to_dict() == pytest.approx({"quiet": 0.9, "loud": 0.9}, abs=0.06)
    Margins(model[-1].margins_, model[-1].series_margins_).save(tmp_path)
    encoder = load_encoder(tmp_path, SCHEMA)
    history, known = [0.0] * SCHEMA.lags, [[1.0, 3.0]] * SCHEMA.horizon
    rows = [Window(name, datetime(2001, 1, 1), history, known) for name in ("quiet", "loud", "new")]
    quiet, loud, new = encoder.encode(rows)["margins"]
    assert quiet.tolist() == model[-1].series_margins_["quiet"].tolist()
    assert loud.mean() > 5 * quiet.mean()
    assert new.tolist() == model[-1].margins_.tolist()


def test_intervals_widen_as_a_random_walk_does() -> None:
    random, parts = np.random.default_rng(2), []
    for name in "abcdefgh":
        columns = {"shop": name, "day": pd.date_range("2001-01-01", periods=600), "open": 1.0, "price": 3.0}
        parts.append(pd.DataFrame({**columns, "sales": np.cumsum(random.normal(size=600))}))
    windows = build_windows(pd.concat(parts), SCHEMA)
    early, late = split_by_time(windows.features, 0.3, gap=SCHEMA.horizon - 1)
    model = Forecaster(Ridge(), **SIZES).fit(*windows.take(early))
    test = windows.take(late)
    _, lower, upper = np.split(model.predict(test.features, intervals=True), 3, axis=1)
    truth = test.target.to_numpy()
    assert ((lower <= truth) & (truth <= upper)).mean(axis=0) == pytest.approx(0.9, abs=0.05)
    wide = (upper - lower).mean(axis=0)
    assert wide / wide[0] == pytest.approx(np.sqrt([1, 2, 3, 4]), rel=0.15)


def test_an_interval_that_misses_costs_more() -> None:
    truth, lower, upper = np.array([1.0, 3.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0])
    assert interval_score(truth, lower, upper, 0.9) == pytest.approx([2, 22])


@pytest.mark.parametrize("days", [60, 200])
def test_errors_are_in_units_of_the_mean_change_over_a_season(days: int) -> None:
    windows, table = simulate(days), simulate_table(days)
    model = fit_baseline(Pipeline([("model", Forecaster(Ridge(), **SIZES))]), windows, seed=0)
    units = pd.Series(model[-1].naive_errors(windows.features)[:, 0], windows.features.index)
    for shop, rows in table.groupby("shop"):
        expected = rows["sales"].diff(SCHEMA.season).abs().mean()
        assert units.xs(shop, level="series").unique() == pytest.approx([expected], rel=1e-12)


def test_a_series_that_training_did_not_see_has_no_scaled_error(fitted: tuple[Pipeline, Split]) -> None:
    model, test = fitted
    renamed = test.features.rename({"a": "new", "b": "newer"}, level="series")
    measured = measure(model, renamed, test.target)
    assert np.isnan(measured["mase"])
    assert measured["mae"] > 0


def test_hyper_parameters_of_the_regressor_have_their_own_names() -> None:
    forecaster = clone(Forecaster(Ridge(), **SIZES)).set_params(alpha=5.0, level=0.5)
    assert (forecaster.regressor.alpha, forecaster.level) == (5.0, 0.5)
    assert forecaster.get_params()["alpha"] == 5.0


def test_too_few_windows_are_refused(windows: Split) -> None:
    few = windows.take(np.arange(12))
    with pytest.raises(ValueError, match="too few"):
        Forecaster(Ridge(), **SIZES).fit(*few)


def test_the_graph_takes_known_columns_and_agrees(trained: tuple[Config, Run], tmp_path: Path) -> None:
    windows = simulate(100)
    model = clone(build_model(trained[0], SCHEMA)).fit(windows.features, windows.target)
    export(model, SCHEMA, tmp_path)
    encoder = load_encoder(tmp_path, SCHEMA)
    flat = windows.features.head(1).copy()
    flat[flat.columns[: SCHEMA.lags]] = 7.0
    features = pd.concat([windows.features, flat])
    inputs = encoder.encode_features(features)
    native = score(model, features)
    assert same(native, OnnxPredictor(tmp_path / ONNX_FILE).scores(inputs)).all()
    assert same(native, score(model, encoder.decode(inputs))).all()
