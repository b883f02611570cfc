"""Values of a project's params.yaml that are said before there is one."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from mlscaffold._errors import UsageError

FILE = "params.yaml"
EXAMPLE = "For example: --param data.decimal=, or --param evaluation.folds=2"
_KEY = re.compile(r"[a-z]\w*(\.[a-z]\w*)?")


def read_params(assignments: Iterable[str]) -> dict[str, object]:
    """Return each value by its key, as YAML reads it; a text that is not valid YAML is that text.

    Raises:
        UsageError: one is no assignment.
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not _KEY.fullmatch(key.strip()):
            raise UsageError(f"--param {assignment}: this is not name=value or block.name=value", EXAMPLE)
        values[key.strip()] = _value(text, key)
    return values


def _value(text: str, key: str) -> object:
    """Return what a text means in YAML; what JSON has no form for, such as a day, stays a text.

    Raises:
        UsageError: it has bytes that are no text.
    """
    try:
        text.encode()
        value = yaml.safe_load(text)
        json.dumps(value)
    except UnicodeEncodeError as error:
        raise UsageError(f"--param {key}: this is not valid text") from error
    except (yaml.YAMLError, TypeError):
        return text.strip()
    return value


def of_block(values: Mapping[str, object], block: str) -> dict[str, object]:
    """Return the values of one block by their names in it."""
    return {key.removeprefix(f"{block}."): value for key, value in values.items() if key.startswith(f"{block}.")}


def write_params(folder: Path, values: Mapping[str, object]) -> None:
    """Put values into the params.yaml of a project; what stands there beside them stays as it is.

    Raises:
        UsageError: the file has no such block.
    """
    file = folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines()
    for key, value in values.items():
        _put(lines, key, json.dumps(value, ensure_ascii=False))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _put(lines: list[str], key: str, value: str) -> None:
    block, _, name = key.rpartition(".")
    start, end, indent = 0, len(lines), ""
    if block:
        found = [number for number, line in enumerate(lines) if re.match(rf"{block}:\s*(#.*)?$", line)]
        if not found:
            blocks = ", ".join(re.findall(r"^(\w+):\s*(?:#.*)?$", "\n".join(lines), re.MULTILINE))
            raise UsageError(f"--param {key}: {FILE} has no block {block!r}", f"It has {blocks}.")
        start, indent = found[0] + 1, "  "
        end = next((number for number in range(start, end) if re.match(r"\w", lines[number])), end)
    # A line that shows a value as a comment becomes one.
    there = re.compile(rf"{indent}(# )?{name}: ")
    place = next((number for number in range(start, end) if there.match(lines[number])), None)
    if place is None:
        lines.insert(start, f"{indent}{name}: {value}")
    else:
        line, said = lines[place], f"{indent}{name}: {value}"
        comment = line.find("  # ", len(indent) + 2)
        lines[place] = f"{said:{comment}}{line[comment:]}" if comment > 0 else said
