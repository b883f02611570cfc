"""Read a table with the code of a rendered project, in a process of its own: no second reader can disagree with it.

`python -m mlscaffold._reading columns SRC FILE CHOICES` says what the columns of a table hold, by the package `acme_ml`
in SRC; CHOICES is JSON of what params.yaml will say of them.
`python -m mlscaffold._reading project SRC PACKAGE FOLDER` reads the data of a project as training will, and writes its
schema. Each prints one object of JSON, which holds `error` where the data does not fit.
"""

import json
import logging
import re
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "acme_ml"
EXAMPLES = 3
# Whom or what several rows may be of.
OWNER = re.compile(
    r"client|customer|device|household|individual|machine|member|participant|patient|person|student|subject|user",
    re.IGNORECASE,
)


class Told(logging.Handler):
    """Keeps what is said in the log."""

    def __init__(self) -> None:
        """Listen to everything."""
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; what is said twice is kept once."""
        line = record.getMessage()
        if line not in self.lines:
            self.lines.append(line)


def columns(file: Path, said: dict[str, Any]) -> dict[str, Any]:
    """Return the rows and columns of a table, before anybody has said what is to be learned from it."""
    reading, infer = import_module(f"{PACKAGE}.data.reading"), import_module(f"{PACKAGE}.data.infer")
    kind = import_module(f"{PACKAGE}.columns").Choices
    try:
        choices = kind(**{name: value for name, value in said.items() if name in kind.model_fields})
    except ValueError as error:
        return {"error": str(error)}
    with reading.open_csv(file) as table:
        table.leave_out_total()
        frame, readers = infer.read_freely(table, choices, {})
        found = [describe(infer, frame[name], readers[name]) for name in table.names]
        for column in found:
            if column["kind"] == "date":
                column["apart"] = apart_by(frame, column["name"], found)
        return {"rows": table.rows, "columns": found}


def describe(infer: Any, values: Any, reader: Any) -> dict[str, Any]:
    """Return what a column holds, and why nothing can be learned from it, if so."""
    present = values.dropna()
    unusable = infer.why_no_feature(values, reader) or infer.why_unusable(values)
    # Of a column that is left out, no more is to be said.
    logging.disable(logging.CRITICAL if unusable else logging.NOTSET)
    column = infer.infer_column(values, reader)
    return {
        "name": str(values.name),
        "kind": column.kind,
        "seen": column.seen,
        "missing": int(len(values) - len(present)),
        "different": int(present.nunique()),
        "whole": column.kind == "number" and bool((present == present.round()).all()),
        "in_order": column.kind == "date" and values.is_unique and bool(values.is_monotonic_increasing),
        "shared": names_several_rows(infer, values, column.kind),
        "letters": letters_in(infer, present, column.kind),
        "apart": None,
        "examples": [str(value) for value in present.head(EXAMPLES)] if column.many else [],
        "unusable": unusable,
    }


def letters_in(infer: Any, present: Any, kind: str) -> float:
    """Return how long the texts of a column are on average; 0 for a column that holds none."""
    if kind in {"number", "date", "boolean"} or present.empty:
        return 0.0
    texts = present.astype(str)
    return float(texts.str.len().mean()) if infer.is_prose(texts) else 0.0


def apart_by(frame: Any, times: str, found: list[dict[str, Any]]) -> str | None:
    """Return the column that tells rows of one time apart, empty if there is one row for each, None if none does."""
    if not frame[times].duplicated().any():
        return ""
    names = [each["name"] for each in found if each["different"] < len(frame) and each["kind"] != "number"]
    fitting = [name for name in names if name != times and not frame.duplicated([times, name]).any()]
    return fitting[0] if len(fitting) == 1 else None


def names_several_rows(infer: Any, values: Any, kind: str) -> bool:
    """Return whether a column is called as what has several rows is, such as a person, and has several for some."""
    name = str(values.name)
    called = infer.is_id(name) or OWNER.search(name) is not None
    return called and kind != "date" and 1 < int(values.nunique()) < int(values.count())


def project(package: str, folder: Path) -> dict[str, Any]:
    """Return what is found in the data of a project; its schema is written."""
    load = import_module(f"{package}.data.load")
    config = import_module(f"{package}.config").load_config(folder / "params.yaml")
    load.load(config)
    # Of pictures, texts and series the page about the data says what there is to say.
    if find_spec(f"{package}.evaluation.findings") is None:
        return {"findings": []}
    findings = import_module(f"{package}.evaluation.findings")
    frame, schema = load.read_data(config)
    held = frame[[column.name for column in schema.held]]
    target = next((column for column in schema.held if column not in schema.columns), None)
    return {"findings": findings.find_all(held, list(schema.columns), target)}


def main(arguments: list[str]) -> None:
    """Do what is asked for, and print what came of it."""
    task, sources, *rest = arguments
    sys.path.insert(0, sources)
    # A project is as it was rendered: nothing is compiled into it.
    sys.dont_write_bytecode = True
    told = Told()
    logging.basicConfig(level=logging.INFO, handlers=[told])
    package = PACKAGE if task == "columns" else rest[0]
    refusal = import_module(f"{package}.errors").ProjectError
    found: dict[str, Any] = {}
    try:
        found = columns(Path(rest[0]), json.loads(rest[1])) if task == "columns" else project(package, Path(rest[1]))
    except refusal as error:
        found = {"error": str(error)}
    with suppress(BrokenPipeError):
        print(json.dumps(found | {"told": told.lines}))


if __name__ == "__main__":
    main(sys.argv[1:])
