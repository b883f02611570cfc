"""What a project declares as its dependencies, and what its code imports."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata

import yaml
from packaging.requirements import Requirement

from .rendering import Project
from .sources import PARTS, files, read

# The distribution of a module, where it is not the module's name with hyphens.
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "mlflow": "mlflow-skinny",
    "python_multipart": "python-multipart",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# Run as commands or used by another package: why each is needed although nothing imports it.
NOT_IMPORTED = {
    "alembic": "MLflow makes the tables of its file with it",
    "sqlalchemy": "MLflow reads and writes its file with it",
    "dvc": "make repro",
    "mypy": "make lint",
    "ruff": "make lint",
    "types-pyyaml": "mypy",
    "onnxscript": "torch.onnx exports with it",
    "tensorflow": "keras runs on it",
    "tensorflow-cpu": "keras runs on it",
    "tf2onnx": "keras exports with it",
    "tzdata": "zoneinfo knows the time zones from it where the system has none",
    "httptools": "uvicorn parses requests with it",
    "opentelemetry-exporter-otlp-proto-http": "tracing.py imports it by its name, if it is wanted",
    "opentelemetry-sdk": "tracing.py imports it by its name, if it is wanted",
    "uvloop": "uvicorn runs on it where it is there",
    "httpx2": "FastAPI's test client sends requests with it",
}
# Imported although not declared: comes with what is, and always will.
COMES_WITH = {"joblib": "scikit-learn", "pydantic-core": "pydantic", "starlette": "fastapi", "werkzeug": "flask"}
# conda-forge has other names for these.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "fastapi": "fastapi-core",
    "matplotlib": "matplotlib-base",
    "opencv-python-headless": "py-opencv",
    "prometheus-client": "prometheus_client",
    "seaborn": "seaborn-base",
    "typing-extensions": "typing_extensions",
    "tzdata": "python-tzdata",
}
# What conda-forge calls the builds for processors and for graphics cards.
CONDA_BUILDS = {
    "cpu": {"tensorflow": "tensorflow-cpu", "torch": "pytorch-cpu"},
    "gpu": {"tensorflow": "tensorflow-gpu", "torch": "pytorch-gpu"},
}
CONDA_OWN = {"python", "pip", "hatchling", "editables"}


def check_dependencies(project: Project) -> Iterator[str]:
    """What is declared is used, what is used is declared, and every bound is sane."""
    environment, pyproject = project.files.get("environment.yml", b""), project.files["pyproject.toml"]
    key = repr((pyproject, environment, sorted(project.python.items())))
    if key not in _sound_dependencies:
        problems = list(dependency_problems(project))
        yield from problems
        if not problems:
            _sound_dependencies.add(key)


# What runs in the environment of an orchestrator.
ELSEWHERE = ("dags/", "flows/")
_sound_dependencies: set[str] = set()


def dependency_problems(project: Project) -> Iterator[str]:
    """Compare what is declared with what is imported."""
    declared = declared_requirements(project)
    names = [requirement.name for requirement in declared]
    yield from (f"pyproject.toml: {name} is declared twice" for name in sorted(set(names)) if names.count(name) > 1)
    yield from (f"pyproject.toml: {problem}" for requirement in declared for problem in bound_problems(requirement))
    own = [content for name, content in project.python.items() if not name.startswith(ELSEWHERE)]
    imported = {distribution(module) for content in own for module in imported_modules(content)}
    imported -= {distribution(project.package), "conftest", "clients"}
    used = imported | {COMES_WITH[name] for name in imported & COMES_WITH.keys()}
    unused = sorted(set(names) - used - NOT_IMPORTED.keys())
    yield from (f"pyproject.toml: {name} is declared but nothing imports it" for name in unused)
    undeclared = sorted(imported - set(names) - COMES_WITH.keys())
    yield from (f"pyproject.toml: {name} is imported but not declared" for name in undeclared)
    yield from group_problems(project)
    if "environment.yml" in project.files:
        extra = project.pyproject["project"]["optional-dependencies"].get("tracing", [])
        wanted = {Requirement(text).name for text in extra}
        yield from conda_problems(project, [each for each in declared if each.name not in wanted])


def group_problems(project: Project) -> Iterator[str]:
    """The groups are those that the macro extras() names, which reads no deps.txt, and one for who wants it."""
    groups = set(project.pyproject["project"]["optional-dependencies"]) - {"tracing"}
    named = {"dev", "train"} | ({"serve"} if any("/service/" in name for name in project.files) else set())
    if groups != named:
        yield f"pyproject.toml: the groups are {sorted(groups)}, and extras() in slot.jinja names {sorted(named)}"


def declared_requirements(project: Project) -> list[Requirement]:
    """Return the requirements of all groups."""
    settings = project.pyproject["project"]
    groups = [settings["dependencies"], *settings["optional-dependencies"].values()]
    return [Requirement(text) for group in groups for text in group]


def bound_problems(requirement: Requirement) -> Iterator[str]:
    """Each has a lower bound and a cap at a major version, a minor one below 1.0."""
    bounds = {specifier.operator: specifier.version for specifier in requirement.specifier}
    if sorted(bounds) != ["<", ">="] or len(requirement.specifier) != 2:
        yield f"{requirement} has not one lower bound and one cap"
    elif not re.fullmatch(r"0\.[1-9]\d*" if bounds["<"].startswith("0.") else r"[1-9]\d*", bounds["<"]):
        yield f"{requirement} is not capped at a major version, or a minor one below 1.0"


def dependency_lines() -> list[tuple[str, str]]:
    """Return the lines of every deps.txt and the file they are in."""
    found = []
    for name in files(PARTS):
        if name.endswith("deps.txt"):
            lines = read(PARTS, name).splitlines()
            found += [(line, name) for line in lines if line.strip() and not line.startswith("#")]
    return found


def installed_version(name: str) -> str:
    """Return the version that the tests use; that of the build for processors where another would be declared."""
    return metadata.version({"tensorflow": "tensorflow-cpu"}.get(name, name))


def distribution(module: str) -> str:
    """Return the distribution that a module comes from."""
    return DISTRIBUTIONS.get(module, module.replace("_", "-"))


@cache
def imported_modules(content: bytes) -> frozenset[str]:
    """Return the top-level modules that the code imports, the standard ones left out."""
    found = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return frozenset(found - sys.stdlib_module_names)


def conda_problems(project: Project, declared: list[Requirement]) -> Iterator[str]:
    """environment.yml has the same packages, by conda-forge's names, with the same bounds."""
    packages = yaml.load(project.text("environment.yml"), yaml.CSafeLoader)["dependencies"]
    listed = {package.split(" ")[0]: package.partition(" ")[2] for package in packages if isinstance(package, str)}
    by_pip = [Requirement(text) for package in packages if isinstance(package, dict) for text in package["pip"]]
    listed |= {each.name: ",".join(sorted(str(bound) for bound in each.specifier)) for each in by_pip}
    names = CONDA_NAMES | CONDA_BUILDS[project.answers.get("accelerator", "cpu")]
    bounds = {names.get(each.name, each.name): {str(bound) for bound in each.specifier} for each in declared}
    yield from (f"environment.yml: {name} is missing" for name in sorted(bounds.keys() - listed.keys()))
    yield from (f"environment.yml: {name} is extra" for name in sorted(listed.keys() - bounds.keys() - CONDA_OWN))
    for name in sorted(bounds.keys() & listed.keys()):
        if set(listed[name].split(",")) != bounds[name]:
            yield f"environment.yml: {name} {listed[name]} is not {bounds[name]}"
