"""The service of Cloud Run, held against the description of Google's own interface."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
import yaml

from .deploying import IMAGE, TAG, Desk, make_desk, spoiled, told_in_the_log
from .machine import Environment

INTERFACES = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
SCHEMAS = {
    name: schema
    for interface in ("monitoring.v3", "run.v1")
    for name, schema in json.loads((INTERFACES / f"{interface}.json").read_text(encoding="utf-8"))["schemas"].items()
}
TYPES = {"string": str, "integer": int, "boolean": bool, "number": float}
# What is replaced stays on this disk, as the file itself vanishes.
ANSWERS = {
    '"gcloud artifacts repositories describe "*': '[ -n "$THERE" ]',
    '"gcloud run services replace "*': 'cp "$4" "$KEEP/replaced.yaml"',
    '"gcloud run jobs replace "*': 'cp "$4" "$KEEP/job.yaml"',
    '"gcloud storage ls "*': '[ -n "$THERE" ]',
    '"gcloud monitoring policies list "*': '[ -z "$THERE" ] || echo projects/acme-1/alertPolicies/1',
    '"gcloud monitoring policies create --policy-from-file "*': 'cp "$5" "$KEEP/${5##*/.}"',
    '"gcloud monitoring policies update "*': 'cp "$6" "$KEEP/${6##*/.}"',
    '"gcloud scheduler jobs describe "*': '[ -n "$THERE" ]',
    '"gcloud run services describe "*': "echo https://acme.example.com",
}


HOURS = {"SCHEDULE": "0 3 * * 0", "MODELS_BUCKET": "acme-models"}
BUCKET = {"bucketName": "acme-models", "mountOptions": "only-dir=models,uid=10001,gid=10001"}


@pytest.fixture(scope="module")
def desk(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Desk:
    """A project that goes to Cloud Run."""
    return make_desk("gcp", template, tmp_path_factory.mktemp("gcp"), env, ANSWERS)


@pytest.fixture(scope="module")
def service(desk: Desk) -> Any:
    """The service, as it lies in the project."""
    return yaml.safe_load((desk.project / "deploy" / "gcp" / "service.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def job(desk: Desk) -> Any:
    """What runs the pipeline, as it lies in the project."""
    return yaml.safe_load((desk.project / "deploy" / "gcp" / "job.yaml").read_text(encoding="utf-8"))


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


def job_problems(job: Any) -> Iterator[str]:
    """Yield what no schema knows of the job: annotations, folders, and that it is one and is not started again."""
    execution = job["spec"]["template"]
    unknown = execution["metadata"]["annotations"].keys() - accepted_annotations("Execution")
    yield from (f"{name} is no annotation of an Execution" for name in sorted(unknown))
    spec = execution["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    if container["command"][-2:] != ["pipeline", "run"]:
        yield "something else is run"
    if (execution["spec"]["taskCount"], spec["maxRetries"]) != (1, 0):
        yield "may run twice at once"
    places = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    if places != {name: f"/app/{name}" for name in ("models", "runs")}:
        yield f"the folders are {places}"
    for volume in spec["volumes"]:
        told = volume["csi"]["volumeAttributes"]["mountOptions"]
        if told != f"only-dir={volume['name']},uid=10001,gid=10001":
            yield f"{volume['name']} is another folder, or not for the user of the image"


def test_the_service_is_what_cloud_run_knows(service: Any) -> None:
    assert list(schema_problems(service, {"$ref": "Service"})) == []
    assert list(problems(service)) == []
    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    assert service["metadata"]["name"] == "acme-forecast"
    (container,) = service["spec"]["template"]["spec"]["containers"]
    paths = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")]
    assert paths == ["/ready", "/health"]
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


def test_the_job_is_what_cloud_run_knows(job: Any) -> None:
    assert list(schema_problems(job, {"$ref": "Job"})) == []
    assert list(job_problems(job)) == []
    assert (job["apiVersion"], job["kind"]) == ("run.googleapis.com/v1", "Job")
    assert job["metadata"]["name"] == "acme-forecast-pipeline"


TASK = "spec/template/spec/template/spec"


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (f"{TASK}/maxRetry", 0, "maxRetry is unknown"),
        (f"{TASK}/timeoutSeconds", 21600, "is not of type string"),
        (f"{TASK}/volumes/0/csi/volumeAttribute", {}, "volumeAttribute is unknown"),
        ("spec/template/metadata/annotations/run.googleapis.com~ingress", "all", "is no annotation of an Execution"),
        (f"{TASK}/maxRetries", 3, "twice at once"),
        (f"{TASK}/containers/0/command/4", "status", "something else"),
        (f"{TASK}/containers/0/volumeMounts/0/mountPath", "/models", "the folders are"),
        (f"{TASK}/volumes/1/csi/volumeAttributes/mountOptions", "only-dir=models", "another folder"),
    ],
)
def test_a_fault_of_the_job_is_seen(job: Any, way: str, value: Any, said: str) -> None:
    flawed = spoiled(job, way, value)
    assert re.search(said, "\n".join([*schema_problems(flawed, {"$ref": "Job"}), *job_problems(flawed)]))


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
        (f"{CONTAINER}/env/6/valueFrom/secretKeyRef/version", "1", "version is unknown"),
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


def kept(desk: Desk, name: str) -> Any:
    """Return what was replaced last."""
    return yaml.safe_load((Path(desk.env["KEEP"]) / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("there", ["", "yes"])
def test_with_hours_the_script_makes_the_pipeline_and_the_service_reads_its_models(desk: Desk, there: str) -> None:
    desk.deploy("--yes", but={**HOURS, "THERE": there, "PIPELINE_URL": "https://acme.example.com"})
    asked = desk.asked()
    trainer = f"europe-west1-docker.pkg.dev/acme-1/acme-forecast/trainer:{TAG}"
    assert f"docker push {trainer}" in asked
    # The service has a model to start with.
    filled = [line for line in asked if line.startswith("gcloud storage rsync ")]
    assert len(filled) == (0 if there else 1)
    assert all(line.endswith(" models gs://acme-models/models") for line in filled)
    (hours,) = [line for line in asked if re.match("gcloud scheduler jobs (create|update) ", line)]
    assert hours.startswith(f"gcloud scheduler jobs {'update' if there else 'create'} http acme-forecast-pipeline ")
    assert "--schedule 0 3 * * 0 --time-zone Etc/UTC " in hours
    assert "/v2/projects/acme-1/locations/europe-west1/jobs/acme-forecast-pipeline:run " in hours
    job = kept(desk, "job.yaml")
    assert [*schema_problems(job, {"$ref": "Job"}), *job_problems(job)] == []
    task = job["spec"]["template"]["spec"]["template"]["spec"]
    assert task["containers"][0]["image"] == trainer
    assert {each["name"]: each.get("value") for each in task["containers"][0]["env"]} == {
        "PIPELINE_URL": "https://acme.example.com",
        "PIPELINE_SECONDS": "300",
    }
    assert task["volumes"][0]["csi"]["volumeAttributes"] == BUCKET
    service = kept(desk, "replaced.yaml")
    assert [*schema_problems(service, {"$ref": "Service"}), *problems(service)] == []
    (volume,) = service["spec"]["template"]["spec"]["volumes"]
    assert (volume["csi"]["readOnly"], volume["csi"]["volumeAttributes"]) == (True, BUCKET)
    assert asked.index(hours) < next(
        n for n, line in enumerate(asked) if line.startswith("gcloud run services replace")
    )
    assert list((desk.project / "deploy" / "gcp").glob(".*")) == []


QUERY = "conditionPrometheusQueryLanguage"
CHANNEL = "projects/acme-1/notificationChannels/1"


@pytest.mark.parametrize(("there", "verb"), [("", "create"), ("yes", "update")])
@pytest.mark.parametrize("hours", [{}, HOURS])
def test_where_there_is_a_channel_the_script_makes_the_alarms(
    desk: Desk, there: str, verb: str, hours: dict[str, str]
) -> None:
    desk.deploy("--yes", but={**hours, "THERE": there, "ALARM_CHANNEL": CHANNEL})
    asked = desk.asked()
    made = [line for line in asked if re.match("gcloud monitoring policies (create|update) ", line)]
    assert [line.split()[3] for line in made] == [verb, verb]
    replaced = next(n for n, line in enumerate(asked) if line.startswith("gcloud run services replace"))
    assert asked.index(made[0]) > replaced
    looked_up = [line for line in asked if line.startswith("gcloud monitoring policies list ")]
    names = [re.findall(r'displayName="(.*?)"', line)[0] for line in looked_up]
    assert names == [kept(desk, f"{each}.yaml")["displayName"] for each in ("alarms", "model_alarms")]
    policy = kept(desk, "alarms.yaml")
    assert list(schema_problems(policy, {"$ref": "AlertPolicy"})) == []
    assert (policy["displayName"], policy["notificationChannels"]) == ("acme-forecast", [CHANNEL])
    queries = [each[QUERY]["query"] for each in policy["conditions"]]
    metrics = [re.findall(r"run_googleapis_com:(\w+)", query) for query in queries]
    of_pipeline = [["job_completed_execution_count"]] if hours else []
    assert metrics == [["request_count"], ["request_latencies_bucket"], *of_pipeline]
    # What is named is what is deployed.
    assert {name for query in queries for name in re.findall(r'(?:service|job)_name="(.*?)"', query)} == {
        each["metadata"]["name"] for each in [kept(desk, "replaced.yaml"), *([kept(desk, "job.yaml")] if hours else [])]
    }
    assert list((desk.project / "deploy" / "gcp").glob(".*")) == []


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (f"conditions/0/{QUERY}/promql", "up", "promql is unknown"),
        (f"conditions/0/{QUERY}/duration", 60, "is not of type string"),
        ("combiner", "ANY", "is none of"),
    ],
)
def test_a_fault_of_the_alarms_is_seen(desk: Desk, way: str, value: Any, said: str) -> None:
    policy = yaml.safe_load((desk.project / "deploy" / "gcp" / "alarms.yaml").read_text(encoding="utf-8"))
    assert re.search(said, "\n".join(schema_problems(spoiled(policy, way, value), {"$ref": "AlertPolicy"})))


def model_alarm_problems(policy: Any, service: Any, told: set[str]) -> Iterator[str]:
    """Yield what does not fit in the alarm that reads the log of the service."""
    yield from schema_problems(policy, {"$ref": "AlertPolicy"})
    if len(policy["conditions"]) != 1 or "notificationRateLimit" not in policy.get("alertStrategy", {}):
        yield "a policy about logs has one condition, and says how often it may tell of it"
    told_of = policy["conditions"][0].get("conditionMatchedLog", {}).get("filter", "")
    read = {*re.findall(r"jsonPayload\.(\w+)", told_of)}
    if "message" not in read or not read <= told:
        yield f"the log does not tell {read - told}"
    if re.findall(r'service_name="(.*?)"', told_of) != [service["metadata"]["name"]]:
        yield "the log of another service is read"
    (container,) = service["spec"]["template"]["spec"]["containers"]
    if not float({each["name"]: each.get("value") for each in container["env"]}.get("SERVICE_LOG_COUNTS_SECONDS", 0)):
        yield "the log tells nothing"


def test_alarms_about_the_model_read_what_the_service_logs(desk: Desk) -> None:
    desk.deploy("--yes", but={"ALARM_CHANNEL": CHANNEL})
    assert desk.asked()
    policy, service, told = kept(desk, "model_alarms.yaml"), kept(desk, "replaced.yaml"), told_in_the_log(desk)
    assert policy["notificationChannels"] == [CHANNEL]
    assert list(model_alarm_problems(policy, service, told)) == []
    log = "conditions/0/conditionMatchedLog/filter"
    for way, value, said in (
        ("alertStrategy", {}, "how often"),
        ("alertStrategy/autoclose", "1800s", "autoclose is unknown"),
        (log, policy["conditions"][0]["conditionMatchedLog"]["filter"].replace("_share", ""), "does not tell"),
        (log, 'jsonPayload.message="counts" resource.labels.service_name="other"', "another service"),
    ):
        assert said in "\n".join(model_alarm_problems(spoiled(policy, way, value), service, told))
    silent = spoiled(service, "spec/template/spec/containers/0/env", [])
    assert "the log tells nothing" in list(model_alarm_problems(policy, silent, told))


def test_without_a_channel_there_are_no_alarms(desk: Desk) -> None:
    desk.deploy("--yes")
    assert not any("monitoring" in line for line in desk.asked())


def test_without_hours_nothing_is_said_of_models(desk: Desk) -> None:
    desk.deploy("--yes")
    assert not any("jobs" in line or "storage" in line for line in desk.asked())
    spec = kept(desk, "replaced.yaml")["spec"]["template"]["spec"]
    assert "volumes" not in spec
    assert "volumeMounts" not in spec["containers"][0]
    assert not {"SERVICE_MODELS_DIR", "SERVICE_RELOAD_SECONDS"} & {
        each["name"] for each in spec["containers"][0]["env"]
    }


def test_hours_without_a_bucket_are_refused(desk: Desk) -> None:
    assert "MODELS_BUCKET is not set" in desk.deploy("--yes", expect=2, but={"SCHEDULE": "0 3 * * 0"})
    assert desk.asked() == []


def test_the_script_deploys_the_image_that_is_named(desk: Desk) -> None:
    assert "https://acme.example.com" in desk.deploy("--yes", "--image", IMAGE)
    assert not any("artifacts" in line or line.startswith("docker") for line in desk.asked())
    assert f"- image: {IMAGE}\n" in (Path(desk.env["KEEP"]) / "replaced.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("there", ["", "yes"])
def test_the_repository_is_made_once(desk: Desk, there: str) -> None:
    desk.deploy("--yes", but={"THERE": there})
    made = [line for line in desk.asked() if line.startswith("gcloud artifacts repositories create acme-forecast ")]
    assert len(made) == (0 if there else 1)
