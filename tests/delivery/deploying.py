"""What the tests of deployments share: rendered projects, commands that only write down what they are asked, a walk."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .machine import TOOLS, Environment, executable, render, run

# Settings that deploy.sh of each target asks for, in this order.
SETTINGS: dict[str, dict[str, str]] = {
    "kubernetes": {
        "KUBE_CONTEXT": "acme",
        "ENVIRONMENT": "staging",
        "HOST": "acme.example.com",
        "REGISTRY": "registry.example.com/team",
    },
    "aws": {
        "AWS_REGION": "eu-west-1",
        "VPC": "vpc-1",
        "LOAD_BALANCER_SUBNETS": "subnet-1,subnet-2",
        "SERVICE_SUBNETS": "subnet-3,subnet-4",
        "CERTIFICATE_ARN": "arn:aws:acm:eu-west-1:123456789012:certificate/1",
        "API_KEY_SECRET": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key",
    },
    "azure": {
        "AZURE_GROUP": "acme-group",
        "AZURE_ENVIRONMENT": "acme-environment",
        "AZURE_REGISTRY": "acmeregistry",
        "AZURE_IDENTITY": "acme-identity",
        "API_KEY_SECRET": "https://vault.example.com/secrets/api-key",
    },
    "gcp": {
        "GCP_PROJECT": "acme-1",
        "GCP_REGION": "europe-west1",
        "SERVICE_ACCOUNT": "runner@acme-1.iam.gserviceaccount.com",
    },
}
# Settings that an image which is named makes necessary, or superfluous.
WITH_IMAGE: dict[str, dict[str, str]] = {"kubernetes": {"TRAINER_IMAGE": "registry.example.com/trainer:2"}}
NOT_WITH_IMAGE = {"kubernetes": {"REGISTRY"}}
IMAGE = "registry.example.com/team/acme:1"
IMAGE_ID = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
TAG = IMAGE_ID.removeprefix("sha256:")[:12]
COMMANDS = ("aws", "az", "docker", "gcloud", "kubectl")
RECORDER = """\
#!/bin/sh
# Writes down what it is asked for; answers where an answer is needed, and fails where FAIL says so.
called="${0##*/} $*"
# Both ends of a pipe start at once: the one that reads writes after the other is done.
case "$called" in *--password-stdin*) cat > /dev/null ;; esac
printf '%s\\n' "$called" >> "$RECORD"
case "$called" in $FAIL) exit 1 ;; esac
case "$called" in
    "docker images "*) echo "$IMAGE_ID" ;;
ANSWERS
esac
"""

# Prints the line of the log about a model whose values are none that training has seen.
SUMMARY = """
import logging.config
from collections import Counter
from types import SimpleNamespace
from acme_forecast.service.summary import Summary
from acme_forecast.service.telemetry import LOGGING
logging.config.dictConfig(LOGGING)
counts = SimpleNamespace(model="20240229-120000-000000-leap", values=Counter)
summary = Summary(counts)
counts.values = lambda: Counter({("m", "a", "above"): 100})
summary.tell()
"""


@dataclass(frozen=True)
class Desk:
    """A project of one target, with a model and a path on which every command is a recorder."""

    target: str
    project: Path
    env: Environment

    @property
    def script(self) -> Path:
        """The script that deploys."""
        return self.project / "deploy" / self.target / "deploy.sh"

    def deploy(self, *flags: str, expect: int = 0, but: Mapping[str, str] | None = None) -> str:
        """Run deploy.sh with the settings of the target, but for some; an empty one is left out."""
        settings = {**SETTINGS[self.target], **(but or {})}
        env = {**self.env, **{name: value for name, value in settings.items() if value}}
        return run("bash", self.script, *flags, cwd=self.project.parent, env=env, expect=expect).stdout

    def asked(self) -> list[str]:
        """Return what the commands were asked since this was called last."""
        record = Path(self.env["RECORD"])
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        record.unlink(missing_ok=True)
        return lines


def make_desk(target: str, template: Path, folder: Path, env: Environment, answers: Mapping[str, str]) -> Desk:
    """Render a project with a model that is good enough for a script; `answers` are shell patterns and commands."""
    project = render(template, folder / "project", env, deployment=target)
    model = project / "models" / "20260101-000000-000000-random_forest" / "schema.json"
    model.parent.mkdir(parents=True)
    model.write_text("{}\n", encoding="utf-8")
    cases = "".join(f"    {pattern}) {command} ;;\n" for pattern, command in answers.items())
    for command in COMMANDS:
        executable(folder / "bin" / command, RECORDER.replace("ANSWERS\n", cases))
    own = {"RECORD": str(folder / "record"), "IMAGE_ID": IMAGE_ID, "FAIL": "nothing"}
    path = os.pathsep.join((str(folder / "bin"), str(TOOLS), "/usr/bin", "/bin"))
    return Desk(target, project, {"HOME": env["HOME"], "PATH": path, "KEEP": str(folder), **own})


def shown(said: str) -> list[str]:
    """Return the commands that a plan shows."""
    return [line.removeprefix("  ") for line in said.splitlines() if line.startswith("  ")]


def told_in_the_log(desk: Desk) -> set[str]:
    """Return the members that the service's own line about its counts has, when there is something to tell."""
    told = run(sys.executable, "-c", SUMMARY, cwd=desk.project, env={**desk.env, "PYTHONPATH": "src"}).stdout
    line = json.loads(told)
    assert line["message"] == "counts"
    return {*line}


def spoiled(document: Any, way: str, value: Any) -> Any:
    """Return a copy with a value at the end of a way of keys and numbers; None removes what is there.

    A stroke inside a key is written as ~.
    """
    copied = json.loads(json.dumps(document))
    *keys, last = (int(key) if key.isdigit() else key.replace("~", "/") for key in way.split("/"))
    place = copied
    for key in keys:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return copied
