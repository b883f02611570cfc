"""A version reaches each target by the identity of the pipeline, without a key: scripts for real, tools stubbed."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from .machine import ROOT, Environment, executable, render, run

PARTS = ROOT / "template" / "parts"
TOKEN = "a-token-that-lives-for-minutes"
REGISTRY = "registry.example.com"
# What a person sets for each target, and nothing else.
VARIABLES = {
    "docker": {},
    "kubernetes": {
        "KUBERNETES_SERVER": "https://cluster.example.com",
        "KUBERNETES_CA": "a certificate",
        "KUBERNETES_AUDIENCE": "cluster",
    },
    "aws": {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploy",
        "AWS_REGION": "eu-west-1",
        "IMAGE_REPOSITORY": f"{REGISTRY}/forecast",
    },
    "gcp": {
        "GOOGLE_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/pool/providers/forge",
        "GOOGLE_SERVICE_ACCOUNT": "deploy@example.com",
        "IMAGE_REPOSITORY": f"{REGISTRY}/models/forecast",
    },
    "azure": {
        "AZURE_CLIENT_ID": "client",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_SUBSCRIPTION_ID": "subscription",
        "IMAGE_REPOSITORY": "acme.example.com/forecast",
    },
}
# For whom the token is; nobody asks for one where the image only goes to the forge's own registry.
AUDIENCES = {
    "kubernetes": "cluster",
    "aws": "sts.amazonaws.com",
    "gcp": f"https://iam.googleapis.com/{VARIABLES['gcp']['GOOGLE_IDENTITY_PROVIDER']}",
    "azure": "api://AzureADTokenExchange",
}
# What each target's tools are asked, in order; "docker load" comes before, "docker tag", "docker push" after.
LOG_IN = {
    "docker": [],
    "kubernetes": [
        "kubectl config set-cluster production --server=https://cluster.example.com "
        "--certificate-authority=FILE --embed-certs",
        f"kubectl config set-credentials pipeline --token={TOKEN}",
        "kubectl config set-context production --cluster=production --user=pipeline",
        "kubectl config use-context production",
    ],
    "aws": [
        "aws ecr get-login-password --region eu-west-1",
        f"docker login --username AWS --password-stdin {REGISTRY}",
    ],
    "gcp": [
        f"gcloud iam workload-identity-pools create-cred-config {VARIABLES['gcp']['GOOGLE_IDENTITY_PROVIDER']} "
        "--service-account=deploy@example.com --credential-source-file=FILE --output-file=FILE",
        "gcloud auth login --quiet --cred-file=FILE",
        f"gcloud auth configure-docker --quiet {REGISTRY}",
    ],
    "azure": [
        f"az login --service-principal --username client --tenant tenant --federated-token {TOKEN} --output none",
        "az account set --subscription subscription",
        "az acr login --name acme",
    ],
}
FORGE_LOGIN = {
    "github": "docker login --username ada --password-stdin ghcr.io",
    "gitlab": f"docker login --username job --password-stdin {REGISTRY}",
}
FORGE_IMAGE = {"github": "ghcr.io/acme/forecast", "gitlab": f"{REGISTRY}/acme/forecast"}
# Writes down what it is asked; names of temporary files change. A login reads a password and shows that it is one.
TOOL = """\
#!/bin/sh
echo "${0##*/} $*" | sed "s|=/[^ ]*tmp[^ ]*|=FILE|g" >> "$RECORD"
case "$*" in *--password-stdin*) cat > "$RECORD.password" ;; esac
case "$*" in *get-login-password*) echo registry-password ;; esac
case "$*" in ecr*) cp "$AWS_WEB_IDENTITY_TOKEN_FILE" "$RECORD.token" ;; esac
for word; do
    case "$word" in --credential-source-file=*) cp "${word#*=}" "$RECORD.token" ;; esac
done
case "${0##*/} $*" in $FAIL) exit 1 ;; esac
"""


@contextmanager
def issuer() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """GitHub's issuer of tokens: its address, and whom it gave one for with which proof."""
    given: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            given.append((audience, self.headers["Authorization"]))
            body = json.dumps({"value": TOKEN, "count": 1}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2.0", given
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """A project whose deploy/release.sh is run; what it reads is put beside it by each test."""
    return render(template, tmp_path_factory.mktemp("release") / "project", env)


def release(
    rendered: Path, folder: Path, env: Environment, forge: str, target: str, *, fail: str = "none", **changed: str
) -> tuple[subprocess.CompletedProcess[str], list[str], list[tuple[str, str]]]:
    """Run the deploy step of a forge and a target; return how it ended, what was asked and whom a token was for."""
    project = folder / "project"
    deploy = project / "deploy"
    deploy.mkdir(parents=True)
    texts = {
        "release.sh": rendered / "deploy" / "release.sh",
        "forge.sh": PARTS / "ci" / forge / "release" / "forge.sh",
        "login.sh": PARTS / "deployment" / target / "release" / "login.sh",
    }
    for name, source in texts.items():
        (deploy / name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    for tool in ("docker", "kubectl", "aws", "gcloud", "az", "make"):
        executable(folder / "bin" / tool, TOOL)
    variables = {**VARIABLES[target], **changed}
    record = folder / "record"
    record.touch()
    with issuer() as (address, given):
        outside = {
            "github": {
                "VARIABLES": json.dumps(variables),
                "GITHUB_TOKEN": "job-token",
                "GITHUB_ACTOR": "ada",
                "GITHUB_REPOSITORY": "Acme/Forecast",
                "ACTIONS_ID_TOKEN_REQUEST_URL": address,
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "proof",
            },
            "gitlab": {
                **variables,
                "ID_TOKEN": TOKEN,
                "CI_REGISTRY": REGISTRY,
                "CI_REGISTRY_IMAGE": f"{REGISTRY}/acme/forecast",
                "CI_REGISTRY_USER": "job",
                "CI_JOB_TOKEN": "job-token",
            },
        }[forge]
        path = f"{folder / 'bin'}:{env['PATH']}"
        shell = {**env, **outside, "PATH": path, "RECORD": str(record), "FAIL": fail}
        done = run("bash", "deploy/release.sh", "v1.2.3+gpu", cwd=project, env=shell, expect=None)
    return done, record.read_text(encoding="utf-8").splitlines(), given


@pytest.mark.parametrize("forge", ["github", "gitlab"])
@pytest.mark.parametrize("target", VARIABLES)
def test_a_version_is_pushed_and_handed_over(
    rendered: Path, tmp_path: Path, env: Environment, forge: str, target: str
) -> None:
    done, steps, given = release(rendered, tmp_path, env, forge, target)
    assert done.returncode == 0, done.stdout
    own = target in {"docker", "kubernetes"}
    image = f"{FORGE_IMAGE[forge] if own else VARIABLES[target]['IMAGE_REPOSITORY']}:v1.2.3-gpu"
    trainer = [f"docker build --target trainer --tag {image}-trainer .", f"docker push {image}-trainer"]
    assert steps == [
        "docker load --input image.tar",
        *([FORGE_LOGIN[forge]] if own else []),
        *LOG_IN[target],
        f"docker tag acme-forecast {image}",
        f"docker push {image}",
        *(trainer if target == "kubernetes" else []),
        *([] if target == "docker" else [f"make deploy FLAGS=--yes --image {image}"]),
    ]
    wanted = [(AUDIENCES[target], "Bearer proof")] if forge == "github" and target in AUDIENCES else []
    assert given == wanted
    assert TOKEN not in done.stdout
    assert "job-token" not in done.stdout
    password = tmp_path / "record.password"
    if own:
        assert password.read_text(encoding="utf-8").strip() == "job-token"
    elif target == "aws":
        assert password.read_text(encoding="utf-8").strip() == "registry-password"
    if target in {"aws", "gcp"}:
        assert (tmp_path / "record.token").read_text(encoding="utf-8").strip() == TOKEN


@pytest.mark.parametrize(
    ("target", "name"), [(target, name) for target, variables in VARIABLES.items() for name in variables]
)
def test_a_variable_that_is_missing_is_named_before_anything_is_done(
    rendered: Path, tmp_path: Path, env: Environment, target: str, name: str
) -> None:
    done, steps, _ = release(rendered, tmp_path, env, "github", target, **{name: ""})
    assert done.returncode != 0
    assert f"{name}: set it to " in done.stdout
    assert steps == []


@pytest.mark.parametrize(
    ("target", "step"),
    [
        ("docker", "docker login*"),
        ("docker", "docker push*"),
        ("kubernetes", "kubectl config set-credentials*"),
        ("aws", "aws *"),
        ("aws", "make deploy*"),
        ("gcp", "gcloud iam*"),
        ("azure", "az login*"),
    ],
)
def test_nothing_follows_a_step_that_failed(
    rendered: Path, tmp_path: Path, env: Environment, target: str, step: str
) -> None:
    done, steps, _ = release(rendered, tmp_path, env, "gitlab", target, fail=step)
    assert done.returncode != 0
    assert steps[-1].startswith(step.rstrip("*"))


def test_the_scripts_are_sound(rendered: Path, tmp_path: Path, env: Environment) -> None:
    scripts = [*PARTS.glob("ci/*/release/forge.sh"), *PARTS.glob("deployment/*/release/login.sh")]
    assert len(scripts) == 2 + len(VARIABLES)
    run("shellcheck", *scripts, cwd=tmp_path, env=env)
    run("shellcheck", "--external-sources", "deploy/release.sh", cwd=rendered, env=env)


@pytest.mark.parametrize("target", VARIABLES)
def test_gitlab_issues_a_token_for_the_target_alone(target: str) -> None:
    text = (PARTS / "deployment" / target / "release" / "tools.yml").read_text(encoding="utf-8")
    tools = yaml.safe_load(text)[".tools"]
    audience = tools.get("id_tokens", {}).get("ID_TOKEN", {}).get("aud", "")
    for name, value in VARIABLES[target].items():
        audience = audience.replace(f"${name}", value)
    assert audience == AUDIENCES.get(target, "")
