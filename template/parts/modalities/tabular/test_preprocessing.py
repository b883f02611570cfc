"""What a model sees of numbers and dates, and that its graph sees the same."""

from datetime import UTC, datetime

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from numpy.typing import NDArray
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.base import TransformerMixin
from sklearn.pipeline import make_pipeline

from acme_ml.columns import Column, read_date, write_date
from acme_ml.training.graph import to_graph
from acme_ml.training.preprocessing import DATE_PARTS, DateParts, Narrow

DAY = 86_400
# From before the calendar's first leap day to after a century that has none, a leap day, and a second before 1970.
MOMENTS = np.array([-11_676_096_000.0, -2_203_977_600.0, -1.0, 0.0, 951_782_400.0, 1_709_251_199.0, 4_107_542_400.0])


def in_graph(steps: TransformerMixin, values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what the graph of fitted steps makes of the values (rows, columns)."""
    inputs = [("numbers", DoubleTensorType([None, values.shape[1]]))]
    graph = to_graph(make_pipeline(steps), inputs).SerializeToString()
    (found,) = ort.InferenceSession(graph).run(None, {"numbers": values})
    return found


@pytest.mark.parametrize("unit", [1e-3, 1, 1e3])
def test_numbers_that_differ_stay_apart(unit: float) -> None:
    times = (1_700_000_000_000 + 1_000 * np.arange(100.0))[:, None] * unit
    steps = Narrow().fit(times)
    narrow = steps.transform(times)
    assert narrow.dtype == np.float32
    assert len(np.unique(narrow)) == 100
    np.testing.assert_array_equal(in_graph(steps, times), narrow)


def test_numbers_that_float32_keeps_apart_are_as_they_were() -> None:
    values = np.array([[1.5, -3.0], [2.25, np.nan], [1e30, 1e-30]])
    np.testing.assert_array_equal(Narrow().fit_transform(values), values.astype(np.float32))


def test_a_column_without_values_stays_empty() -> None:
    empty = np.full((3, 1), np.nan)
    assert np.isnan(Narrow().fit_transform(empty)).all()
    assert np.isnan(DateParts().fit_transform(empty)).all()


def test_the_parts_of_a_date_are_those_of_the_calendar() -> None:
    seconds = np.concatenate([MOMENTS, np.random.default_rng(0).uniform(-5e9, 5e9, 2_000).round()])
    parts = DateParts().fit_transform(seconds[:, None])
    moments = pd.to_datetime(pd.Series(seconds).astype("int64"), unit="s").dt
    weekday, hour = moments.day_of_week + 1, moments.hour
    told = pd.DataFrame({"y": moments.year, "m": moments.month, "d": moments.day, "w": weekday, "h": hour})
    np.testing.assert_array_equal(parts[:, :5], told)
    np.testing.assert_allclose(parts[:, 5], (seconds - seconds.min()) / DAY, rtol=1e-6)


def test_a_graph_takes_dates_apart_alike() -> None:
    seconds = np.column_stack([MOMENTS, MOMENTS[::-1]])
    seconds[1, 0] = np.nan
    steps = DateParts().fit(seconds)
    np.testing.assert_array_equal(in_graph(steps, seconds), steps.transform(seconds))
    assert steps.get_feature_names_out(["sold", "built"]).tolist()[:7] == [
        *(f"sold, {part}" for part in DATE_PARTS),
        "built, year",
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02", datetime(2024, 2, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T23:00", datetime(2024, 2, 29, 23, tzinfo=UTC)),
        ("2024-02-29 23:00:30.5", datetime(2024, 2, 29, 23, 0, 30, 500_000, tzinfo=UTC)),
        ("2024-02-29T23:00:30Z", datetime(2024, 2, 29, 23, 0, 30, tzinfo=UTC)),
        ("2024-02-29T23:00+02:00", datetime(2024, 2, 29, 21, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_iso_8601(text: str, moment: datetime) -> None:
    assert read_date(text) == moment.timestamp()


@pytest.mark.parametrize("text", ["", "2023-02-29", "20240229", "29.02.2024", "2024-W09-4", "2024", "now", "2024-13"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no date|day|month"):
        read_date(text)


def test_the_dates_seen_are_told_without_a_time_where_they_have_none() -> None:
    column = Column(name="sold", kind="date", earliest=datetime(2024, 1, 2), latest=datetime(2024, 2, 29, 23, 30))
    assert column.seen == "2024-01-02 to 2024-02-29T23:30:00"
    assert write_date(None) == "none"
