"""Windows see nothing of what follows their origin; parts and folds are cut by time."""

import numpy as np
import pandas as pd
import pytest

from acme_ml.data.dataset import RollingOrigin, Split, split_by_time
from acme_ml.data.windows import build_windows, last_window
from acme_ml.schema import Layout

LAYOUT = Layout(time="day", target="sales", known=("open", "price"), series="shop", horizon=3, lags=4, season=2)


@pytest.fixture
def frame() -> pd.DataFrame:
    """Shop a, and shop b that opens ten days later; the values count the rows."""
    days = pd.date_range("2001-01-01", periods=40)
    shops = ["a"] * 40 + ["b"] * 30
    rows = np.arange(70.0)
    return pd.DataFrame(
        {"shop": shops, "day": [*days, *days[10:]], "sales": rows, "open": rows + 100, "price": rows + 200}
    )


def test_a_window_holds_the_past_and_what_is_known(frame: pd.DataFrame) -> None:
    features, target = build_windows(frame, LAYOUT)
    first = ("a", pd.Timestamp("2001-01-04"))
    assert features.loc[first].tolist() == [0, 1, 2, 3, 104, 204, 105, 205, 106, 206]
    assert target.loc[first].tolist() == [4, 5, 6]
    assert features.columns[[0, 3, 4, -1]].tolist() == ["sales[-3]", "sales[0]", "open[+1]", "price[+3]"]
    assert len(features) == len(target) == (40 - 6) + (30 - 6)
    assert features.index.equals(target.index)
    assert features.index.get_level_values("origin").is_monotonic_increasing


def test_windows_do_not_see_the_future(frame: pd.DataFrame) -> None:
    moment = pd.Timestamp("2001-01-25")
    changed = frame.assign(sales=frame["sales"].where(frame["day"] <= moment, -999.0))
    before, after = build_windows(frame, LAYOUT), build_windows(changed, LAYOUT)
    origins = before.features.index.get_level_values("origin")
    pd.testing.assert_frame_equal(before.features[origins <= moment], after.features[origins <= moment])
    ended = origins <= moment - pd.Timedelta(days=LAYOUT.horizon)
    pd.testing.assert_frame_equal(before.target[ended], after.target[ended])
    assert not before.target[~ended].equals(after.target[~ended])


def assert_apart(windows: Split, train: np.ndarray, test: np.ndarray) -> None:
    """No value that is forecast in the test part was seen in training; all series are cut at one time."""
    origins = windows.features.index.get_level_values("origin")
    assert len(train) > 0
    assert len(test) > 0
    assert origins[train].max() + pd.Timedelta(days=LAYOUT.horizon) <= origins[test].min()
    seen, forecast = windows.target.to_numpy()[train], windows.target.to_numpy()[test]
    assert not np.isin(forecast, seen).any()


def test_the_later_part_is_unseen(frame: pd.DataFrame) -> None:
    windows = build_windows(frame, LAYOUT)
    early, late = split_by_time(windows.features, 0.2, gap=LAYOUT.horizon - 1)
    assert_apart(windows, early, late)
    left_out = len(windows.features) - len(early) - len(late)
    assert left_out == 2 * (LAYOUT.horizon - 1)


def test_a_window_is_new_when_nothing_it_forecasts_was_learned(frame: pd.DataFrame) -> None:
    windows = build_windows(frame, LAYOUT)
    before = frame["day"] < pd.Timestamp("2001-02-01")
    learned = build_windows(frame[before], LAYOUT)
    new = np.flatnonzero(windows.unlike(learned.keys()))
    assert_apart(windows, np.flatnonzero(np.isin(windows.keys(), learned.keys())), new)
    assert windows.target.to_numpy()[new].min() == frame["sales"][before].groupby(frame["shop"]).max().min() + 1
    assert windows.unlike(learned.keys()[:0]).all()
    assert not learned.unlike(windows.keys()).any()


def test_folds_expand_and_are_unseen(frame: pd.DataFrame) -> None:
    windows = build_windows(frame, LAYOUT)
    splitter = RollingOrigin(4, gap=LAYOUT.horizon - 1)
    folds = list(splitter.split(windows.features))
    assert len(folds) == splitter.get_n_splits() == 4
    for train, test in folds:
        assert_apart(windows, train, test)
    sizes = [len(train) for train, _ in folds]
    assert sizes == sorted(sizes)


def test_the_last_window_is_for_the_rows_that_are_known(frame: pd.DataFrame) -> None:
    rows = frame[frame["shop"] == "a"]
    window = last_window("a", rows, LAYOUT)
    assert window.iloc[0].tolist() == [33, 34, 35, 36, 137, 237, 138, 238, 139, 239]
    assert window.index[0] == ("a", pd.Timestamp("2001-02-06"))
    alone = last_window("a", rows, LAYOUT.model_copy(update={"known": ()}))
    assert alone.iloc[0].tolist() == [36, 37, 38, 39]
    assert alone.columns.tolist() == window.columns[:4].tolist()
