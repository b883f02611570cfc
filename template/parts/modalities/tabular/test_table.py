"""The schema is inferred once and holds on every later load; errors name column, row and rule."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from acme_ml.columns import VERSION, Column
from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.data.reading import open_csv
from acme_ml.data.summary import Summary
from acme_ml.data.table import check_table, encode_table, read_columns
from acme_ml.errors import DataError
from acme_ml.evaluation import explore
from acme_ml.inference.encoder import Encoder
from acme_ml.schema import MISSING, Schema


@pytest.fixture
def frame() -> pd.DataFrame:
    """Six rows with one column of each kind, two of them with a missing value."""
    return pd.DataFrame(
        {
            "weight (kg)": [1.5, 2.0, None, 4.0, 5.5, 6.0],
            "colour": ["red", "blue", "red", None, "blue", "red"],
            "sold": [True, False, True, True, False, False],
            "built": [0.0, 86_400.0, 1e9, 1e9, 1e9, 1.5e9],
        }
    )


@pytest.fixture
def schema() -> Schema:
    """The schema of the frame, and of a target where models learn one."""
    columns = (
        Column(name="weight (kg)", kind="number", nullable=True, minimum=1.5, maximum=6.0),
        Column(name="colour", kind="category", nullable=True, categories=("blue", "red")),
        Column(name="sold", kind="boolean"),
        Column(name="built", kind="date", earliest=datetime(2001, 1, 1), latest=datetime(2024, 1, 1), form="%d.%m.%Y"),
    )
    target = {"target": Column(name="price", kind="number")} if "target" in Schema.model_fields else {}
    return Schema.model_validate({"version": VERSION, "source": "frame.csv", "columns": columns} | target)


def test_a_schema_survives_its_file(schema: Schema, tmp_path: Path) -> None:
    schema.save(tmp_path / "schema.json")
    assert Schema.read(tmp_path / "schema.json") == schema


def test_rows_and_tables_are_encoded_alike(frame: pd.DataFrame, schema: Schema) -> None:
    rows: list[dict[str, Any]] = [
        {"weight (kg)": 4.0, "sold": True, "built": 1e9},
        {"weight (kg)": None, "colour": "red", "sold": False, "built": 1e9},
    ]
    from_rows = Encoder(schema).encode(rows)
    from_table = Encoder(schema).encode_features(encode_table(frame.loc[[3, 2]].assign(sold=[True, False]), schema))
    for name in ("numbers", "dates", "categories"):
        assert from_rows[name].dtype == from_table[name].dtype
        assert pd.DataFrame(from_rows[name]).equals(pd.DataFrame(from_table[name]))
    assert from_rows["categories"][0, 0] == MISSING


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("sold", "maybe", "'maybe' is neither True nor False"),
        ("built", None, "the value is missing"),
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
        check_table(broken, schema.columns, Path("table.csv"), advice="Mend it.")
    assert f"column '{column}', row 2: {rule}" in str(error.value)
    assert str(error.value).endswith("\nMend it.")


def test_a_missing_column_is_named(tmp_path: Path, schema: Schema) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with (
        open_csv(tmp_path / "table.csv") as table,
        pytest.raises(DataError, match=r"no column 'weight \(kg\)'; it has"),
    ):
        read_columns(table, schema.columns)


def test_a_table_is_read_by_its_schema(tmp_path: Path, schema: Schema) -> None:
    rows = ["weight (kg),colour,sold,built,row", "1.5, red,TRUE,01.01.1970,x", ",,false,2.1.1970,y"]
    (tmp_path / "table.csv").write_text("\n".join(rows), encoding="utf-8")
    with open_csv(tmp_path / "table.csv") as table:
        frame = read_columns(table, schema.columns)
    check_table(frame, schema.columns, tmp_path / "table.csv")
    assert frame["weight (kg)"].tolist()[:1] == [1.5]
    assert frame["colour"].fillna("").tolist() == ["red", ""]
    assert frame["sold"].tolist() == [True, False]
    assert frame["built"].tolist() == [0, 86_400]


def test_a_word_is_read_as_the_schema_spells_it(tmp_path: Path) -> None:
    columns = (Column(name="zone", kind="category", categories=("0.0", "b")),)
    (tmp_path / "table.csv").write_text("zone\n0\nb \n0.0\n", encoding="utf-8")
    with open_csv(tmp_path / "table.csv") as table:
        assert read_columns(table, columns)["zone"].tolist() == ["0.0", "b", "0.0"]


def test_a_schema_of_another_version_is_refused_until_it_is_inferred_anew(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    known = Schema.read(config.schema_path)
    for text in ("{}", config.schema_path.read_text(encoding="utf-8").replace('"version": 2', '"version": 1'), "{"):
        config.schema_path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="infer it anew: run the data command with --refresh"):
            read_data(config)
    assert read_data(config, refresh=True)[1] == known


def test_what_is_used_and_what_not_is_told(
    workspace: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore, "draw_all", lambda frame, columns, target: {})
    config = load_config(workspace / "params.yaml")
    frame, schema = read_data(config)
    rows = config.data_path.read_text(encoding="utf-8").splitlines()
    header = f"extra,{rows[0]}"
    config.data_path.write_text("\n".join([header, *(f"x,{row}" for row in rows[1:])]), encoding="utf-8")
    caplog.set_level("INFO")
    again, same = read_data(config)
    assert same == schema
    page = explore.write_exploration(again, schema, workspace / "page")
    summary = Summary.model_validate_json((workspace / "page" / "summary.json").read_bytes())
    assert (summary.rows, len(again)) == (len(rows) - 1, len(frame))
    assert sum(summary.rows_left_out.values()) == summary.rows - len(again)
    assert summary.columns == tuple(column.name for column in schema.held)
    assert (summary.columns_left_out, summary.columns_unknown) == (schema.ignored, ("extra",))
    for line in summary.lines():
        assert line in caplog.text
    assert "is not known to the schema" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("cell", ["Total", "total:", " Gesamt", "合计"])
def test_a_row_that_adds_up_the_others_is_left_out_and_told(
    workspace: Path, cell: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = load_config(workspace / "params.yaml")
    frame, schema = read_data(config)
    text = config.data_path.read_text(encoding="utf-8").rstrip("\n")
    names = text.splitlines()[0].split(",")
    label, target = schema.columns[0].name, schema.held[0].name
    row = [cell if name == label else "99999" if name == target else "" for name in names]
    config.data_path.write_text("\n".join([text, ",".join(row)]), encoding="utf-8")
    caplog.set_level("INFO")
    for refresh in (False, True):
        caplog.clear()
        again, same = read_data(config, refresh=refresh)
        assert again.equals(frame)
        assert same == schema
        assert f"1 row left out: the last row is a total, {cell!r}" in caplog.text


def test_a_word_that_other_rows_hold_is_no_total(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("loss,y\nTotal,1\npartial,2\ntotal,3\n", encoding="utf-8")
    with open_csv(tmp_path / "table.csv") as table:
        assert table.leave_out_total() is None
        assert table.rows == 3


def test_a_choice_that_changes_infers_the_schema_anew(workspace: Path) -> None:
    config = load_config(workspace / "params.yaml")
    name = read_data(config)[1].columns[0].name
    chosen = config.data.model_copy(update={"ignore": (name,)})
    _, schema = read_data(config.model_copy(update={"data": chosen}))
    assert name not in {column.name for column in schema.columns}
    assert schema.ignored[name] == "is listed under data.ignore"
    assert (schema.decided, Schema.read(config.schema_path)) == ({"ignore": [name]}, schema)


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
