"""The scans of a project find what they are there for, and nothing else."""

from pathlib import Path

import pytest

from .advisories import Advisories
from .machine import Environment, executable, render, run

# Put together here, so that no scan takes this file for a leak.
KEY = "AKIA" + "IOSFODNN7EXAMPLB"
# An engine whose image holds these packages.
ENGINE = "#!/bin/sh\nprintf 'numpy==2.3.0\\nonnxruntime==1.22.0\\n'\n"

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """A project whose scanners are installed by the first test that needs them."""
    return render(template, tmp_path_factory.mktemp("scans") / "project", env, ci="gitlab")


def test_a_key_in_the_repository_is_found(project: Path, env: Environment) -> None:
    run("make", "secrets", "PYTHON=python3", cwd=project, env=env)
    (project / "src" / "leak.py").write_text(f'KEY = "{KEY}"\n', encoding="utf-8")
    run("make", "secrets", "PYTHON=python3", cwd=project, env=env)
    run("git", "add", "src/leak.py", cwd=project, env=env)
    said = run("make", "secrets", "PYTHON=python3", cwd=project, env=env, expect=2).stdout
    assert "AWS Access Key" in said
    assert "src/leak.py:1" in said


def test_a_vulnerable_package_in_the_image_is_found(
    project: Path, tmp_path: Path, env: Environment, advisories: Advisories
) -> None:
    executable(tmp_path / "bin" / "docker", ENGINE)
    shell = {**env, **advisories.variables, "PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}
    audit = ("make", "audit", "PYTHON=python3")
    assert "No known vulnerabilities found" in run(*audit, cwd=project, env=shell).stdout
    assert advisories.asked == {"numpy", "onnxruntime"}
    advisories.vulnerable.add("onnxruntime")
    assert "OSV-2026-1" in run(*audit, cwd=project, env=shell, expect=2).stdout
    run(*audit, "FLAGS=--ignore-vuln OSV-2026-1", cwd=project, env=shell)


def test_an_audit_that_reaches_no_database_fails(project: Path, tmp_path: Path, env: Environment) -> None:
    executable(tmp_path / "bin" / "docker", ENGINE)
    shell = {**env, "PIP_AUDIT_OSV_URL": "http://127.0.0.1:9/query", "PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}
    run("make", "audit", "PYTHON=python3", cwd=project, env=shell, expect=2)


def test_an_image_that_does_not_start_is_not_found_sound(project: Path, tmp_path: Path, env: Environment) -> None:
    executable(tmp_path / "bin" / "docker", "#!/bin/sh\nexit 1\n")
    shell = {**env, "PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}
    run("make", "audit", "PYTHON=python3", cwd=project, env=shell, expect=2)
