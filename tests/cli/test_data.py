"""A table of one's own: looked at, what to predict proposed, put into the project; or refused."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from mlscaffold._data import _beginning

from .conftest import Invoke, Terminal, answer, finish
from .toy import git

ROOT = Path(__file__).parents[2]
# Cut by semicolons, in Latin-1, with decimal commas, and a name that commands trip over.
CHURN = "Kunden-Nr;Tarif;Gebühr;seit;Anrufe;gekündigt\n" + "".join(
    f"K{1000 + row};{('Basis', 'Groß', 'Familie')[row % 3]};{row % 40},{row % 10};{row % 28 + 1:02}.03.{2015 + row % 9}"
    f";{('', 0, 1, 7)[row % 4]};{'ja' if row % 4 == 3 or row % 17 == 0 else 'nein'}\n"
    for row in range(300)
)
TRIPS = "individual,date,choice\n" + "".join(
    f"{row // 4},2024-01-{row % 4 + 1:02},{row % 2}\n{row // 4},2024-02-{row % 4 + 1:02},{row % 2}\n"
    for row in range(80)
)
AMOUNTS = "size,rooms,price\n" + "".join(
    f"{40 + row % 90},{1 + row % 5},{90_000 + 1_370 * (row % 90)}\n" for row in range(200)
)
UP, ESCAPE = "\x1b[A", "\x1b"
GRADES = "acid,sugar,quality\n" + "".join(
    f"{row % 13},{row % 7 / 2},{3 + (row % 13 > 6) + row % 2}\n" for row in range(200)
)


def write_table(folder: Path, name: str = "Meine Kunden (1).csv", text: str = CHURN) -> Path:
    file = folder / name
    file.write_text(text, encoding="latin-1")
    return file


# Before anything is read.


def test_a_template_that_takes_no_table_says_so(template: Path, workshop: Path, invoke: Invoke) -> None:
    result = invoke("new", "acme", "--defaults", "--data", write_table(workshop))
    assert (result.exit_code, list(workshop.glob("acme"))) == (2, [])
    assert "this template takes no table of your own\n  Leave --data out." in result.output


def refused(invoke: Invoke, *arguments: object) -> tuple[int, str]:
    result = invoke("new", "acme", "--defaults", *arguments)
    assert not Path("acme").exists()
    assert list(Path.cwd().glob(".mlscaffold*")) == []
    return result.exit_code, result.output


def test_a_table_that_is_none_is_refused(workshop: Path, invoke: Invoke) -> None:
    assert refused(invoke, "--data", "none.csv") == (
        1,
        "error: there is no file none.csv\n  Give --data the path of a table, or of a folder of images.\n",
    )
    code, said = refused(invoke, "--data", workshop)
    assert code == 1
    assert f"{workshop} is a folder without folders in it" in said
    assert refused(invoke, "--target", "x")[0] == 2
    assert refused(invoke, "--link-data")[0] == 2


@pytest.mark.usefixtures("template")
def test_a_wrong_answer_is_refused_before_a_table_is_read(workshop: Path, invoke: Invoke) -> None:
    code, said = refused(invoke, "--data", write_table(workshop), "--set", "colour=red")
    assert (code, "there is no question 'colour'" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "data_file=other.csv"], "--data is table.csv, and data_file is other.csv"),
        (["--target", "a", "--set", "target=b"], "--target is 'a', and target='b' is set"),
    ],
)
def test_what_is_said_twice_in_two_ways_is_refused(
    workshop: Path, invoke: Invoke, arguments: list[str], said: str
) -> None:
    code, found = refused(invoke, "--data", workshop / "table.csv", *arguments)
    assert (code, said in found) == (2, True), found


def test_packages_that_are_missing_are_named_with_what_installs_them(
    workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlscaffold._data.PACKAGES", ("sys", "no_such_package"))
    code, said = refused(invoke, "--data", write_table(workshop))
    assert code == 1
    assert "--data needs packages that are not installed: no_such_package" in said
    assert f"Install them: {sys.executable} -m pip install 'duckdb" in said


def test_what_reads_tables_is_what_projects_install() -> None:
    listed = [Requirement(each) for each in metadata.requires("copier-mlscaffold") or [] if "extra ==" in each]
    extra = {each.name: str(each.specifier) for each in listed}
    lines = [line for file in (ROOT / "template" / "parts").rglob("deps.txt") for line in file.read_text().splitlines()]
    known = [Requirement(line.split()[1]) for line in lines if line and not line.startswith("#")]
    assert len(extra) == 9
    assert extra.items() <= {(each.name, str(each.specifier)) for each in known}


# With the template, and with the code of its projects.


@pytest.fixture
def own(workshop: Path, invoke: Invoke) -> Callable[..., tuple[str, dict[str, object]]]:
    """Make the project acme from a table; return what was said, and params.yaml."""

    def make(file: Path, *arguments: object) -> tuple[str, dict[str, object]]:
        result = invoke("new", "acme", "--defaults", "--data", file, *arguments)
        assert result.exit_code == 0, result.output
        params = yaml.safe_load((workshop / "acme" / "params.yaml").read_text(encoding="utf-8"))
        return result.output, params

    return make


@pytest.mark.test
def test_a_table_becomes_a_project(own: Callable[..., tuple[str, dict[str, object]]], workshop: Path) -> None:
    file = write_table(workshop)
    before = file.read_bytes()
    said, params = own(file, "--target", "gekündigt")
    assert "300 rows, 6 columns" in said
    assert re.search(r"Kunden-Nr +left out +is different in every row, as ids and names are", said)
    assert "target: gekündigt; task: classification, as it holds 2 different words" in said
    assert "column 'Kunden-Nr' left out" in said
    assert "'Anrufe' is missing in 25%" not in said
    project = workshop / "acme"
    assert (project / "data" / "raw" / "Meine_Kunden_1.csv").read_bytes() == before == file.read_bytes()
    data = params["data"]
    assert isinstance(data, dict)
    assert (data["path"], data["target"]) == ("data/raw/Meine_Kunden_1.csv", "gekündigt")
    schema = json.loads((project / "data" / "schema.json").read_text(encoding="utf-8"))
    kinds = {column["name"]: column["kind"] for column in schema["columns"]}
    assert kinds == {"Tarif": "category", "Gebühr": "number", "seit": "date", "Anrufe": "number"}
    assert schema["target"]["categories"] == ["ja", "nein"]
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["data_file"], answers["target"]) == ("Meine_Kunden_1.csv", "gekündigt")
    # Nothing of the example is left but that of the tests; what is known of the data is in git, and it is not.
    assert "penguins" not in (project / "README.md").read_text(encoding="utf-8")
    assert "It predicts `gekündigt` from the other columns of `data/raw/Meine_Kunden_1.csv`." in (
        project / "README.md"
    ).read_text(encoding="utf-8")
    tracked = git(project, "ls-files", "data").splitlines()
    assert tracked == ["data/raw/.gitignore", "data/schema.json"]
    assert git(project, "status", "--porcelain") == ""
    assert list(project.rglob("__pycache__")) == []


@pytest.mark.test
@pytest.mark.parametrize(
    ("text", "arguments", "task", "why"),
    [
        (AMOUNTS, ["--target", "price"], "regression", "it holds numbers, 90000 to "),
        *(
            pytest.param(*case, marks=pytest.mark.prove)
            for case in (
                (GRADES, ["--target", "quality"], "classification", "it holds 3 different whole numbers"),
                (GRADES, ["--target", "quality", "--set", "task=regression"], "regression", "you say"),
                (AMOUNTS, ["--set", "task=clustering"], "clustering", "you say"),
                (AMOUNTS, ["--target", ""], "clustering", "nothing is to be predicted"),
                (AMOUNTS.replace("price", "target"), [], "regression", "it holds numbers"),
            )
        ),
    ],
)
def test_the_task_follows_from_what_is_predicted(
    own: Callable[..., tuple[str, dict[str, object]]],
    workshop: Path,
    text: str,
    arguments: list[str],
    task: str,
    why: str,
) -> None:
    said, _ = own(write_table(workshop, "table.csv", text), *arguments)
    assert f"task: {task}, as {why}" in said
    answers = yaml.safe_load((workshop / "acme" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["task"] == task


REFUSED = [
    (CHURN, [], 2, "say which column of table.csv is to be predicted: --target NAME"),
    (CHURN, ["--target", "Tarife"], 2, "table.csv has no column 'Tarife'; did you mean Tarif?"),
    (CHURN, ["--target", "seit"], 2, "column 'seit' holds dates, and no task predicts these"),
    (CHURN, ["--target", "Tarif", "--set", "task=clustering"], 2, "task=clustering predicts no column"),
    (
        CHURN,
        ["--target", "Tarif", "--set", "task=forecasting"],
        2,
        "task=forecasting needs a column for time_column, and table.csv has no column",
    ),
    ("a,target\n1,x\n2,x\n3,x\n", [], 2, "column 'target' holds one value only, x"),
    ("", ["--target", "b"], 1, "the data cannot be used: table.csv"),
    ("a,b\n", ["--target", "b"], 2, "column 'b' holds no value"),
    ("PAR1", ["--target", "b"], 1, "Parquet"),
]


@pytest.mark.test
@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        (CHURN, ["--target", "Tarif", "--set", "task=regression"], 1, "nothing can be learned from the data so: "),
        ("a,b\n1,2\n3,4,5\n", ["--target", "b"], 1, "the data cannot be used: table.csv"),
        *(pytest.param(*case, marks=pytest.mark.prove) for case in REFUSED),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    workshop: Path, invoke: Invoke, text: str, arguments: list[str], code: int, said: str
) -> None:
    table = write_table(workshop, "table.csv", text)
    found = refused(invoke, "--data", table.name, *arguments)
    assert (found[0], said in found[1]) == (code, True), found[1]
    assert "Traceback" not in found[1]
    assert list(workshop.iterdir()) == [table]


@pytest.mark.prove
def test_how_rows_hang_together_is_said(workshop: Path, invoke: Invoke) -> None:
    ordered = "date,user_id,target\n" + "".join(f"2024-01-{row:02},{row % 9},{row % 2}\n" for row in range(1, 29))
    for text, said in ((TRIPS, "several rows share a value of 'individual'"), (ordered, "in the order of 'date'")):
        table = write_table(workshop, "table.csv", text)
        code, found = refused(
            invoke, "--no-git", "--dry-run", "--data", table, "--target", text[:40].split()[0].split(",")[2]
        )
        assert (code, said in found) == (0, True), found


@pytest.mark.prove
def test_a_table_can_be_linked_and_a_dry_run_reads_it_as_well(
    own: Callable[..., tuple[str, dict[str, object]]], workshop: Path, invoke: Invoke
) -> None:
    file = write_table(workshop, "table.csv", AMOUNTS)
    result = invoke("new", "acme", "--defaults", "--dry-run", "--data", file, "--target", "price")
    assert result.exit_code == 0, result.output
    assert "table.csv" in result.output.partition("raw/")[2]
    asked = ("new", "acme", "--defaults", "--dry-run", "--data", file, "--target", "price", "--json")
    data = json.loads(invoke(*asked).stdout)["data"]
    assert (data["file"], data["columns"][-1], bool(data["rows"])) == (str(file), "price", True)
    assert list(workshop.iterdir()) == [file]
    own(file, "--target", "price", "--link-data")
    assert (workshop / "acme" / "data" / "raw" / "table.csv").resolve() == file


@pytest.mark.test
@pytest.mark.parametrize("packed", [False, pytest.param(True, marks=pytest.mark.prove)])
def test_of_a_large_table_the_beginning_is_looked_at(
    own: Callable[..., tuple[str, dict[str, object]]], workshop: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr("mlscaffold._data.LARGE", 1_000)
    monkeypatch.setattr("mlscaffold._data.LOOKED_AT", 900)
    # The beginning ends within quotes.
    rows = [f'{row},"one\ntwo",{row % 2}\n' for row in range(1_000)]
    text = "a,note,target\n" + "".join(rows)
    file = workshop / ("table.csv.gz" if packed else "table.csv")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    said, _ = own(file)
    assert "columns, by its beginning" in said
    assert "make data checks all of it" in said
    project = workshop / "acme"
    assert (project / "data" / "raw" / file.name).read_bytes() == file.read_bytes()
    assert not (project / "data" / "schema.json").exists()


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"[{"])
def test_what_cannot_be_cut_between_lines_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr("mlscaffold._data.LARGE", 10)
    file = tmp_path / "table"
    file.write_bytes(start + b"a\nb\n" * 9)
    with _beginning(file, tmp_path) as beginning:
        assert beginning == file


@pytest.mark.test
def test_the_columns_are_offered_in_the_terminal(
    terminal: Terminal, workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_table(workshop, "table.csv", GRADES)
    child = terminal("new", "acme", "--data", str(file), "--set", "framework=scikit-learn", "--set", "preset=starter")
    child.expect_exact("quality  ")
    answer(child, "Which column is to be predicted?", UP)
    child.expect_exact("task: regression, as it holds numbers")
    child.expect_exact("project called?")
    # Back to the column.
    child.send(ESCAPE)
    answer(child, "Which column is to be predicted?")
    child.expect_exact("task: classification, as it holds 3 different whole numbers")
    answer(child, "project called?")
    answer(child, "model do?")
    answer(child, "installs the packages?")
    child.expect_exact("table.csv")
    answer(child, "what you want?")
    code, said = finish(child)
    assert code == 0, said
    answers = yaml.safe_load((workshop / "acme" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["task"], answers["target"], answers["data_file"]) == ("classification", "quality", "table.csv")


@pytest.mark.test
def test_a_reader_that_dies_is_told(workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], -9, "", "")

    monkeypatch.setattr("mlscaffold._data.subprocess.run", die)
    code, said = refused(invoke, "--no-git", "--data", write_table(workshop), "--target", "Tarif")
    assert (code, "reading the data failed: exit code -9" in said) == (1, True)
