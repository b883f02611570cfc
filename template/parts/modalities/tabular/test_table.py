"""The schema is inferred once and holds on every later load; errors name column, row and rule."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from acme_ml.columns import VERSION, Column
from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.data.reading import open_csv
from acme_ml.data.table import (
    check_table,
    encode_table,
    infer_column,
    infer_columns,
    read_columns,
    why_unusable,
)
from acme_ml.errors import DataError
from acme_ml.inference.encoder import Encoder
from acme_ml.schema import MISSING, Schema


@pytest.fixture
def frame() -> pd.DataFrame:
    """Six rows with one column of each kind, two of them with a missing value."""
    return pd.DataFrame(
        {
            "row": range(6),
            "weight (kg)": [1.5, 2.0, None, 4.0, 5.5, 6.0],
            "colour": ["red", "blue", "red", None, "blue", "red"],
            "sold": [True, False, True, True, False, False],
            "empty": [None] * 6,
            "same": [7] * 6,
        }
    )


@pytest.fixture
def schema(frame: pd.DataFrame) -> Schema:
    """The schema of the frame, and of a target where models learn one."""
    columns, ignored = infer_columns(frame, {}, "frame.csv", ())
    target = {"target": Column(name="price", kind="number")} if "target" in Schema.model_fields else {}
    told = {"version": VERSION, "source": "frame.csv", "columns": columns, "ignored": ignored}
    return Schema.model_validate(told | target)


def test_kinds_ranges_and_missing_values_are_inferred(schema: Schema) -> None:
    assert schema.columns == (
        Column(name="weight (kg)", kind="number", nullable=True, minimum=1.5, maximum=6.0),
        Column(name="colour", kind="category", nullable=True, categories=("blue", "red")),
        Column(name="sold", kind="boolean"),
    )
    assert schema.ignored == {
        "row": "only counts the rows",
        "empty": "holds no value",
        "same": "holds one value only",
    }


def test_a_counter_is_one_even_where_rows_have_no_target(frame: pd.DataFrame) -> None:
    gap = frame.assign(price=[1.0, None, 2.0, 3.0, 4.0, 5.0])
    columns, ignored = infer_columns(gap, {}, "frame.csv", (), "price")
    assert ignored["row"] == "only counts the rows"
    assert "price" not in {column.name for column in columns}


def test_free_text_is_left_out() -> None:
    assert "different texts" in str(why_unusable(pd.Series([f"name {number}" for number in range(60)])))


def test_a_schema_survives_its_file(schema: Schema, tmp_path: Path) -> None:
    schema.save(tmp_path / "schema.json")
    assert Schema.read(tmp_path / "schema.json") == schema


def test_rows_and_tables_are_encoded_alike(frame: pd.DataFrame, schema: Schema) -> None:
    rows: list[dict[str, Any]] = [
        {"weight (kg)": 4.0, "sold": True},
        {"weight (kg)": None, "colour": "red", "sold": False},
    ]
    from_rows = Encoder(schema).encode(rows)
    from_table = Encoder(schema).encode_features(encode_table(frame.loc[[3, 2]].assign(sold=[True, False]), schema))
    for name in ("numbers", "categories"):
        assert from_rows[name].dtype == from_table[name].dtype
        assert pd.DataFrame(from_rows[name]).equals(pd.DataFrame(from_table[name]))
    assert from_rows["categories"][0, 0] == MISSING


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("weight (kg)", "heavy", "'heavy' is not a number"),
        ("weight (kg)", float("inf"), "inf is not finite"),
        ("weight (kg)", 1e39, "1e+39 is larger than a model can take"),
        ("colour", "green", "'green' is not one of blue, red"),
        ("sold", None, "the value is missing"),
    ],
)
def test_a_broken_rule_names_column_and_row(
    frame: pd.DataFrame, schema: Schema, column: str, value: object, rule: str
) -> None:
    broken = frame.astype({column: object})
    broken.loc[1, column] = value
    with pytest.raises(DataError) as error:
        check_table(broken, schema.columns, Path("table.csv"))
    assert f"column '{column}', row 2: {rule}" in str(error.value)
    assert "--refresh" in str(error.value)


def test_a_missing_column_is_named(frame: pd.DataFrame, schema: Schema) -> None:
    with pytest.raises(DataError, match="column 'sold' is missing"):
        check_table(frame.drop(columns="sold"), schema.columns, Path("table.csv"))


def test_digits_stay_text_once_they_are_categories(tmp_path: Path) -> None:
    path, columns = tmp_path / "table.csv", (Column(name="zone", kind="category", categories=("01", "2")),)
    path.write_text("zone\n01\n2\n", encoding="utf-8")
    with open_csv(path) as table:
        frame = read_columns(table, columns)
    check_table(frame, columns, path)
    assert frame["zone"].tolist() == ["01", "2"]


def test_the_example_fits_its_committed_schema(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    committed = Schema.read(config.schema_path)
    _, schema = read_data(config, refresh=True)
    assert schema == committed


def test_another_table_gets_a_schema_of_its_own(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    own = workspace / "own.csv"
    own.write_bytes(config.data_path.read_bytes())
    changed = config.model_copy(update={"data": config.data.model_copy(update={"path": "own.csv"})})
    _, schema = read_data(changed)
    assert schema.source == "own.csv"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00bad", b'a,b\n"1'])
def test_an_unreadable_table_is_named(workspace: Path, content: bytes | None) -> None:
    config = load_config(workspace / "params.yaml")
    config.data_path.unlink()
    if content is not None:
        config.data_path.write_bytes(content)
    with pytest.raises(DataError, match=config.data_path.name):
        read_data(config)


def test_an_ignored_column_must_exist(workspace: Path) -> None:
    config: Config = load_config(workspace / "params.yaml")
    changed = config.model_copy(update={"data": config.data.model_copy(update={"ignore": ("ghost",)})})
    with pytest.raises(DataError, match="no column 'ghost'"):
        read_data(changed)


def test_missing_values_of_a_boolean_stay_boolean() -> None:
    assert infer_column(pd.Series([True, None, False], name="sold", dtype=object)).kind == "boolean"
