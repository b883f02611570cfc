"""New files become rows of the table, once, whole or not at all, and each cell as it was written."""

import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from acme_ml.config import Config, load_config
from acme_ml.data.load import read_data
from acme_ml.errors import DataError, ProjectError
from acme_ml.pipeline import ingest as module
from acme_ml.pipeline.ingest import LOCK_FILE, Ingested, ingest
from acme_ml.pipeline.intake import PENDING, Staged
from acme_ml.pipeline.ledger import Entry, add_to_ledger, read_ledger

LAST = 5
HUGE = 2_000_000_000


@pytest.fixture
def config(workspace: Path) -> Config:
    """The example without its last rows, and an empty drop folder."""
    config = load_config(workspace / "params.yaml")
    config.drop_dir.mkdir(parents=True)
    lines = config.data_path.read_bytes().splitlines(keepends=True)
    (workspace / "whole.csv").write_bytes(b"".join(lines))
    config.data_path.write_bytes(b"".join(lines[:-LAST]))
    return config


@pytest.fixture
def whole(config: Config) -> list[list[str]]:
    """The cells of the whole example, the header first."""
    return list(csv.reader((config.root / "whole.csv").open(encoding="utf-8", newline="")))


def written(rows: list[list[str]], separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    return text.getvalue()


def offer(config: Config, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = config.drop_dir / name
    path.write_text(text, encoding=encoding, newline="")
    return path


def outcomes(found: Ingested) -> dict[str, str]:
    return {entry.file: entry.outcome for entry in found.entries}


def test_rows_are_added_once(config: Config, whole: list[list[str]]) -> None:
    text = written([whole[0], *whole[-LAST:]])
    offer(config, "new.csv", text)
    found = ingest(config)
    assert outcomes(found) == {"new.csv": "taken"}
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole
    assert [path.read_text(encoding="utf-8") for path in (config.root / "data" / "taken").iterdir()] == [text]
    offer(config, "renamed.csv", text)
    offer(config, "twice.csv", text)
    assert outcomes(ingest(config)) == {"renamed.csv": "known", "twice.csv": "known"}
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole
    lines = read_ledger(config)
    assert [(line.outcome, line.examples) for line in lines] == [("taken", LAST), ("known", 0), ("known", 0)]
    assert not [path for path in config.drop_dir.iterdir() if path.name != LOCK_FILE]


def test_of_two_that_are_the_same_one_is_taken(config: Config, whole: list[list[str]]) -> None:
    for name in ("a.csv", "b.csv"):
        offer(config, name, written([whole[0], *whole[-LAST:]]))
    assert outcomes(ingest(config)) == {"a.csv": "taken", "b.csv": "known"}
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole


def test_a_short_file_does_not_shorten_what_the_ledger_may_hold(config: Config, whole: list[list[str]]) -> None:
    reason = "long" * 100
    add_to_ledger(config, [Entry(time="", file="old.csv", outcome="refused", why=reason)])
    offer(config, "new.csv", "a\n1\n")
    assert outcomes(ingest(config)) == {"new.csv": "refused"}
    assert [line.why for line in read_ledger(config)][:1] == [reason]


def test_a_dry_run_writes_nothing(config: Config, whole: list[list[str]]) -> None:
    offer(config, "new.csv", written([whole[0], *whole[-LAST:]]))
    before = config.data_path.read_bytes()
    found = ingest(config, dry=True)
    assert found.describe() == f"1 taken; {LAST} examples are new"
    assert config.data_path.read_bytes() == before
    assert (config.drop_dir / "new.csv").exists()
    assert not read_ledger(config)


def test_another_separator_order_and_encoding_give_the_same_rows(config: Config, whole: list[list[str]]) -> None:
    offer(config, "new.csv", written([row[::-1] for row in [whole[0], *whole[-LAST:]]], ";"), "utf-16")
    assert outcomes(ingest(config)) == {"new.csv": "taken"}
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole


def encodings(text: str) -> Iterator[str]:
    """Yield those that tables are written in, and this one can be."""
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            assert encoding == "cp1252"
        else:
            yield encoding


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_table_stays_written_as_it_was(config: Config, whole: list[list[str]], end: str) -> None:
    # The last line has no end.
    text = written(whole[:-LAST]).rstrip("\n").replace("\n", end)
    for encoding in encodings(text):
        before = text.encode(encoding)
        config.data_path.write_bytes(before)
        offer(config, "new.csv", written([whole[0], *whole[-LAST:]]), encoding)
        (config.root / "data" / "ledger.csv").unlink(missing_ok=True)
        assert outcomes(ingest(config)) == {"new.csv": "taken"}
        after = config.data_path.read_bytes()
        assert after.startswith(before)
        assert list(csv.reader(io.StringIO(after.decode(encoding), newline="")))[-LAST:] == whole[-LAST:]


def test_a_compressed_table_stays_compressed(config: Config, whole: list[list[str]]) -> None:
    config.data_path.write_bytes(gzip.compress(config.data_path.read_bytes()))
    offer(config, "new.csv", written([whole[0], *whole[-LAST:]]))
    assert outcomes(ingest(config)) == {"new.csv": "taken"}
    text = gzip.decompress(config.data_path.read_bytes()).decode("utf-8")
    assert list(csv.reader(io.StringIO(text, newline=""))) == whole


def test_what_does_not_fit_is_set_aside_with_the_reason_and_the_rest_is_taken(
    config: Config, whole: list[list[str]]
) -> None:
    header, *last = [whole[0], *whole[-LAST:]]
    offer(config, "good.csv", written([header, *last]))
    offer(config, "columns.csv", written([[*header, "more"], [*last[0], "1"]]))
    offer(config, "fewer.csv", written([header[1:], last[0][1:]]))
    offer(config, "cells.csv", written([header, ["???"] * len(header)]))
    offer(config, "header.csv", written([header]))
    offer(config, "empty.csv", "")
    offer(config, "old.xls", "\ufffd")
    (config.drop_dir / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0 a sheet")
    (config.drop_dir / "folder").mkdir()
    found = ingest(config)
    expected = {
        "columns.csv": "has 'more', which the data has not",
        "fewer.csv": f"lacks {header[0]!r}",
        "cells.csv": "???",
        "header.csv": "has no row",
        "empty.csv": "it is empty",
        "old.xls": "is an old Excel file",
    }
    assert outcomes(found) == {"good.csv": "taken", **dict.fromkeys(expected, "refused")}
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole
    refused = config.root / "data" / "refused"
    for name, why in expected.items():
        (reason,) = refused.glob(f"*-{name}.reason.txt")
        assert why in reason.read_text(encoding="utf-8")
        assert reason.with_name(reason.name.removesuffix(".reason.txt")).exists()
    assert (config.drop_dir / "folder").is_dir()


def test_what_is_still_written_waits(config: Config, whole: list[list[str]]) -> None:
    asked = config.model_copy(update={"pipeline": config.pipeline.model_copy(update={"settled": 60})})
    text = written([whole[0], *whole[-LAST:]])
    path = offer(config, "new.csv", text)
    offer(config, "new.csv.part", text)
    os.utime(config.drop_dir / "new.csv.part", (0, 0))
    assert outcomes(ingest(asked)) == {"new.csv": "waiting", "new.csv.part": "waiting"}
    os.utime(path, (0, 0))
    assert outcomes(ingest(asked)) == {"new.csv": "taken", "new.csv.part": "waiting"}
    assert (config.drop_dir / "new.csv.part").exists()


def test_a_huge_file_is_refused_before_it_is_read(config: Config) -> None:
    with (config.drop_dir / "huge.csv").open("wb") as file:
        file.truncate(HUGE)
    (entry,) = ingest(config).entries
    assert (entry.outcome, entry.sha256) == ("refused", "")
    assert entry.why == "it has 2,000 MB, more than the 1000 of pipeline.megabytes"


def kill(*_: object) -> None:
    """Stop as a process does that is killed."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["prepare", "ledger", "commit"])
def test_a_killed_run_is_completed_by_the_next(
    config: Config, whole: list[list[str]], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(config, "new.csv", written([whole[0], *whole[-LAST:]]))
    before = config.data_path.read_bytes()
    with monkeypatch.context() as patch:
        place: Callable[..., object] = patch.setattr
        place(*((module, "add_to_ledger", kill) if where == "ledger" else (Staged, where, kill)))
        with pytest.raises(KeyboardInterrupt):
            ingest(config)
    assert config.data_path.read_bytes() == before
    # What a process that is killed cannot remove.
    (config.data_path.parent / f"{PENDING}left" / "whole").mkdir(parents=True)
    ingest(config)
    assert list(csv.reader(config.data_path.open(encoding="utf-8", newline=""))) == whole
    assert [line.outcome for line in read_ledger(config)].count("taken") == 1
    assert not list(config.data_path.parent.glob(f"{PENDING}*"))
    assert not (config.drop_dir / "new.csv").exists()


def test_two_at_once_are_kept_apart(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.01)
    with FileLock(config.drop_dir / LOCK_FILE), pytest.raises(ProjectError, match="is read by another run"):
        ingest(config)


def test_rows_cannot_be_added_to_what_is_no_csv_file(config: Config, whole: list[list[str]]) -> None:
    rows = [dict(zip(whole[0], row, strict=True)) for row in whole[1:]]
    config.data_path.write_text(json.dumps(rows), encoding="utf-8")
    read_data(config)
    offer(config, "new.csv", written([whole[0], *whole[-LAST:]]))
    with pytest.raises(DataError, match="is no CSV file; save it as one, so that rows can be added"):
        ingest(config)
    assert (config.drop_dir / "new.csv").exists()


def test_without_a_drop_folder_there_is_nothing_new(config: Config) -> None:
    config.drop_dir.rmdir()
    assert ingest(config).describe() == "no new file"
