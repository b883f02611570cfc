"""What cleaning does inside the estimator, that it learns nothing of other rows, and that a graph does the same."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
import yaml
from numpy.typing import NDArray
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from acme_ml.columns import Cleaning, Features, Outliers
from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.data.outliers import find_limits
from acme_ml.errors import ConfigError, DataError
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.predict import predict
from acme_ml.training.cleaning import Clip, Fill, Flags, RareWords, TargetWords
from acme_ml.training.features import TablePipeline
from acme_ml.training.graph import to_graph
from acme_ml.training.train import train

pytestmark = pytest.mark.usefixtures("no_figures")
FAR = 1e9
USUAL = np.append(np.arange(1.0, 101.0), FAR)


def in_graph(steps: TransformerMixin, values: NDArray[Any]) -> NDArray[Any]:
    """Return what the graph of fitted steps makes of the values (rows, columns)."""
    kind = StringTensorType if values.dtype == object else DoubleTensorType
    graph = to_graph(make_pipeline(steps), [("values", kind([None, values.shape[1]]))]).SerializeToString()
    (found,) = ort.InferenceSession(graph).run(None, {"values": values})
    return found


@pytest.mark.parametrize(
    ("outliers", "lower", "upper"),
    [
        (Outliers(), 26 - 3 * 50, 76 + 3 * 50),
        (Outliers(beyond=1.5), 26 - 1.5 * 50, 76 + 1.5 * 50),
        (Outliers(rule="robust_z"), 51 - 3.5 * 25 / 0.6745, 51 + 3.5 * 25 / 0.6745),
        (Outliers(rule="quantiles", beyond=0.01), 2, 100),
    ],
)
def test_limits_are_those_of_the_rule(outliers: Outliers, lower: float, upper: float) -> None:
    assert find_limits(USUAL, outliers) == pytest.approx((lower, upper))
    assert find_limits(np.append(USUAL, np.nan), outliers) == pytest.approx((lower, upper))


def test_where_most_values_are_one_the_others_say_what_is_usual() -> None:
    values = np.append(np.zeros(900), np.arange(1.0, 101.0))
    assert not find_limits(values, Outliers()).beyond(values).any()
    assert find_limits(np.append(values, FAR), Outliers()).beyond(np.array([0.0, 100.0, FAR])).tolist() == [0, 0, 1]
    assert find_limits(np.ones(9), Outliers()) == find_limits(np.array([]), Outliers()) == (-np.inf, np.inf)


@pytest.mark.parametrize("setting", [{"rule": "quantiles", "beyond": 0.5}, {"beyond": 0}, {"treat": "remove"}])
def test_limits_that_make_no_sense_are_refused(edit_params: Callable[..., Config], setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"cleaning\.outliers"):
        edit_params({"cleaning": {"outliers": setting}})


def test_outliers_are_clipped_and_a_graph_does_the_same() -> None:
    values = np.column_stack([USUAL, USUAL, np.append(np.nan, USUAL[1:])])
    clip = Clip(Outliers().model_dump(), [0, 2], ["a", "b", "c"]).fit(values)
    clipped = clip.transform(values)
    assert clipped[-1].tolist() == [226, FAR, 224.75]
    assert np.isnan(clipped[0, 2])
    np.testing.assert_array_equal(in_graph(clip, values), clipped)
    assert [(row["column"], row["rows"]) for row in clip.told_] == [("a", 1), ("c", 1)]


@pytest.mark.parametrize(
    ("fill", "found"),
    [
        (Fill("median"), 2.5),
        (Fill("mean"), 4.0),
        (Fill("most_frequent"), 2.0),
        (Fill("constant", -1.0), -1.0),
    ],
)
def test_what_is_missing_is_filled_in_and_a_graph_does_the_same(fill: Fill, found: float) -> None:
    values = np.array([[2.0, np.nan], [np.nan, np.nan], [2.0, np.nan], [3.0, np.nan], [9.0, np.nan]])
    whole = fill.set_params(names=["a", "b"]).fit_transform(values)
    assert whole[1, 0] == found
    assert whole[0, 1] == (-1 if fill.strategy == "constant" else 0)
    np.testing.assert_array_equal(in_graph(fill, values), whole)
    assert fill.told_[0]["rows"] == 1


def test_the_model_is_told_what_was_missing() -> None:
    values = np.array([[1.0, np.nan], [np.nan, 2.0]])
    flags = Flags().fit(values)
    assert flags.transform(values).tolist() == [[0, 1], [1, 0]]
    np.testing.assert_array_equal(in_graph(flags, values), flags.transform(values))
    assert flags.get_feature_names_out(["a", "b"]).tolist() == ["a is missing", "b is missing"]


def test_rare_words_are_one_word() -> None:
    words = np.array([["a", "x"]] * 6 + [["b", "y"]] * 3 + [["c", "z"]], dtype=object)
    new = np.array([["c", "new"]], dtype=object)
    for rare in (RareWords(3, None, ["left", "right"]), RareWords(0.3, None, ["left", "right"])):
        kept = rare.fit(words).transform(np.vstack([words, new]))
        assert kept[[0, 6, 9, 10]].tolist() == [["a", "x"], ["b", "y"], ["(other)"] * 2, ["(other)"] * 2]
        np.testing.assert_array_equal(in_graph(rare, np.vstack([words, new])), kept)
    assert RareWords(0, 1, ["left", "right"]).fit(words).kept_ == [["a"], ["x"]]
    assert [row["rows"] for row in rare.told_] == [1, 1]


@pytest.mark.parametrize("classes", [["no", "yes"], ["no", "perhaps", "yes"], None])
def test_many_words_are_encoded_by_the_target_of_other_rows(classes: list[str] | None) -> None:
    draw = np.random.default_rng(0)
    words = np.array([[f"w{number}", "only"] for number in draw.integers(0, 30, 400)], dtype=object)
    single = np.array([[f"one {row}", "only"] for row in range(400)], dtype=object)
    effect = np.array([int(word[1:]) for word in words[:, 0]]) / 30
    noise = draw.random(400)
    target: Any = (
        effect + noise
        if classes is None
        else np.array(classes)[(noise * effect * 2 * len(classes)).astype(int) % len(classes)]
    )
    encoder = TargetWords("continuous" if classes is None else "auto")
    means = encoder.fit_transform(words, target)
    assert means.dtype == np.float32
    assert means.shape == (400, 2 * encoder.classes_out)
    # Words of one row each tell nothing, as the row itself is not asked.
    assert np.ptp(TargetWords(encoder.target_type).fit_transform(single, target)[:, 0]) < 0.2
    told = np.vstack([words[:50], [["never seen", "only"]]]).astype(object)
    np.testing.assert_array_equal(in_graph(encoder, told), encoder.transform(told))
    overall = encoder.transform(told)[-1, : encoder.classes_out]
    shares = [np.mean(target == name) for name in classes[-encoder.classes_out :]] if classes else [np.mean(target)]
    assert overall.tolist() == pytest.approx(shares, rel=1e-5)


def test_a_class_that_other_folds_have_not_counts_for_nothing() -> None:
    words = np.array([["a"]] * 9 + [["b"]], dtype=object)
    means = TargetWords("auto").fit_transform(words, np.array(["x", "y", "z"] * 3 + ["single"]))
    assert means.shape == (10, 4)
    assert means[-1, 0] == 0


class Counter(BaseEstimator):
    """Counts what it learns from, and predicts nothing."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> "Counter":
        """Count the rows."""
        self.learned_ = len(X)
        return self

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return 0 for each row."""
        return np.zeros(len(X))


def rows_of(values: Sequence[float]) -> pd.DataFrame:
    """Return a table of one column."""
    return pd.DataFrame({"size": values})


def test_rows_with_outliers_are_not_learned_from_and_predicted_all_the_same() -> None:
    rows, target = rows_of([*range(100), FAR]), pd.Series([*np.arange(100.0), 5.0], name="price")
    model = TablePipeline([("model", Counter())], drop=Outliers().model_dump(), numbers=[0]).fit(rows, target)
    assert model["model"].learned_ == 100
    assert model.left_out_ == {"size": 1}
    assert len(model.predict(rows)) == 101
    bad = pd.Series([*np.arange(100.0), FAR], name="price")
    assert model.fit(rows_of(range(101)), bad).left_out_ == {"price": 1}
    with pytest.raises(ValueError, match="none is left"):
        TablePipeline(model.steps, drop={"rule": "quantiles", "beyond": 0.4}, numbers=[0]).fit(rows_of([1, 5]), None)


@pytest.fixture
def messy(workspace: Path) -> Callable[[dict[str, Any]], Config]:
    """Change settings beside a table with repeated rows, outliers and missing values, made of the example."""
    settings = yaml.safe_load((workspace / "params.yaml").read_text(encoding="utf-8"))
    path = workspace / settings["data"]["path"]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    schema = read_data(load_config(workspace / "params.yaml"))[1]
    numbers = [column.name for column in schema.columns if column.kind == "number"]
    for model in settings["models"].values():
        # What is cleaned does not depend on how long a model learns.
        if "epochs" in model["params"]:
            model["params"]["epochs"] = 3
    table.loc[3, numbers[0]] = "1e9"
    table.loc[[5, 6, 7], numbers[1]] = ""
    table = pd.concat([table, table.tail(4)])
    table.to_csv(path, index=False)

    def edit(changes: dict[str, Any]) -> Config:
        (workspace / "params.yaml").write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")
        (workspace / "data" / "schema.json").unlink(missing_ok=True)
        return load_config(workspace / "params.yaml")

    return edit


def test_a_number_that_is_hardly_to_be_believed_is_told(
    messy: Callable[..., Config], caplog: pytest.LogCaptureFixture
) -> None:
    read_data(messy({}))
    (told,) = [record.getMessage() for record in caplog.records if "hardly to be believed" in record.getMessage()]
    assert "such as 1e+09" in told
    caplog.clear()
    read_data(messy({"cleaning": {"outliers": {"treat": "clip"}}}))
    assert "hardly to be believed" not in caplog.text


def test_repeated_rows_are_left_out_if_asked(messy: Callable[..., Config]) -> None:
    rows = len(read_data(messy({}))[0])
    frame, _ = read_data(messy({"cleaning": {"duplicates": "drop"}}))
    (count,) = (count for why, count in frame.attrs["summary"]["rows_left_out"].items() if "duplicates" in why)
    assert len(frame) == rows - count
    assert count >= 4


def test_rows_with_missing_values_are_left_out_if_asked_and_refused_in_what_is_predicted(
    messy: Callable[..., Config], tmp_path: Path
) -> None:
    config = messy({"cleaning": {"missing": "drop"}})
    frame, schema = read_data(config)
    assert not frame[[column.name for column in schema.columns]].isna().any(axis=None)
    assert not any(column.nullable for column in schema.columns)
    assert any("by cleaning.missing" in why for why in frame.attrs["summary"]["rows_left_out"])
    bundle = load_bundle(train(config).bundle)
    with pytest.raises(DataError, match="the value is missing"):
        predict(bundle, config.data_path, tmp_path / "predictions.csv")


@pytest.mark.parametrize(
    ("cleaning", "told"),
    [
        ({"missing": 0}, {"missing values"}),
        ({"missing": "mean", "missing_flags": False, "outliers": {"treat": "clip"}}, {"missing values", "outliers"}),
        ({"missing": "most_frequent", "rare": 0.2, "outliers": {"treat": "drop"}}, {"missing values", "outliers"}),
    ],
)
def test_what_was_cleaned_is_in_the_report_and_the_graph_agrees(
    messy: Callable[..., Config], cleaning: dict[str, Any], told: set[str]
) -> None:
    run = train(messy({"cleaning": cleaning}))
    assert set(run.evaluation.tables["Cleaning"]["what"]) >= told
    assert load_bundle(run.bundle).metrics["onnx"]["agreement"] == 1


@pytest.mark.parametrize("pca", [2, 0.9])
def test_a_model_learns_from_principal_components_if_asked(messy: Callable[..., Config], pca: float) -> None:
    run = train(messy({"features": {"prepare": False, "pca": pca}, "cleaning": {"outliers": {"treat": "clip"}}}))
    shares = run.evaluation.tables["Principal components"]["with those before"]
    assert len(shares) == pca or shares.iloc[-1] >= pca > shares.iloc[-2]
    assert run.evaluation.tables["Loadings"]["feature"].str.len().all()
    reduced = pd.read_csv(run.report.parent / "components.csv")
    assert [*reduced.columns[:3], reduced.columns[-1]] == ["row", "held out", "component 1", "predicted"]
    assert reduced.filter(like="component").shape[1] == len(shares)
    assert 0 < reduced["held out"].sum() < len(reduced)
    bundle = load_bundle(run.bundle)
    assert bundle.predictor.engine == "onnxruntime"
    assert bundle.metrics["onnx"]["agreement"] == 1


def test_components_that_cannot_be_are_refused(messy: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"features.*pca"):
        messy({"features": {"prepare": False, "pca": 2.5}})
    with pytest.raises(ConfigError, match=r"n_components=99"):
        train(messy({"features": {"prepare": False, "pca": 99}}))


def test_a_column_of_many_words_is_kept_and_any_word_may_come(messy: Callable[..., Config], tmp_path: Path) -> None:
    config = messy({})
    table = pd.read_csv(config.data_path, dtype=str, keep_default_na=False)
    table["street"] = [f"street {row % 60}" for row in range(len(table))]
    table.to_csv(config.data_path, index=False)
    bundle = load_bundle(train(config).bundle)
    (column,) = (column for column in bundle.schema.columns if column.name == "street")
    assert column.many
    assert column.words == 60
    assert bundle.metrics["onnx"]["agreement"] == 1
    table["street"] = "never seen"
    table.to_csv(tmp_path / "new.csv", index=False)
    assert predict(bundle, tmp_path / "new.csv", tmp_path / "predictions.csv") == len(table)


def test_the_defaults_of_params_are_those_of_the_code(project: Path) -> None:
    settings = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    assert Cleaning(**settings["cleaning"]).model_dump() | {"outliers": None} == Cleaning().model_dump() | {
        "outliers": None
    }
    assert Outliers(**settings["cleaning"]["outliers"]) == Outliers(beyond=3)
    assert Features(**settings["features"]) == Features(prepare=False)
