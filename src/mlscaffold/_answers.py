"""Answers from the command line and from a file, as the text a person typed."""

import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from mlscaffold._errors import UsageError

# An answers file of an existing project is a natural thing to hand over; these two of its lines are no answers.
_COPIERS_OWN = {"_commit", "_src_path"}


def gather(assignments: Iterable[str], file: Path | None) -> dict[str, str]:
    """Return all answers; assignments win over the file.

    Raises:
        UsageError: an assignment or the file cannot be read.
    """
    answers = _read(file) if file else {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {assignment}: this is not name=value", "For example: --set task=regression")
        answers[name.strip()] = _readable(value, f"--set {name.strip()}")
    return answers


def _read(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read the answers file {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the answers file {file} is not UTF-8 text") from error
    answers = _from_json(text, file) if file.suffix == ".json" else _from_yaml(text, file)
    return {name: _readable(value, f"{file}: {name}") for name, value in answers.items() if name not in _COPIERS_OWN}


def _from_json(text: str, file: Path) -> dict[str, str]:
    try:
        # Numbers stay as typed: 3.10 is the version 3.10.
        found = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}, line {error.lineno}: not valid JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file} is not an object of names and answers", _EXAMPLE)
    for name, value in found.items():
        if isinstance(value, dict | list | None):
            raise _not_a_text(f"{file}: {name}")
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in found.items()}


def _from_yaml(text: str, file: Path) -> dict[str, str]:
    """Read the nodes and not the values, so that `3.10`, `007` and `no` stay what was typed, and lines are known."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{file}{line}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: not valid YAML: {str(error).splitlines()[0]}") from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{file} is not a mapping of names to answers", _EXAMPLE)
    answers: dict[str, str] = {}
    for key, value in root.value:
        where = f"{file}, line {key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode) or key.value in answers:
            raise UsageError(f"{where}: this name is given twice or is none")
        if not isinstance(value, yaml.ScalarNode) or value.tag == "tag:yaml.org,2002:null":
            raise _not_a_text(f"{where}: {key.value}")
        answers[key.value] = value.value
    return answers


_EXAMPLE = "For example: task: regression, each answer on its own line."


def _not_a_text(where: str) -> UsageError:
    return UsageError(f"{where} has no single value", 'For an empty text write "".')


def _readable(value: str, where: str) -> str:
    """Return the value.

    Raises:
        UsageError: it has bytes that are no text, which no file could hold.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{where}: this is not valid text") from error
    return value
