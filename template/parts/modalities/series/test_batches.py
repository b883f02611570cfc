"""Forecasts of a table follow the last row of each series; what does not fit is named."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acme_ml.config import Config
from acme_ml.data import reading
from acme_ml.data.times import read_time
from acme_ml.errors import DataError
from acme_ml.inference import batches
from acme_ml.inference.batches import read_batches, write_refused
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.inference.prediction import tabulate
from acme_ml.schema import Frequency, Notation, Schema
from acme_ml.training.train import Run

SHOPS = Schema(
    time="day",
    target="sales",
    known=("open",),
    series="shop",
    horizon=3,
    lags=5,
    season=2,
    source="shops.csv",
    frequency=Frequency(unit="day"),
    ranges={"sales": (0, 1), "open": (0, 1)},
)


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    """Three shops, twelve days each, row by row in turn; the last three days are to be forecast."""
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2001-01-01", periods=12)]
    rows = [(shop, day, 100 * place + at) for at, day in enumerate(days) for place, shop in enumerate("abc")]
    frame = pd.DataFrame(rows, columns=["shop", "day", "sales"]).assign(open=lambda table: table["sales"] + 0.5)
    frame.loc[frame["day"] >= days[9], "sales"] = None
    path = tmp_path / "shops.csv"
    frame.to_csv(path, index=False)
    return path


def test_forecasts_follow_the_last_row(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    schema = bundle.schema
    (batch,) = read_batches(config.data_path, schema)
    lines = predict(bundle, config.data_path, tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    assert lines == len(table) == schema.horizon * len(batch.rows)
    origins = batch.rows["origin"].tolist()
    firsts = table[schema.time].iloc[:: schema.horizon]
    assert [read_time(str(time)) for time in firsts] == [schema.frequency.after(origin) for origin in origins]
    assert (table["lower"] <= table["forecast"]).all()
    assert (table["forecast"] <= table["upper"]).all()


@pytest.mark.parametrize("chunk", [1, 4, 7, 1000])
def test_chunks_do_not_change_windows(shops: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", chunk)
    monkeypatch.setattr(batches, "SERIES_AT_ONCE", 2)
    parts = list(read_batches(shops, SHOPS))
    assert [len(part.features) for part in parts] == [2, 1]
    assert [part.done for part in parts] == [2 / 3, 1.0]
    features = pd.concat([part.features for part in parts])
    assert features.index.get_level_values("series").tolist() == ["a", "b", "c"]
    assert features.loc["b"].iloc[0].tolist() == [104, 105, 106, 107, 108, 109.5, 110.5, 111.5]


def test_series_are_read_as_those_that_were_learned_from(shops: Path) -> None:
    (known,) = read_batches(shops, SHOPS)
    frame = pd.read_csv(shops)
    days = pd.to_datetime(frame["day"]).dt.strftime("%m/%d/%Y")
    numbers = {name: frame[name].map("({:.1f})".format).str.replace(".", ",") for name in ("sales", "open")}
    frame.assign(day=days, **numbers).replace("(nan)", "n.a.").to_csv(shops, index=False)
    minus = Notation(decimal=",", brackets=True)
    schema = SHOPS.model_copy(update={"time_form": "%m/%d/%Y", "notations": {"sales": minus, "open": minus}})
    (batch,) = read_batches(shops, schema)
    pd.testing.assert_frame_equal(batch.features, -known.features)
    assert batch.rows["origin"].tolist() == known.rows["origin"].tolist()
    with pytest.raises(DataError, match=r"row 1: '01/01/2001' is no time; write times as 2001-12-31"):
        list(read_batches(shops, schema.model_copy(update={"time_form": None})))


def test_each_step_has_its_line(shops: Path) -> None:
    (batch,) = read_batches(shops, SHOPS)
    table = tabulate(batch.rows, np.arange(27.0).reshape(3, 9), SHOPS)
    assert table.columns.tolist() == ["shop", "day", "forecast", "lower", "upper"]
    assert table["shop"].tolist() == list("aaabbbccc")
    assert table["day"].tolist() == ["2001-01-10", "2001-01-11", "2001-01-12"] * 3
    assert table.iloc[4].tolist() == ["b", "2001-01-11", 10.0, 13.0, 16.0]


def test_columns_of_the_same_names_as_forecasts_are_kept(shops: Path) -> None:
    (batch,) = read_batches(shops, SHOPS)
    own = SHOPS.model_copy(update={"time": "forecast", "series": "lower"})
    table = tabulate(batch.rows, np.arange(27.0).reshape(3, 9), own)
    assert table.columns.tolist() == ["lower", "forecast", "forecast_2", "lower_2", "upper"]
    assert table.iloc[4].tolist() == ["b", "2001-01-11", 10.0, 13.0, 16.0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a,2001-01-04,", "a,2001-01-06,", "series 'a', column 'day', row 10: 2001-01-06 comes after a gap"),
        ("b,2001-01-04,", "b,2001-01-03,", "series 'b', column 'day', row 11: 2001-01-03 is there twice"),
        ("b,2001-01-04,", "b,today,", "column 'day', row 11: 'today' is no time"),
        ("b,2001-01-06,105.0", "b,2001-01-06,x", "column 'sales', row 17: 'x' is not a finite number"),
        ("b,2001-01-06,105.0", "b,2001-01-06,", "column 'sales', row 17: the value is missing"),
        ("b,2001-01-12,,111.5", "b,2001-01-12,,", "column 'open', row 35: the value is missing"),
        ("b,2001-01-12,,111.5", "d,2001-01-12,,1", "series 'd' has 1 values (the last: row 35, 2001-01-12), and 8"),
        ("day", "hour", "no column 'day'; it has 'shop', 'hour', 'sales', 'open'"),
    ],
)
@pytest.mark.parametrize("chunk", [4, 1000])
def test_a_fault_is_named(
    shops: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, old: str, new: str, words: str
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", chunk)
    text = shops.read_text(encoding="utf-8")
    assert old in text
    shops.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as error:
        list(read_batches(shops, SHOPS))
    assert words in str(error.value)


@pytest.mark.parametrize("chunk", [1, 4, 1000])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("b,2001-01-04,", "b,2001-01-03,", "series 'b', column 'day', row 11: 2001-01-03 is there twice"),
        ("b,2001-01-04,", "b,today,", "column 'day', row 11: 'today' is no time"),
        ("b,2001-01-06,105.0", "b,2001-01-06,x", "column 'sales', row 17: 'x' is not a finite number"),
        ("b,2001-01-12,,111.5", "b,2001-01-12,,", "column 'open', row 35: the value is missing"),
        ("b,2001-01-11", "d,2001-01-11", "series 'd' has 1 values"),
    ],
)
def test_a_series_that_does_not_fit_is_left_out_and_listed(
    shops: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, old: str, new: str, words: str
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", chunk)
    sound = pd.concat([part.features for part in read_batches(shops, SHOPS)])
    text = shops.read_text(encoding="utf-8")
    shops.write_text(text.replace(old, new), encoding="utf-8")
    (batch,) = read_batches(shops, SHOPS, skip_bad=True)
    assert batch.rows["series"].tolist() == ["a", "c"]
    pd.testing.assert_frame_equal(batch.features, sound.drop(index="b", level="series"))
    assert any(words in reason for reason in batch.refused.values())
    file = io.StringIO()
    assert write_refused(file, batch.refused) == len(batch.refused)
    assert file.getvalue().startswith("series,refused\n")


def test_where_no_series_fits_none_is_left_out(shops: Path) -> None:
    text = shops.read_text(encoding="utf-8")
    shops.write_text(text.replace("2001-01-04", "2001-01-03"), encoding="utf-8")
    with pytest.raises(DataError, match=r"holds no series that fits: (?s:.*)is there twice"):
        list(read_batches(shops, SHOPS, skip_bad=True))
    shops.write_text(text.replace("b,2001-01-04", ",2001-01-04"), encoding="utf-8")
    with pytest.raises(DataError, match="column 'shop', row 11: the value is missing"):
        list(read_batches(shops, SHOPS, skip_bad=True))


def test_a_wrong_value_leaves_nothing(trained: tuple[Config, Run], tmp_path: Path) -> None:
    config, run = trained
    bundle = load_bundle(run.bundle)
    rows = pd.read_csv(config.data_path).astype({bundle.schema.target: object})
    rows.loc[len(rows) - 2, bundle.schema.target] = "many"
    rows.to_csv(tmp_path / "wrong.csv", index=False)
    with pytest.raises(DataError, match=f"row {len(rows) - 1}: 'many' is not a finite number"):
        predict(bundle, tmp_path / "wrong.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.csv"]


def test_a_table_without_rows_is_refused(shops: Path) -> None:
    shops.write_text("shop,day,sales,open\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"shops\.csv"):
        list(read_batches(shops, SHOPS))
