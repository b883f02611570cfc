"""What holds for every target: the script asks before it acts, names what is missing, and no file holds a secret."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from .deploying import COMMANDS, IMAGE, NOT_WITH_IMAGE, SETTINGS, TAG, WITH_IMAGE, Desk, make_desk, shown
from .machine import Environment, executable, render, run

TARGETS = tuple(SETTINGS)
REPOSITORY = IMAGE.rpartition(":")[0]
ARN = "arn:aws:ecr:eu-west-1:123456789012:repository/acme-forecast"
SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a key of AWS": r"\b(AKIA|ASIA|AROA)[0-9A-Z]{16}\b",
    "a key of Google": r"\bAIza[\w-]{35}|\"private_key_id\"",
    "a token of GitHub or GitLab": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{22}|\bglpat-[\w-]{20}",
    "a connection of Azure": r"(AccountKey|SharedAccessKey)=|\bsig=[\w%]{40}",
    "a JSON web token": r"\beyJ[\w-]{10,}\.[\w-]{10,}\.",
    "a password in an address": r"\b\w+://[^\s/:@$]+:[^\s/@$]+@",
    "a value of something secret": r"(?i)(?<![\w-])[\w-]*(secret|password|passwd|token|api[_-]?key)[\"']?\s*[:=]\s*"
    r"[\"']?(?=[^\s\"']*\d)(?=[^\s\"']*[a-z])[\w+/=-]{16,}",
}
SCANNED = (".github/**/*", ".gitlab*", "deploy/**/*", "Dockerfile", "compose.yaml", ".dockerignore", "Makefile")


@pytest.fixture(scope="module", params=TARGETS)
def desk(request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A project of each target."""
    folder = tmp_path_factory.mktemp(request.param)
    return make_desk(request.param, template, folder, request.getfixturevalue("env"), ANSWERS.get(request.param, {}))


# So that everything that a plan shows is done.
ANSWERS = {
    "aws": {
        '"aws ecr describe-images "*': "exit 1",
        """*"OutputKey=='Uri'"*""": f"echo {REPOSITORY}",
        """*"OutputKey=='Arn'"*""": f"echo {ARN}",
    },
    "gcp": {'"gcloud artifacts repositories describe "*': "exit 1"},
}


def test_the_script_is_sound(desk: Desk, env: Environment) -> None:
    run("shellcheck", desk.script, cwd=desk.project, env=env)


def test_a_script_that_is_not_sound_is_seen(desk: Desk, tmp_path: Path, env: Environment) -> None:
    text = desk.script.read_text(encoding="utf-8")
    flawed = executable(tmp_path / "deploy.sh", text.replace('docker push "$2"', "docker push $2", 1))
    assert "SC2086" in run("shellcheck", flawed, cwd=tmp_path, env=env, expect=1).stdout


def test_a_dry_run_shows_the_plan_and_calls_nothing(desk: Desk) -> None:
    said = desk.deploy("--dry-run")
    assert "This runs:" in said
    assert shown(said)
    assert desk.asked() == []
    assert run("git", "status", "--porcelain", cwd=desk.project, env=desk.env).stdout == ""
    env = {**desk.env, **SETTINGS[desk.target]}
    assert run("make", "deploy", "FLAGS=--dry-run", cwd=desk.project, env=env).stdout == said


def test_it_acts_only_when_it_is_told_to(desk: Desk) -> None:
    said = desk.deploy(expect=2)
    assert said.splitlines()[-1].endswith("add --yes.")
    assert desk.asked() == []


@pytest.mark.parametrize(("answer", "acts"), [("y", True), ("n", False), ("", False)])
def test_a_person_is_asked(desk: Desk, answer: str, acts: bool) -> None:
    env = {**desk.env, **SETTINGS[desk.target]}
    with pexpect.spawn("bash", [str(desk.script)], env=env, encoding="utf-8", timeout=90) as terminal:
        terminal.expect_exact("Go on? [y/N] ")
        terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        assert ("Nothing was done." in str(terminal.before)) is not acts
    assert bool(desk.asked()) is acts
    assert terminal.exitstatus == (0 if acts else 1)


def test_what_runs_is_what_was_shown(desk: Desk) -> None:
    planned = [known(line) for line in shown(desk.deploy("--dry-run"))]
    said = desk.deploy("--yes")
    assert [line for line in shown(said) if TAG in line or "ID-OF" not in line][-len(planned) :] == planned
    assert [f"docker push {line.split()[-1]}" for line in planned if line.startswith("docker push ")] == [
        line for line in desk.asked() if line.startswith("docker push ")
    ]


def known(line: str) -> str:
    """Return the line of a plan with what only shows when it runs."""
    later = {
        "ID-OF-THE-IMAGE": TAG,
        "create-or-update": "update",
        "log_in URI-OF-THE-REPOSITORY": f"log_in {REPOSITORY.partition('/')[0]}",
        "URI-OF-THE-REPOSITORY": REPOSITORY,
        "ARN-OF-THE-REPOSITORY": ARN,
    }
    for word, meaning in later.items():
        line = line.replace(word, meaning)
    return line


def test_it_may_run_again(desk: Desk) -> None:
    desk.deploy("--yes")
    first = desk.asked()
    desk.deploy("--yes")
    assert first
    assert desk.asked() == first


def test_what_is_missing_is_named(desk: Desk) -> None:
    for name in SETTINGS[desk.target]:
        said = desk.deploy("--yes", expect=2, but={name: ""})
        assert said.startswith(f"{name} is not set.")
    assert "surprise is unknown" in desk.deploy("surprise", expect=2)
    assert "--image needs" in desk.deploy("--image", expect=2)
    assert desk.asked() == []


def test_an_image_that_is_named_is_not_built(desk: Desk) -> None:
    settings = {**WITH_IMAGE.get(desk.target, {}), **dict.fromkeys(NOT_WITH_IMAGE.get(desk.target, ()), "")}
    said = desk.deploy("--yes", "--image", IMAGE, but=settings)
    assert IMAGE in said
    assert [line for line in desk.asked() if line.startswith(("docker build", "docker push"))] == []


def test_it_stops_where_something_fails(desk: Desk) -> None:
    broken = Desk(desk.target, desk.project, {**desk.env, "FAIL": "docker push*"})
    broken.deploy("--yes", expect=1)
    assert desk.asked()[-1].startswith("docker push")


def test_without_a_model_there_is_nothing_to_deploy(desk: Desk) -> None:
    models = desk.project / "models"
    models.rename(desk.project / "elsewhere")
    try:
        assert "There is no model yet: make train" in desk.deploy("--yes", expect=1)
    finally:
        (desk.project / "elsewhere").rename(models)
    assert desk.asked() == []


def test_a_command_that_is_missing_is_named(desk: Desk, tmp_path: Path) -> None:
    for name in ("bash", "dirname", "rm"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    poor = Desk(desk.target, desk.project, {**desk.env, "PATH": str(tmp_path)})
    platform = next(word for word in COMMANDS if f"tools=({word})" in desk.script.read_text(encoding="utf-8"))
    assert f"{platform} was not found" in poor.deploy("--yes", expect=1)
    executable(tmp_path / platform, "#!/bin/sh\n")
    assert "docker was not found" in poor.deploy("--yes", expect=1)


def test_the_readme_tells_every_variable(desk: Desk) -> None:
    readme = (desk.project / "README.md").read_text(encoding="utf-8")
    needed = re.findall(r"^[^#\n]*\bneed (\w+) '", desk.script.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(SETTINGS[desk.target]) <= set(needed)
    assert [name for name in needed if name not in readme] == []


def test_an_empty_volume_is_filled_in_one_way(template: Path, tmp_path: Path, env: Environment) -> None:
    # test_kubernetes.py runs it.
    found = {}
    for target, (file, way) in FILLED.items():
        project = render(template, tmp_path / target, env, deployment=target)
        found[target] = yaml.safe_load((project / "deploy" / target / file).read_text(encoding="utf-8"))
        for key in way:
            found[target] = found[target][key]
    assert len(set(found.values())) == 1, found


FIRST = ("spec", "template", "spec", "initContainers", 0, "command", 2)
BESIDE = ("Resources", "Task", "Properties", "ContainerDefinitions", 1, "Fn::If", 1, "Command", 0)
FILLED: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "kubernetes": ("base/deployment.yaml", FIRST),
    "aws": ("service.yaml", BESIDE),
    "azure": ("containerapp.yaml", ("properties", "template", "initContainers", 0, "command", 2)),
}

# Secrets.


def secrets_in(text: str) -> Iterator[str]:
    """Yield what looks like a secret."""
    for name, pattern in SECRETS.items():
        yield from (f"{name}: {found.group()}" for found in re.finditer(pattern, text))


@pytest.mark.parametrize("ci", ["github", "none"])
@pytest.mark.parametrize("target", ["docker", *TARGETS])
def test_no_file_holds_a_secret(target: str, ci: str, template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, deployment=target, ci=ci)
    files = [path for pattern in SCANNED for path in project.glob(pattern) if path.is_file()]
    assert len(files) > 4
    found = [(path.name, each) for path in files for each in secrets_in(path.read_text(encoding="utf-8"))]
    assert found == []
    # Which words stand for a secret is said above; that of detect-secrets takes the name of a secret for one.
    command: tuple[str | Path, ...] = (
        "detect-secrets",
        "scan",
        "--all-files",
        "--disable-plugin",
        "KeywordDetector",
        *files,
    )
    results = json.loads(run(*command, cwd=project, env=env).stdout)["results"]
    assert [each for listed in results.values() for each in listed if not is_pin(project, each)] == []


def is_pin(project: Path, finding: dict[str, Any]) -> bool:
    """Return whether what looks random is the commit of an action."""
    lines = (project / finding["filename"]).read_text(encoding="utf-8").splitlines()
    return bool(re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v", lines[finding["line_number"] - 1]))


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE" + " KEY-----",
        "id: AKIA" + "ABCDEFGHIJKLMNOP",
        "token: ghp_" + "a1" * 18,
        "SERVICE_API_KEY=" + "f3a9c0d1e2b4a5968778",
        'api-key: "' + "kJ8sNq2LmX04bTzR" + '"',
        "url: https://" + "ada:lovelace1815@example.com",
        "AccountKey=" + "abc==",
    ],
)
def test_the_scan_sees_a_secret(text: str) -> None:
    assert list(secrets_in(f"first line\n{text}\n"))
