"""What holds for every rendered project; each check yields the problems it finds.

Most files are the same in many combinations: what depends on the content of a file alone is looked at once.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import yaml

from .expected import FOREIGN, expected_files, is_chosen
from .rendering import Project

Check = Callable[[Project], Iterator[str]]

# GitHub's own ${{ … }} stays.
LEFTOVER = re.compile(r"(?<!\$)\{\{|\{%|\{#|acme_ml|StrictUndefined|Undefined\b")
# What Prometheus and Grafana fill in: {{ $labels.column }}, {{column}}.
FILLED_LATER = re.compile(r"\{\{(?: \$[\w.]+(?: \| \w+)? |\w+)\}\}")
ANSWERS_FILE = ".copier-answers.yml"


def check_files(project: Project) -> Iterator[str]:
    """Exactly the files that belong to the answers are there."""
    expected = expected_files(project.answers, project.package)
    yield from (f"{name} is missing" for name in sorted(expected - project.files.keys()))
    yield from (f"{name} is not expected" for name in sorted(project.files.keys() - expected))


def check_words(project: Project) -> Iterator[str]:
    """No word of a choice that was not taken occurs, nor a file named after it."""
    for name, content in project.files.items():
        if name != ANSWERS_FILE:
            for number, found in foreign_words(f"{name}\n".encode() + content).items():
                if not is_chosen(FOREIGN[number], project.answers):
                    yield f"{name}: {found!r} belongs to {FOREIGN[number].question}={FOREIGN[number].answers}"


@cache
def foreign_words(content: bytes) -> dict[int, str]:
    """Return which of the foreign patterns occur, and how."""
    text = content.decode("utf-8").lower()
    found: dict[int, str] = {}
    for line in text.splitlines():
        for number, word in foreign_in(line):
            if not text.startswith(FOREIGN[number].elsewhere):
                found.setdefault(number, word)
    return found


@cache
def foreign_in(line: str) -> tuple[tuple[int, str], ...]:
    """Return the foreign patterns of a line, and how they occur; most lines are in many files."""
    found = ((number, foreign.pattern.search(line)) for number, foreign in enumerate(FOREIGN))
    return tuple((number, match.group()) for number, match in found if match)


def check_content(project: Project) -> Iterator[str]:
    """Every file parses, is tidy, and holds nothing of the template."""
    for name, content in project.files.items():
        yield from (f"{name}: {problem}" for problem in content_problems(name, content))


@cache
def content_problems(name: str, content: bytes) -> tuple[str, ...]:
    """Return what is wrong with a file."""
    text = content.decode("utf-8")
    ours = FILLED_LATER.sub("", text) if name.startswith(("monitoring/", "deploy/kubernetes/base/prom")) else text
    problems = [f"{match.group()!r} is left" for match in LEFTOVER.finditer(ours)]
    problems += [f"does not parse: {problem}" for problem in syntax_problems(name, text)]
    if "\r" in text or not text.endswith("\n") or text.endswith("\n\n"):
        problems.append("does not end with one newline")
    if re.search(r"[ \t]+$", text, re.MULTILINE):
        problems.append("has spaces at the end of a line")
    blank_lines = "\n\n\n\n" if name.endswith(".py") else "\n\n\n"
    if blank_lines in text or text.startswith("\n"):
        problems.append("has too many blank lines")
    return tuple(problems)


def syntax_problems(name: str, text: str) -> Iterator[str]:
    """Parse the file as what its name says."""
    path = PurePosixPath(name)
    parse = PARSERS.get(path.suffix) or PARSERS.get(path.name)
    try:
        if parse:
            parse(text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        yield str(error)


def parse_dockerfile(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile.

    Raises:
        ValueError: a line is no instruction, or an argument list is no JSON.
    """
    joined = re.sub(r"\\\n", " ", "".join(line for line in text.splitlines(True) if not line.startswith("#")))
    instructions = []
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.partition(" ")
        if word not in DOCKERFILE_WORDS or not rest.strip():
            raise ValueError(f"no Dockerfile instruction: {line}")
        if word in {"CMD", "SHELL"} and not all(isinstance(each, str) for each in json.loads(rest)):
            raise ValueError(f"no list of texts: {line}")
        instructions.append((word, rest.strip()))
    if {word for word, _ in instructions[:2]} != {"ARG", "FROM"}:
        raise ValueError("does not start with the base image")
    return instructions


DOCKERFILE_WORDS = frozenset(
    {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "SHELL", "USER", "WORKDIR"}
) | {"VOLUME"}
PARSERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    # The loader in C is the same, and ten times as fast.
    ".yml": lambda text: yaml.load(text, yaml.CSafeLoader),
    ".yaml": lambda text: list(yaml.load_all(text, yaml.CSafeLoader)),
    "Dockerfile": parse_dockerfile,
}


def check_makefile(project: Project) -> Iterator[str]:
    """`make -n` understands every target that `make help` lists."""
    makefile = project.text("Makefile")
    if makefile not in _sound_makefiles:
        with project.written("Makefile"):
            problems = list(makefile_problems(project, makefile))
        yield from problems
        if not problems:
            _sound_makefiles.add(makefile)


_sound_makefiles: set[str] = set()
TARGETS = {
    *("setup", "data", "train", "compare", "tune", "runs", "evaluate", "pipeline", "rehearse"),
    *("predict", "test", "lint", "format", "clean", "help"),
}


def makefile_problems(project: Project, makefile: str) -> Iterator[str]:
    """Ask make itself."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    wanted = TARGETS | ({"serve"} if project.answers.get("serving") != "none" else set())
    wanted |= {"image", "up", "down"} if "Dockerfile" in project.files else set()
    wanted |= {"mlflow"} if project.answers.get("tracking") == "mlflow" else set()
    wanted |= {"repro", "fetch"} if project.answers.get("data_versioning") == "dvc" else set()
    wanted |= {"orchestrate", "setup-orchestrator"} if project.answers.get("orchestration", "none") != "none" else set()
    monitored = project.answers.get("monitoring", "none") != "none" and "compose.yaml" in project.files
    wanted |= {"monitor"} if monitored else set()
    wanted |= {"secrets"} if project.answers.get("ci") != "none" else set()
    wanted |= {"audit"} if "deploy/release.sh" in project.files else set()
    wanted |= {"deploy"} if project.answers.get("deployment", "none") not in {"none", "docker"} else set()
    yield from (f"Makefile: the target {target} is missing" for target in sorted(wanted - targets))
    yield from (f"Makefile: the target {target} is not expected" for target in sorted(targets - wanted))
    phony = set(" ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split())
    yield from (f"Makefile: {target} is not phony" for target in sorted(targets - phony))
    for command in (["make", "--no-print-directory", "-n", "PYTHON=python3", *sorted(targets)], ["make", "help"]):
        result = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
        if result.returncode or "warning" in result.stderr:
            yield f"Makefile: {' '.join(command)}: {result.stderr}"
        elif command[-1] == "help" and not all(re.search(rf"^{each} ", result.stdout, re.M) for each in targets):
            yield f"Makefile: make help lists {result.stdout!r} instead of {sorted(targets)}"


COMMANDS = re.compile(r"(?:`|run: |^ +- )make ([a-z-]+)\b|^make ([a-z-]+)\b(?= +#|\n| [A-Z])", re.MULTILINE)


def check_commands(project: Project) -> Iterator[str]:
    """Every `make` command in texts and workflows names a target."""
    targets = set(re.findall(r"^([a-z-]+):", project.text("Makefile"), re.MULTILINE))
    for name, content in project.files.items():
        if name.endswith((".md", ".yml", ".yaml")):
            commands = COMMANDS.findall(content.decode("utf-8"))
            wanted = {command or alone for command, alone in commands}
            yield from (f"{name}: make {command} is no target" for command in sorted(wanted - targets))


def check_style(projects: Iterable[Project]) -> Iterator[str]:
    """The code is formatted and lint-clean with the projects' own settings; a file that was clean before is."""
    new: set[tuple[str, str, bytes]] = set()
    places = []
    with ExitStack() as stack:
        for project in projects:
            settings = repr(project.pyproject["tool"]["ruff"])
            names = {name for name, each in project.python.items() if (settings, name, each) not in _clean_code | new}
            new |= {(settings, name, project.files[name]) for name in names}
            # The others have to be there, as imports of the project's own modules are sorted apart; nobody reads them.
            kept = {name: project.files[name] if name in names else b"" for name in project.python}
            if names:
                kept["pyproject.toml"] = project.files["pyproject.toml"]
                folder = stack.enter_context(replace(project, files=kept).written())
                places += [folder / name for name in names]
        problems = list(style_problems(places))
    yield from problems
    if not problems:
        _clean_code.update(new)


# Settings of ruff, path and content.
_clean_code: set[tuple[str, str, bytes]] = set()


def style_problems(paths: Iterable[Path]) -> Iterator[str]:
    """Ask ruff itself, once for all projects or files: each has its own settings."""
    places = sorted(map(str, paths))
    for arguments in (["check", "--output-format", "concise"], ["format", "--diff"]) if places else []:
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", *places]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            yield f"ruff {arguments[0]}: {result.stdout}{result.stderr}"
