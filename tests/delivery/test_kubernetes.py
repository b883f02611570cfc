"""The manifests: built as kubectl builds them, valid, and fitting each other."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .deploying import IMAGE, TAG, Desk, make_desk, spoiled
from .machine import TOOLS, Environment, run
from .manifests import Document, containers, of_kind, pods, problems, schema_problems

NAME = "acme-forecast"
IMAGES = {NAME, f"{NAME}-trainer"}
STAGES = ("staging", "production")
# What is applied is kept, as the folder that it is in vanishes.
ANSWERS = {
    '*" apply --kustomize "*': f'"{TOOLS}/kubectl" kustomize "${{called##* }}" > "$KEEP/applied.yaml"',
}


@pytest.fixture(scope="module")
def desk(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Desk:
    """A project that goes to Kubernetes."""
    return make_desk("kubernetes", template, tmp_path_factory.mktemp("kubernetes"), env, ANSWERS)


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest, desk: Desk, env: Environment) -> list[Document]:
    """What a folder of a stage is built to."""
    return build(desk.project / "deploy" / "kubernetes" / "overlays" / request.param, env)


def build(folder: Path, env: Environment) -> list[Document]:
    """Return what kubectl makes of a folder."""
    built = subprocess.run(
        [TOOLS / "kubectl", "kustomize", folder], env=env, capture_output=True, text=True, check=True
    )
    # It warns of what is outdated.
    assert built.stderr == ""
    return list(yaml.safe_load_all(built.stdout))


def test_the_manifests_are_valid_and_fit_each_other(stage: list[Document]) -> None:
    assert list(schema_problems(stage)) == []
    assert list(problems(stage, IMAGES)) == []


def test_everything_is_there(stage: list[Document]) -> None:
    kinds = sorted(each["kind"] for each in stage)
    assert kinds == [
        "ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Namespace", "NetworkPolicy",
        "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "Service", "ServiceAccount",
    ]  # fmt: skip
    assert all(each["metadata"]["name"].startswith(NAME) for each in stage)
    named = [each for each in stage if each["kind"] != "Namespace"]
    assert {each["metadata"]["labels"]["app.kubernetes.io/name"] for each in named} == {NAME}
    (settings,) = of_kind(stage, "ConfigMap").values()
    assert {name.partition("_")[0] for name in settings["data"]} == {"SERVICE"}
    assert int(settings["data"]["SERVICE_RELOAD_SECONDS"]) > 0
    (service,) = of_kind(stage, "Deployment").values()
    env = {each["name"]: each for each in service["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["SERVICE_API_KEY"]["valueFrom"]["secretKeyRef"]["optional"] is True


# Each puts one fault into a document that was sound.


POD = "spec/template/spec"
JOB = "spec/jobTemplate/spec/template/spec"


@pytest.mark.parametrize(
    ("kind", "way", "value"),
    [
        ("Deployment", f"{POD}/containers/0/readinesProbe", {}),
        ("Deployment", f"{POD}/containers/0/ports/0/containerPort", "8000"),
        ("Deployment", f"{POD}/containers/0/resources/limit", {}),
        ("HorizontalPodAutoscaler", "apiVersion", "autoscaling/v2beta1"),
        ("Ingress", "spec/rules/0/http/paths/0/pathType", None),
        ("NetworkPolicy", "spec/engress", []),
        ("PodDisruptionBudget", "spec/maxUnavaliable", 1),
        ("CronJob", "spec/timezone", "Etc/UTC"),
        ("PersistentVolumeClaim", "spec/accessMode", "ReadWriteMany"),
        ("Service", "spec/ports/0/port", None),
        ("ServiceAccount", "automountToken", False),
        ("ConfigMap", "data/SERVICE_MAX_ROWS", 1000),
        ("Namespace", "metadata/label", {}),
    ],
)
def test_the_schemas_see_a_fault(stage: list[Document], kind: str, way: str, value: Any) -> None:
    documents = with_fault(stage, kind, way, value)
    assert list(schema_problems(documents)) != []


@pytest.mark.parametrize(
    ("kind", "way", "value", "said"),
    [
        ("Deployment", "spec/selector/matchLabels/app.kubernetes.io~name", "x", "does not select its own pods"),
        ("Deployment", f"{POD}/containers/0/resources/requests/cpu", "1500m", "requests more cpu than its limit"),
        ("Deployment", f"{POD}/containers/0/resources/limits/memory", "1Mi", "requests more memory than its limit"),
        ("Deployment", f"{POD}/containers/0/envFrom/0/configMapRef/name", "settings", "no ConfigMap settings"),
        ("Deployment", f"{POD}/containers/0/livenessProbe/httpGet/port", "web", "livenessProbe asks a port"),
        ("Deployment", f"{POD}/containers/0/image", "other:1", "the images are"),
        ("Deployment", f"{POD}/containers/0/startupProbe", None, "is not probed as it should be"),
        ("Deployment", f"{POD}/containers/0/volumeMounts/0/name", "other", "not both declared and mounted"),
        ("Deployment", f"{POD}/containers/0/securityContext/readOnlyRootFilesystem", False, "is not confined"),
        ("Deployment", f"{POD}/terminationGracePeriodSeconds", 10, "is killed before it is done"),
        ("Deployment", f"{POD}/serviceAccountName", "default", "no ServiceAccount default"),
        ("Deployment", f"{POD}/volumes/0/persistentVolumeClaim/claimName", "models", "no PersistentVolumeClaim"),
        ("Deployment", "spec/replicas", 3, "is overruled by replicas"),
        ("CronJob", f"{JOB}/securityContext/runAsNonRoot", False, "may run as root"),
        ("CronJob", f"{JOB}/automountServiceAccountToken", None, "gets a token"),
        ("CronJob", f"{JOB}/containers/0/resources", {}, "has no request or no limit"),
        ("Service", "spec/selector/app.kubernetes.io~component", "web", "selects the pods of 0 workloads"),
        ("Service", "spec/selector/app.kubernetes.io~component", None, "selects the pods of 2 workloads"),
        ("Service", "spec/ports/0/targetPort", "web", "no port web in its pods"),
        ("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", "service", "scales what is not there"),
        ("PodDisruptionBudget", "spec/selector/matchLabels/app.kubernetes.io~name", "x", "selects no pods"),
        ("NetworkPolicy", "spec/podSelector/matchLabels/app.kubernetes.io~name", "x", "selects the pods of 0"),
        ("NetworkPolicy", "spec/egress/0/ports/0/port", 443, "lets out more"),
        ("Ingress", "spec/rules/0/http/paths/0/backend/service/port/name", "web", "no port web of a Service"),
        ("Ingress", "spec/tls", [], "has no certificate"),
        ("ConfigMap", "metadata/namespace", "other", "not in one namespace"),
    ],
)
def test_what_does_not_fit_is_seen(stage: list[Document], kind: str, way: str, value: Any, said: str) -> None:
    documents = with_fault(stage, kind, way, value)
    assert any(said in problem for problem in problems(documents, IMAGES))


def with_fault(stage: list[Document], kind: str, way: str, value: Any) -> list[Document]:
    """Return the documents, the first of the kind with a fault."""
    sound = next(each for each in stage if each["kind"] == kind)
    return [spoiled(sound, way, value) if each is sound else each for each in stage]


# What the script applies, and what the pods then run.


def applied(desk: Desk) -> list[Document]:
    """Return what was applied last."""
    return list(yaml.safe_load_all((Path(desk.env["KEEP"]) / "applied.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("stage_name", STAGES)
def test_the_script_applies_the_images_it_pushed(desk: Desk, stage_name: str) -> None:
    desk.deploy("--yes", but={"ENVIRONMENT": stage_name})
    asked = desk.asked()
    service, trainer = (f"registry.example.com/team/{name}:{TAG}" for name in (NAME, f"{NAME}-trainer"))
    assert [line for line in asked if "push" in line] == [f"docker push {service}", f"docker push {trainer}"]
    assert [("--target trainer" in line) for line in asked if "docker build" in line] == [False, True]
    assert asked[-1].endswith(f"--namespace {NAME}-{stage_name} rollout status deployment/{NAME}-service --timeout 5m")
    assert all("--context acme " in line for line in asked if line.startswith("kubectl"))
    documents = applied(desk)
    assert list(schema_problems(documents)) == []
    assert list(problems(documents, {service, trainer})) == []
    (ingress,) = of_kind(documents, "Ingress").values()
    assert ingress["spec"]["rules"][0]["host"] == "acme.example.com"
    assert not (desk.project / "deploy" / "kubernetes" / ".release").exists()


@pytest.mark.parametrize(
    "image",
    [IMAGE, f"registry.example.com:5000/acme@sha256:{'0' * 64}", f"registry.example.com:5000/acme:2@sha256:{'0' * 64}"],
)
def test_the_script_applies_the_image_that_is_named(desk: Desk, image: str) -> None:
    desk.deploy("--yes", "--image", image, but={"REGISTRY": "", "TRAINER_IMAGE": "trainer:2"})
    documents = applied(desk)
    assert list(problems(documents, {image.replace("acme:2@", "acme@"), "trainer:2"})) == []


def test_what_the_script_cannot_use_is_refused(desk: Desk) -> None:
    assert "It can be staging or production" in desk.deploy("--yes", expect=2, but={"ENVIRONMENT": "test"})
    desk.asked()
    for image in ("acme", "registry.example.com:5000/acme"):
        said = desk.deploy("--yes", "--image", image, expect=2, but={"TRAINER_IMAGE": "trainer:2"})
        assert f"{image} names no version" in said
    assert "TRAINER_IMAGE is not set" in desk.deploy("--yes", "--image", IMAGE, expect=2)
    assert desk.asked() == []


def script_of(stage: list[Document], kind: str, number: int = 0) -> str:
    """Return the shell script that a container of the first workload of a kind runs."""
    pod = next(pod for name, pod in pods(stage).items() if name.startswith(kind))
    *shell, script = containers(pod)[number]["command"]
    assert shell == ["sh", "-euc"]
    return str(script)


def test_an_empty_volume_is_filled_from_the_image(stage: list[Document], tmp_path: Path) -> None:
    script = script_of(stage, "Deployment").replace("/models", f"{tmp_path}/models")
    (tmp_path / "app" / "models" / "run-1").mkdir(parents=True)
    (tmp_path / "app" / "models" / "run-1" / "schema.json").touch()
    (tmp_path / "app" / "models" / "current").write_text("run-1\n", encoding="utf-8")
    volume = tmp_path / "models"
    volume.mkdir()
    env = {"PATH": "/usr/bin:/bin", "HOSTNAME": "pod-1"}

    def fill() -> list[str]:
        run("sh", "-euc", script, cwd=tmp_path / "app", env=env)
        return sorted(path.name for path in volume.iterdir())

    # One that was killed on its way leaves a hidden folder behind.
    (volume / ".new-pod-1" / "run-1").mkdir(parents=True)
    assert fill() == ["current", "run-1"]
    (tmp_path / "app" / "models" / "run-1").rename(tmp_path / "app" / "models" / "run-2")
    assert fill() == ["current", "run-1"]


def test_retraining_runs_the_pipeline_and_waits_for_the_service(stage: list[Document]) -> None:
    pod = next(pod for name, pod in pods(stage).items() if name.startswith("CronJob"))
    (container,) = containers(pod)
    assert container["command"] == ["python", "-m", "acme_forecast", "pipeline", "run"]
    told = {each["name"]: each.get("value") for each in container["env"]}
    # What it asks is a Service of these manifests, on the port that a URL without one means.
    (service,) = of_kind(stage, "Service").values()
    assert told["PIPELINE_URL"] == f"http://{service['metadata']['name']}"
    assert service["spec"]["ports"][0]["port"] == 80


# The image that retrains.


def test_the_recipe_for_training_is_part_of_the_recipe(desk: Desk, env: Environment) -> None:
    run("hadolint", "Dockerfile", cwd=desk.project, env=env)
    recipe = (desk.project / "Dockerfile").read_text(encoding="utf-8")
    stages = [line for line in recipe.splitlines() if line.startswith("FROM")]
    # The last is the one that is built when none is named.
    assert stages == ["FROM ${PYTHON_IMAGE} AS builder", "FROM ${PYTHON_IMAGE} AS trainer", "FROM ${PYTHON_IMAGE}"]
    kept = (desk.project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied_in = {word for line in recipe.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]}
    copied_in = {word for word in copied_in if not word.startswith(("--from", "/"))} - {"."}
    assert sorted(f"!{word}" for word in copied_in) == sorted(line for line in kept if line.startswith("!"))
