"""The service of Cloud Run, held against the description of Google's own interface."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
import yaml

from .deploying import IMAGE, TAG, Desk, make_desk, spoiled
from .machine import Environment

INTERFACE = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "run.v1.json"
SCHEMAS = json.loads(INTERFACE.read_text(encoding="utf-8"))["schemas"]
TYPES = {"string": str, "integer": int, "boolean": bool, "number": float}
# What is replaced stays on this disk, as the file itself vanishes.
ANSWERS = {
    '"gcloud artifacts repositories describe "*': '[ -n "$THERE" ]',
    '"gcloud run services replace "*': 'cp "$4" "$KEEP/replaced.yaml"',
    '"gcloud run services describe "*': "echo https://acme.example.com",
}


@pytest.fixture(scope="module")
def desk(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Desk:
    """A project that goes to Cloud Run."""
    return make_desk("gcp", template, tmp_path_factory.mktemp("gcp"), env, ANSWERS)


@pytest.fixture(scope="module")
def service(desk: Desk) -> Any:
    """The service, as it lies in the project."""
    return yaml.safe_load((desk.project / "deploy" / "gcp" / "service.yaml").read_text(encoding="utf-8"))


def schema_problems(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """Yield every field that the interface does not know, or whose type is another."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"]]
    if "properties" in schema:
        if not isinstance(value, dict):
            yield f"{where} is no object"
            return
        for name, each in value.items():
            if name not in schema["properties"]:
                yield f"{where}.{name} is unknown"
            else:
                yield from schema_problems(each, schema["properties"][name], f"{where}.{name}")
    elif schema["type"] == "array":
        for number, each in enumerate(value if isinstance(value, list) else ["no list"]):
            yield from schema_problems(each, schema["items"], f"{where}[{number}]")
    elif schema["type"] == "object":
        for name, each in value.items():
            yield from schema_problems(each, schema["additionalProperties"], f"{where}.{name}")
    elif type(value) is not TYPES[schema["type"]]:
        yield f"{where} is not of type {schema['type']}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where} is none of {schema['enum']}"


def accepted_annotations(kind: str) -> set[str]:
    """Return the annotations that a Service or a Revision may have, which the description lists in words."""
    text = SCHEMAS["ObjectMeta"]["properties"]["annotations"]["description"]
    return {name for name, kinds in re.findall(r"`([\w./-]+)`: ([\w, ]+)", text) if kind in kinds or "All" in kinds}


def problems(service: Any) -> Iterator[str]:
    """Yield what no schema knows: names of annotations, limits of Cloud Run, ports and probes."""
    for kind, metadata in (("Service", service["metadata"]), ("Revision", service["spec"]["template"]["metadata"])):
        unknown = metadata.get("annotations", {}).keys() - accepted_annotations(kind)
        yield from (f"{name} is no annotation of a {kind}" for name in sorted(unknown))
    spec = service["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    (port,) = container["ports"]
    if port["name"] not in {"http1", "h2c"}:
        yield f"{port['name']} is no protocol"
    for name in ("startupProbe", "livenessProbe"):
        probe = container.get(name, {"httpGet": {"port": None}})
        if probe["httpGet"]["port"] != port["containerPort"]:
            yield f"{name} asks another port"
        elif probe["timeoutSeconds"] > probe["periodSeconds"] or probe["periodSeconds"] > 240:
            yield f"{name} takes too long"
    names = [each["name"] for each in container["env"]]
    if "PORT" in names or len(set(names)) != len(names):
        yield "a variable is set twice, or is Cloud Run's own"
    values = {each["name"]: each.get("value") for each in container["env"]}
    if int(values["SERVICE_TIMEOUT"]) >= spec["timeoutSeconds"]:
        yield "the platform gives up before the service does"


def test_the_service_is_what_cloud_run_knows(service: Any) -> None:
    assert list(schema_problems(service, {"$ref": "Service"})) == []
    assert list(problems(service)) == []
    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    assert service["metadata"]["name"] == "acme-forecast"
    (container,) = service["spec"]["template"]["spec"]["containers"]
    paths = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")]
    assert paths == ["/ready", "/health"]
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


SPEC = "spec/template/spec"
CONTAINER = f"{SPEC}/containers/0"


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (f"{SPEC}/containerConcurency", 80, "containerConcurency is unknown"),
        (f"{SPEC}/containerConcurrency", "80", "is not of type integer"),
        (f"{CONTAINER}/startupProb", {}, "startupProb is unknown"),
        (f"{CONTAINER}/ports/0/containerPort", "8000", "is not of type integer"),
        (f"{CONTAINER}/resources/limits/cpu", 1, "is not of type string"),
        (f"{CONTAINER}/env/0/value", 64, "is not of type string"),
        (f"{CONTAINER}/env/3/valueFrom/secretKeyRef/version", "1", "version is unknown"),
        (f"{CONTAINER}/env", {}, "is not of type string|is no object"),
        ("metadata/annotation", {}, "annotation is unknown"),
        ("metadata/annotations/run.googleapis.com~ingres", "all", "is no annotation of a Service"),
        ("spec/template/metadata/annotations/run.googleapis.com~ingress", "all", "is no annotation of a Revision"),
        ("spec/template/metadata/annotations/autoscaling.knative.dev~minscale", "1", "is no annotation"),
        (f"{CONTAINER}/livenessProbe/httpGet/port", 8080, "livenessProbe asks another port"),
        (f"{CONTAINER}/startupProbe", None, "startupProbe asks another port"),
        (f"{CONTAINER}/livenessProbe/timeoutSeconds", 11, "livenessProbe takes too long"),
        (f"{CONTAINER}/ports/0/name", "http", "http is no protocol"),
        (f"{CONTAINER}/env/0/name", "PORT", "Cloud Run's own"),
        (f"{SPEC}/timeoutSeconds", 10, "gives up before"),
    ],
)
def test_a_fault_is_seen(service: Any, way: str, value: Any, said: str) -> None:
    flawed = spoiled(service, way, value)
    found = list(schema_problems(flawed, {"$ref": "Service"})) or list(problems(flawed))
    assert re.search(said, "\n".join(found))


@pytest.mark.parametrize("secret", ["", "acme-api-key"])
def test_the_script_replaces_the_service(desk: Desk, secret: str) -> None:
    desk.deploy("--yes", but={"API_KEY_SECRET": secret})
    image = f"europe-west1-docker.pkg.dev/acme-1/acme-forecast/service:{TAG}"
    asked = desk.asked()
    assert f"docker push {image}" in asked
    replaced = yaml.safe_load((Path(desk.env["KEEP"]) / "replaced.yaml").read_text(encoding="utf-8"))
    assert list(schema_problems(replaced, {"$ref": "Service"})) == []
    assert list(problems(replaced)) == []
    spec = replaced["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == "runner@acme-1.iam.gserviceaccount.com"
    assert spec["containers"][0]["image"] == image
    keys = [each["valueFrom"]["secretKeyRef"] for each in spec["containers"][0]["env"] if "valueFrom" in each]
    assert keys == ([{"name": secret, "key": "latest"}] if secret else [])
    assert not (desk.project / "deploy" / "gcp" / ".release.yaml").exists()


def test_the_script_deploys_the_image_that_is_named(desk: Desk) -> None:
    assert "https://acme.example.com" in desk.deploy("--yes", "--image", IMAGE)
    assert not any("artifacts" in line or line.startswith("docker") for line in desk.asked())
    assert f"- image: {IMAGE}\n" in (Path(desk.env["KEEP"]) / "replaced.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("there", ["", "yes"])
def test_the_repository_is_made_once(desk: Desk, there: str) -> None:
    desk.deploy("--yes", but={"THERE": there})
    made = [line for line in desk.asked() if line.startswith("gcloud artifacts repositories create acme-forecast ")]
    assert len(made) == (0 if there else 1)
