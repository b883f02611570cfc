"""What checkov finds in the files of each target is known, and each finding has a reason to stay."""

import json
from itertools import cycle
from pathlib import Path

import pytest

from .machine import ROOT, Environment, render, run

CHECKOV = ROOT / "build" / "checkov" / "bin" / "checkov"
BASE_IMAGE = {"CKV_DOCKER_7": "the base is an argument, and its default names a version"}
ACCEPTED = {
    "docker": BASE_IMAGE,
    "gcp": {
        **BASE_IMAGE,
        "CKV_K8S_21": "the platform has the manifest's form, but no namespaces",
        "CKV_K8S_29": "the platform has the form of a job, but no security context",
        "CKV_K8S_31": "the platform has no seccomp profile to choose: its sandbox is its own",
        "CKV_K8S_38": "the platform mounts no token of an account",
        "CKV_K8S_40": "the image says the user",
    },
    "azure": BASE_IMAGE,
    "aws": {
        **BASE_IMAGE,
        "CKV_AWS_26": "alarms cannot be published to a topic with the platform's own key",
        "CKV_AWS_91": "logs of accesses need a bucket, which is the owner's to give",
        "CKV_AWS_136": "the platform encrypts with its own key",
        "CKV_AWS_158": "the platform encrypts with its own key, and no feature value is logged",
        "CKV_AWS_260": "port 80 redirects to TLS, and to nothing else",
    },
    "kubernetes": {
        **BASE_IMAGE,
        "CKV_K8S_14": "deploy.sh sets the tag",
        "CKV_K8S_35": "the service reads its key from the environment",
        "CKV_K8S_43": "deploy.sh sets the digest",
    },
}
FRAMEWORKS = ("cloudformation", "dockerfile", "github_actions", "gitlab_ci", "kubernetes")

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]


@pytest.mark.parametrize(("deployment", "ci"), list(zip(ACCEPTED, cycle(["github", "gitlab"]))))
def test_findings_are_known(deployment: str, ci: str, template: Path, env: Environment, tmp_path: Path) -> None:
    project = render(template, tmp_path / "project", env, deployment=deployment, ci=ci)
    for overlay in (project / "deploy" / "kubernetes" / "overlays").glob("*"):
        built = run("kubectl", "kustomize", overlay, cwd=project, env=env).stdout
        (project / f"{overlay.name}.yaml").write_text(built, encoding="utf-8")
    # Whole manifests are checked, not the patches that they are made of.
    flags = ("--skip-path", "deploy/kubernetes", "--quiet", "--output", "json", "--skip-download", "--soft-fail")
    # The pipelines lie in hidden folders.
    own = {**env, "CKV_IGNORE_HIDDEN_DIRECTORIES": "false", "LOG_LEVEL": "ERROR"}
    told = run(CHECKOV, "--directory", ".", "--framework", *FRAMEWORKS, *flags, cwd=project, env=own).stdout
    reports = json.loads(told)
    looked_at = {report["check_type"] for report in reports}
    assert {"dockerfile", "github_actions" if ci == "github" else "gitlab_ci"} <= looked_at
    assert deployment not in {"aws", "kubernetes"} or {"cloudformation", "kubernetes"} & looked_at
    assert all(report["summary"]["parsing_errors"] == 0 for report in reports)
    found = {failed["check_id"] for report in reports for failed in report["results"]["failed_checks"]}
    assert found == ACCEPTED[deployment].keys()
