"""Look at a project and say what is not as it should be: only what was looked at, each with the next step."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

from mlscaffold import _git, _record, _versions
from mlscaffold._errors import MlscaffoldError

State = Literal["ok", "look", "wrong", "skipped"]
FOLDERS = {"conda": ".conda"}
MANAGERS = {"conda": ("mamba", "micromamba", "conda"), "uv": ("uv",)}
SECONDS = 120
GET = {
    "conda": "Install Miniforge; the project's README says how.",
    "uv": "Install uv; the project's README says how.",
}


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it; `look` deserves a look and stops nothing."""

    what: str
    state: State
    said: str
    next: str = ""


def examine(folder: Path) -> list[Finding]:
    """Return what was found in a project.

    Raises:
        MlscaffoldError: it is none.
    """
    answers = _record.read_answers(folder)
    findings = [git(folder), template(folder), manager(str(answers.get("environment", "")))]
    inside = folder / FOLDERS.get(str(answers.get("environment")), ".venv") / "bin" / "python"
    if not inside.exists():
        findings.append(Finding("environment", "wrong", f"there is no {inside.parent.parent.name}", "make setup"))
        names = ("packages", "graphics card", "data", "model", "service")
        findings += [Finding(name, "skipped", "needs the environment") for name in names]
    else:
        findings += list(look_inside(folder, inside, answers))
    return [*findings, *docker(folder)]


def git(folder: Path) -> Finding:
    """Say whether git can merge updates here."""
    if lack := _git.lack():
        return Finding("git", "wrong", *lack)
    if not _git.enclosing_repository(folder):
        return Finding("git", "look", "the project is in no repository", "git init && git add --all && git commit")
    return Finding("git", "ok", f"version {'.'.join(map(str, _git.version()))}")


def template(folder: Path) -> Finding:
    """Say whether the template has something newer."""
    try:
        before, after = _versions.newer(folder)
    except MlscaffoldError as error:
        return Finding("template", "look", error.message, error.hint)
    if before == after:
        return Finding("template", "ok", f"up to date, {after}")
    return Finding("template", "look", f"{before}; there is {after}", "mlscaffold diff shows what it changes")


def manager(environment: str) -> Finding:
    """Say whether what makes the environment is there."""
    names = MANAGERS.get(environment)
    if names is None:
        return Finding("environment manager", "ok", "Python's own venv")
    found = next((name for name in names if shutil.which(name)), None)
    if found is None:
        return Finding("environment manager", "wrong", f"{' and '.join(names)} not found", GET[environment])
    return Finding("environment manager", "ok", last_line([found, "--version"]))


def look_inside(folder: Path, python: Path, answers: Mapping[str, object]) -> Iterator[Finding]:
    """Say what the environment holds, and what the project's own code says of data and models."""
    package, library = str(answers.get("package_name")), str(answers.get("framework", ""))
    command = [str(python), str(Path(__file__).with_name("_inside.py")), str(folder), package, library]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
        found: dict[str, dict[str, Any]] = json.loads(done.stdout.strip().rpartition("\n")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        yield Finding("environment", "wrong", f"its Python cannot be run: {error}", "make setup")
        return
    yield of_python(found["python"], folder)
    yield from of_packages(found["packages"])
    yield of_accelerator(found["accelerator"], str(answers.get("accelerator", "")))
    yield of_data(found["data"])
    yield of_model(found["model"])
    if (folder / "src" / package / "service").is_dir():
        if found["model"].get("name"):
            yield service(folder, python, package)
        else:
            yield Finding("service", "skipped", "needs a model")


def of_python(found: Mapping[str, Any], folder: Path) -> Finding:
    """Compare the Python of the environment with the one that the project names."""
    file = folder / ".python-version"
    wanted = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    if wanted and not f"{found['version']}.".startswith(f"{wanted}."):
        return Finding("environment", "look", f"Python {found['version']}, and .python-version says {wanted}")
    return Finding("environment", "ok", f"Python {found['version']}")


def of_packages(found: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what is installed with pyproject.toml, and with uv.lock."""
    if "error" in found:
        yield Finding("packages", "wrong", found["error"], "make setup")
        return
    if wrong := found["wrong"] + found["others"]:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        yield Finding("packages", "wrong", f"{'; '.join(wrong[:5])}{more}", "make setup")
    else:
        without = f", without {', '.join(found['absent'])}" if found["absent"] else ""
        yield Finding("packages", "ok", f"as pyproject.toml wants them{without}")


def of_accelerator(found: Mapping[str, Any], wanted: str) -> Finding:
    """Say whether what trains finds a graphics card."""
    what, cards = "graphics card", found.get("cards")
    if "error" in found:
        return Finding(what, "wrong", found["error"], "make setup")
    if cards:
        return Finding(what, "ok", ", ".join(cards))
    if wanted == "gpu":
        return Finding(
            what, "look", "none is found, and the project is for one", "nvidia-smi says what the system sees"
        )
    return Finding(what, "ok", "none is used" if cards is None else "none; it trains on the processor")


def of_data(found: Mapping[str, Any]) -> Finding:
    """Say whether the data can be learned from."""
    if "error" in found:
        return Finding("data", "wrong", found["error"], "make data")
    if found["examples"] is None:
        return Finding("data", "look", "it has no schema yet", "make data")
    return Finding("data", "ok", f"{found['examples']} examples fit the schema")


def of_model(found: Mapping[str, Any]) -> Finding:
    """Say whether the model that is to answer loads."""
    if "error" in found:
        return Finding("model", "wrong", found["error"], "make train")
    if not found["name"]:
        return Finding("model", "look", "there is none yet", "make train")
    return Finding("model", "ok", f"{found['name']} loads")


def service(folder: Path, python: Path, package: str) -> Finding:
    """Start the service where nobody else can reach it; it is ready once its model has predicted its own example."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), "-m", package, "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            if ready(process, port):
                return Finding("service", "ok", "starts, and answers the example of its model")
        finally:
            process.terminate()
        said = (process.communicate()[0] or "").strip().rpartition("\n")[2]
    return Finding("service", "wrong", f"it does not answer: {said}" if said else "it does not answer", "make serve")


def ready(process: "subprocess.Popen[str]", port: int) -> bool:
    """Wait until a service answers that it is ready; return whether it did."""
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def docker(folder: Path) -> Iterator[Finding]:
    """Say whether images can be built, where the project has one."""
    if not (folder / "Dockerfile").exists():
        return
    if not shutil.which("docker"):
        yield Finding("docker", "look", "it is not installed", "Only images need it: install Docker for make image.")
        return
    said = last_line(["docker", "version", "--format", "{{.Server.Version}}"])
    if re.match(r"[0-9]", said):
        yield Finding("docker", "ok", f"version {said}")
    else:
        yield Finding("docker", "look", said or "it does not answer", "Start Docker.")


def last_line(command: list[str]) -> str:
    """Return the last line that a command prints."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout.strip() or done.stderr.strip()).rpartition("\n")[2]


def as_text(findings: list[Finding]) -> str:
    """Return the findings for people."""
    marks = {"ok": "ok", "look": "look", "wrong": "WRONG", "skipped": "-"}
    widest = max(len(each.what) for each in findings)
    lines = []
    for each in findings:
        lines.append(f"{marks[each.state]:6} {each.what:{widest}}  {each.said}")
        if each.next:
            lines.append(f"{'':6} {'':{widest}}  -> {each.next}")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """Return the findings for programs."""
    return json.dumps([asdict(each) for each in findings], indent=2)
