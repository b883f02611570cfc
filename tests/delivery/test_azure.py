"""The app of Azure Container Apps, held against the models of Azure's own client."""

import json
import re
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.mgmt.appcontainers import models
from azure.mgmt.monitor import models as monitor

from .deploying import IMAGE, TAG, Desk, make_desk, spoiled, told_in_the_log
from .machine import Environment, render, run

GROUP = "/subscriptions/1/resourceGroups/acme-group/providers"
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/acme-identity"
ENVIRONMENT = f"{GROUP}/Microsoft.App/managedEnvironments/acme-environment"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/acme-logs"
VAULT = "https://acme.vault.azure.net/secrets/api-key"
# What is deployed is kept, as the file itself vanishes.
ANSWERS = {
    '"az containerapp env show "*"--query id "*': f"echo {ENVIRONMENT}",
    '"az containerapp env show "*"--query location "*': "echo 'West Europe'",
    '"az containerapp env show "*"--query properties.appLogsConfiguration."*': "echo 1-2",
    '"az monitor log-analytics workspace list "*"].id "*': f'[ -n "$UNSEEN" ] || echo {WORKSPACE}',
    '"az monitor log-analytics workspace list "*"].location "*': '[ -n "$UNSEEN" ] || echo westeurope',
    '"az identity show "*': f"echo {IDENTITY}",
    '"az containerapp show "*"--query "*': "echo acme.example.com",
    '"az containerapp show "*': '[ -n "$THERE" ]',
    '"az containerapp job show "*': '[ -n "$THERE" ]',
    '"az containerapp job "*" --yaml "*': 'cp "$9" "$KEEP/job.yaml"',
    '"az containerapp "*" --yaml "*': 'cp "$8" "$KEEP/deployed.yaml"',
}
# Processors and memory go together.
HOURS = {"SCHEDULE": "0 3 * * 0", "MODELS_STORAGE": "acme-models"}
SIZES = {number / 4: f"{number / 2:g}Gi" for number in range(1, 17)}


@pytest.fixture(scope="module")
def desk(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Desk:
    """A project that goes to Azure."""
    return make_desk("azure", template, tmp_path_factory.mktemp("azure"), env, ANSWERS)


@pytest.fixture(scope="module")
def app(desk: Desk) -> Any:
    """The app, as it lies in the project."""
    return yaml.safe_load((desk.project / "deploy" / "azure" / "containerapp.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def job(desk: Desk) -> Any:
    """What runs the pipeline, as it lies in the project."""
    return yaml.safe_load((desk.project / "deploy" / "azure" / "job.yaml").read_text(encoding="utf-8"))


def fields(model: Any) -> dict[str, tuple[Any, bool]]:
    """Return type and writability of each field of a model, by its name in YAML."""
    model.__new__(model)
    types = typing.get_type_hints(model, localns={"_models": models})
    known = model._attr_to_rest_field.items()
    return {each._rest_name: (types[name], "create" in each._visibility) for name, each in known}


def schema_problems(value: Any, kind: Any, where: str = "") -> Iterator[str]:
    """Yield every field that the models do not know or do not let be written, and every value of another type."""
    choices = [each for each in typing.get_args(kind) if each is not type(None)]
    enums = [each for each in choices if isinstance(each, type) and issubclass(each, Enum)]
    if enums:
        if value not in {each.value for each in enums[0]}:
            yield f"{where} is none of {[each.value for each in enums[0]]}"
    elif typing.get_origin(kind) is list:
        for number, each in enumerate(value if isinstance(value, list) else ["no list"]):
            yield from schema_problems(each, choices[0], f"{where}[{number}]")
    elif typing.get_origin(kind) is dict:
        for name, each in value.items():
            yield from schema_problems(each, choices[1], f"{where}.{name}")
    elif choices:
        yield from schema_problems(value, choices[0], where)
    elif hasattr(kind, "_is_model"):
        yield from model_problems(value, kind, where)
    elif type(value) is not kind and (type(value), kind) != (int, float):
        yield f"{where} is not of type {kind.__name__}"


def model_problems(value: Any, model: Any, where: str) -> Iterator[str]:
    """Compare an object with its model."""
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    known = fields(model)
    for name, each in value.items():
        if name not in known:
            yield f"{where}.{name} is unknown"
        elif not known[name][1]:
            yield f"{where}.{name} cannot be written"
        else:
            yield from schema_problems(each, known[name][0], f"{where}.{name}")
    needed = {name for name, (kind, _) in known.items() if type(None) not in typing.get_args(kind)}
    yield from (f"{where}.{name} is missing" for name in sorted(needed - value.keys()))


def shared_problems(document: Any) -> Iterator[str]:
    """Yield what does not fit in an app or a job: identities, secrets, sizes and volumes."""
    configuration, template = (document["properties"][name] for name in ("configuration", "template"))
    containers = [*template.get("initContainers", []), *template["containers"]]
    identities = document["identity"]["userAssignedIdentities"].keys()
    used = [each["identity"] for each in (*configuration["registries"], *configuration.get("secrets", []))]
    yield from (f"no identity {each}" for each in used if each not in identities)
    secrets = {each["name"] for each in configuration.get("secrets", [])}
    wanted = {each["secretRef"] for container in containers for each in container.get("env", []) if "secretRef" in each}
    yield from (f"the secret {each} is not both declared and used" for each in sorted(secrets ^ wanted))
    volumes = {each["name"] for each in template.get("volumes", [])}
    mounted = {each["volumeName"] for container in containers for each in container.get("volumeMounts", [])}
    yield from (f"the volume {each} is not both declared and mounted" for each in sorted(volumes ^ mounted))
    for container in containers:
        if SIZES.get(container["resources"]["cpu"]) != container["resources"]["memory"]:
            yield "no size that Container Apps has"


def job_problems(job: Any) -> Iterator[str]:
    """Yield what does not fit in the job."""
    yield from shared_problems(job)
    configuration = job["properties"]["configuration"]
    hours = configuration["scheduleTriggerConfig"]
    if (hours["parallelism"], hours["replicaCompletionCount"], configuration["replicaRetryLimit"]) != (1, 1, 0):
        yield "may run twice at once"
    (container,) = job["properties"]["template"]["containers"]
    if container["command"][-2:] != ["pipeline", "run"]:
        yield "something else is run"
    places = {each["mountPath"]: each.get("subPath") for each in container["volumeMounts"]}
    if places != {"/app/models": None, "/app/runs": ".runs"}:
        yield f"the folders are {places}"


def problems(app: Any) -> Iterator[str]:
    """Yield what the models do not know: whether the parts fit each other."""
    yield from shared_problems(app)
    configuration, template = (app["properties"][name] for name in ("configuration", "template"))
    (container,) = template["containers"]
    values = {each["name"]: each.get("value") for each in container["env"]}
    ports = [each["httpGet"]["port"] for each in container["probes"]]
    if {int(values["PORT"]), configuration["ingress"]["targetPort"]} != set(ports) or len(set(ports)) != 1:
        yield "the ports differ"
    probes = {each["type"]: each["httpGet"]["path"] for each in container["probes"]}
    if probes != {"Startup": "/ready", "Readiness": "/ready", "Liveness": "/health"}:
        yield "is not probed as it should be"
    places = {each["mountPath"] for each in container.get("volumeMounts", [])}
    if values.get("SERVICE_MODELS_DIR") not in (places or {None}):
        yield "looks for models elsewhere"
    scale = template["scale"]
    if not 0 < scale["minReplicas"] <= scale["maxReplicas"]:
        yield "scales to nothing"
    if template["terminationGracePeriodSeconds"] < 15:
        yield "is killed before it is done"


def test_the_app_is_what_azure_knows(app: Any) -> None:
    assert list(schema_problems(app, models.ContainerApp)) == []
    assert list(problems(app)) == []
    ingress = app["properties"]["configuration"]["ingress"]
    assert (ingress["external"], ingress["allowInsecure"]) == (True, False)


def test_the_job_is_what_azure_knows(job: Any) -> None:
    assert list(schema_problems(job, models.Job)) == []
    assert list(job_problems(job)) == []


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ("properties/configuration/scheduleTriggerConfig/cron", "0 3 * * 0", "cron is unknown"),
        ("properties/configuration/triggerType", "Cron", "is none of"),
        ("properties/configuration/replicaTimeout", None, "replicaTimeout is missing"),
        ("properties/template/volumes/0/storageType", "NFS", "is none of"),
        ("properties/configuration/replicaRetryLimit", 1, "twice at once"),
        ("properties/template/containers/0/command/4", "status", "something else"),
        ("properties/template/containers/0/volumeMounts/1/subPath", None, "the folders are"),
        ("properties/template/containers/0/resources/memory", "8Gi", "no size"),
        ("properties/template/volumes/0/name", "other", "not both declared and mounted"),
    ],
)
def test_a_fault_of_the_job_is_seen(job: Any, way: str, value: Any, said: str) -> None:
    flawed = spoiled(job, way, value)
    assert re.search(said, "\n".join([*schema_problems(flawed, models.Job), *job_problems(flawed)]))


CONFIGURATION = "properties/configuration"
TEMPLATE = "properties/template"
CONTAINER = f"{TEMPLATE}/containers/0"


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ("propertis", {}, "propertis is unknown"),
        ("location", None, "location is missing"),
        ("name", "acme", "name cannot be written"),
        ("identity/type", "Assigned", "is none of"),
        (f"{CONFIGURATION}/ingress/targetport", 8000, "targetport is unknown"),
        (f"{CONFIGURATION}/ingress/targetPort", "8000", "is not of type int"),
        (f"{CONFIGURATION}/ingress/fqdn", "acme", "fqdn cannot be written"),
        (f"{CONFIGURATION}/ingress/transport", "https", "is none of"),
        (f"{CONFIGURATION}/secrets/0/keyvaultUrl", "x", "keyvaultUrl is unknown"),
        (f"{CONTAINER}/probes/0/httpGet/port", None, "port is missing"),
        (f"{CONTAINER}/probes/0/type", "Starting", "is none of"),
        (f"{CONTAINER}/probes/0/faliureThreshold", 3, "faliureThreshold is unknown"),
        (f"{CONTAINER}/env/0/value", 8000, "is not of type str"),
        (f"{CONTAINER}/resources/cpu", "0.5", "is not of type float"),
        (f"{TEMPLATE}/containers", {}, "is no object"),
        (f"{TEMPLATE}/scale/rules/0/http/metadata/concurrentRequests", 50, "is not of type str"),
        (f"{CONTAINER}/resources/memory", "4Gi", "no size"),
        (f"{CONTAINER}/probes/0", None, "is not probed"),
        (f"{CONTAINER}/env/7/secretRef", "key", "not both declared and used"),
        (f"{CONTAINER}/env/4/value", "/elsewhere", "looks for models elsewhere"),
        (f"{CONTAINER}/env/0/value", "8080", "the ports differ"),
        (f"{CONFIGURATION}/registries/0/identity", "other", "no identity other"),
        (f"{TEMPLATE}/scale/maxReplicas", 0, "scales to nothing"),
        (f"{TEMPLATE}/terminationGracePeriodSeconds", 5, "killed before"),
    ],
)
def test_a_fault_is_seen(app: Any, way: str, value: Any, said: str) -> None:
    flawed = spoiled(app, way, value)
    found = list(schema_problems(flawed, models.ContainerApp)) or list(problems(flawed))
    assert re.search(said, "\n".join(found))


def deployed(desk: Desk) -> Any:
    """Return what was deployed last."""
    return yaml.safe_load((Path(desk.env["KEEP"]) / "deployed.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("secret", ["", VAULT])
def test_the_script_deploys_the_app(desk: Desk, secret: str) -> None:
    desk.deploy("--yes", but={"API_KEY_SECRET": secret, "SERVICE_OPEN": "" if secret else "true"})
    image = f"acmeregistry.azurecr.io/acme-forecast:{TAG}"
    assert f"docker push {image}" in desk.asked()
    found = deployed(desk)
    assert list(schema_problems(found, models.ContainerApp)) == []
    assert list(problems(found)) == []
    assert found["location"] == "West Europe"
    assert found["identity"]["userAssignedIdentities"] == {IDENTITY: {}}
    assert found["properties"]["environmentId"] == ENVIRONMENT
    assert found["properties"]["template"]["containers"][0]["image"] == image
    assert found["properties"]["configuration"]["registries"][0]["server"] == "acmeregistry.azurecr.io"
    kept = found["properties"]["configuration"].get("secrets", [])
    assert kept == ([{"name": "api-key", "keyVaultUrl": VAULT, "identity": IDENTITY}] if secret else [])
    names = {each["name"] for each in found["properties"]["template"]["containers"][0]["env"]}
    assert {"SERVICE_API_KEY", "SERVICE_OPEN"} & names == {"SERVICE_API_KEY" if secret else "SERVICE_OPEN"}
    assert not (desk.project / "deploy" / "azure" / ".release.yaml").exists()


@pytest.mark.parametrize(("there", "verb"), [("", "create"), ("yes", "update")])
def test_with_hours_the_script_makes_the_job_and_the_app_reads_its_models(desk: Desk, there: str, verb: str) -> None:
    desk.deploy("--yes", but={**HOURS, "THERE": there, "PIPELINE_URL": "https://acme.example.com"})
    asked = desk.asked()
    trainer = f"acmeregistry.azurecr.io/acme-forecast-trainer:{TAG}"
    assert f"docker push {trainer}" in asked
    start = f"az containerapp job {verb} --name acme-forecast-pipeline --resource-group acme-group --yaml "
    assert any(line.startswith(start) for line in asked)
    job = yaml.safe_load((Path(desk.env["KEEP"]) / "job.yaml").read_text(encoding="utf-8"))
    assert [*schema_problems(job, models.Job), *job_problems(job)] == []
    assert job["properties"]["configuration"]["scheduleTriggerConfig"]["cronExpression"] == "0 3 * * 0"
    (container,) = job["properties"]["template"]["containers"]
    assert container["image"] == trainer
    assert {"name": "PIPELINE_URL", "value": "https://acme.example.com"} in container["env"]
    found = deployed(desk)
    assert [*schema_problems(found, models.ContainerApp), *problems(found)] == []
    template = found["properties"]["template"]
    assert template["volumes"] == job["properties"]["template"]["volumes"]
    assert template["volumes"][0]["storageName"] == "acme-models"
    assert {each["image"] for each in template["initContainers"]} == {template["containers"][0]["image"]}
    assert list((desk.project / "deploy" / "azure").glob(".*")) == []


# What Azure measures of an app and of a job, and what it can be told apart by.
METRICS = {
    "Microsoft.App/containerapps": {
        "Requests": {"revisionName", "podName", "statusCodeCategory", "statusCode"},
        "ResponseTime": {"statusCodeCategory", "statusCode"},
        "Replicas": {"revisionName"},
    },
    "Microsoft.App/jobs": {"Executions": {"state", "jobName", "executionName"}},
}
MODELS = {"metricAlerts": monitor.MetricAlertResource, "scheduledQueryRules": monitor.ScheduledQueryRuleResource}
CHOICES = {
    "metricAlerts": {
        "operator": {each.value for each in monitor.Operator},
        "timeAggregation": {each.value for each in monitor.AggregationTypeEnum},
    },
    "scheduledQueryRules": {
        "operator": {each.value for each in monitor.ConditionOperator},
        "timeAggregation": {each.value for each in monitor.TimeAggregation},
    },
}


@pytest.fixture(scope="module")
def alarms(desk: Desk) -> Any:
    """The template of alarms, as it lies in the project."""
    return json.loads((desk.project / "deploy" / "azure" / "alarms.json").read_text(encoding="utf-8"))


def filled(value: Any, template: Any) -> Any:
    """Return a part of a template with its variables in place."""
    if isinstance(value, dict):
        return {name: filled(each, template) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, template) for each in value]
    named = re.fullmatch(r"\[variables\('(\w+)'\)\]", value) if isinstance(value, str) else None
    return template["variables"][named[1]] if named else value


def field_problems(model: Any) -> Iterator[str]:
    """Yield every field that Azure needs and that is not there, and those that it would only pass on."""
    yield from (f"{name} is unknown" for name in getattr(model, "additional_properties", None) or {})
    for name in model._attribute_map:
        value = getattr(model, name)
        if value is None and model._validation.get(name, {}).get("required"):
            yield f"{name} is missing"
        for each in value if isinstance(value, list) else [value]:
            if hasattr(each, "_attribute_map"):
                yield from field_problems(each)


def alarm_problems(template: Any) -> Iterator[str]:
    """Yield what the models do not know of the alarms, and parameters that are not both declared and used."""
    used = set(re.findall(r"parameters\('(\w+)'\)", json.dumps(template)))
    yield from (f"{name} is not both declared and used" for name in sorted(used ^ template["parameters"].keys()))
    for resource in template["resources"]:
        kind = resource["type"].rpartition("/")[2]
        names = [name for name in ("location", "properties", "kind") if name in resource]
        given = {name: filled(resource[name], template) for name in names}
        model = MODELS[kind].deserialize(given)
        yield from field_problems(model)
        if model.serialize() != given:
            yield f"{resource['name']} has fields that no model has"
        for each in given["properties"]["criteria"]["allOf"]:
            choices = CHOICES[kind].items()
            yield from (f"{each[name]} is no {name}" for name, known in choices if each[name] not in known)
            if kind != "metricAlerts":
                continue
            dimensions = METRICS[each["metricNamespace"]].get(each["metricName"])
            if dimensions is None:
                yield f"{each['metricName']} is not measured"
            elif not dimensions.issuperset(dimension["name"] for dimension in each.get("dimensions", [])):
                yield f"{each['metricName']} is not told apart so"


def test_the_alarms_are_what_azure_knows(alarms: Any) -> None:
    assert list(alarm_problems(alarms)) == []
    kinds = [each["type"].removeprefix("Microsoft.Insights/") for each in alarms["resources"]]
    assert kinds == ["metricAlerts"] * 4 + ["scheduledQueryRules"] * 2
    conditions = [each.get("condition") for each in alarms["resources"]]
    needed = [f"[not(empty(parameters('{name}')))]" for name in ("job", "workspace", "workspace")]
    assert conditions == [None, None, None, *needed]


def test_alarms_about_the_model_read_what_the_service_logs(desk: Desk, app: Any, alarms: Any) -> None:
    queries = [each["properties"]["criteria"]["allOf"][0].get("query") for each in alarms["resources"]][4:]
    assert all(query.startswith("[concat(variables('counts'), ' | where ") for query in queries)
    read = {*re.findall(r"line\.(\w+)", " ".join([alarms["variables"]["counts"], *queries]))}
    assert "message" in read
    assert read <= told_in_the_log(desk)
    (container,) = app["properties"]["template"]["containers"]
    assert float({each["name"]: each.get("value") for each in container["env"]}["SERVICE_LOG_COUNTS_SECONDS"])


CRITERION = "resources/0/properties/criteria/allOf/0"


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        ("resources/0/properties/severity", None, "severity is missing"),
        ("resources/0/properties/window", "PT5M", "fields that no model has"),
        (f"{CRITERION}/threshold", None, "threshold is missing"),
        (f"{CRITERION}/treshold", 5, "treshold is unknown"),
        (f"{CRITERION}/operator", "Above", "Above is no operator"),
        (f"{CRITERION}/metricName", "Request", "Request is not measured"),
        (f"{CRITERION}/dimensions/0/name", "state", "is not told apart so"),
        ("resources/4/properties/criteria/allOf/0/operator", "Above", "Above is no operator"),
        ("resources/4/properties/criteria/allOf/0/qery", "", "qery is unknown"),
        ("resources/5/properties/windowsSize", "PT5M", "fields that no model has"),
        ("parameters/other", {"type": "string"}, "other is not both declared and used"),
    ],
)
def test_a_fault_of_the_alarms_is_seen(alarms: Any, way: str, value: Any, said: str) -> None:
    assert re.search(said, "\n".join(alarm_problems(spoiled(alarms, way, value))))


@pytest.mark.parametrize(("hours", "job"), [({}, ""), (HOURS, "acme-forecast-pipeline")])
def test_where_there_is_a_group_the_script_makes_the_alarms(desk: Desk, hours: dict[str, str], job: str) -> None:
    desk.deploy("--yes", but={**hours, "ALARM_GROUP": "on-call"})
    made = [line for line in desk.asked() if line.startswith("az deployment group create ")]
    assert len(made) == 1
    of_logs = f"workspace={WORKSPACE} region=westeurope"
    assert made[0].endswith(f"--parameters app=acme-forecast job={job} group=on-call {of_logs}")
    desk.deploy("--yes")
    assert not any("deployment" in line for line in desk.asked())


def test_where_logs_are_not_to_be_seen_it_is_said_that_nobody_is_told_of_the_model(desk: Desk) -> None:
    said = desk.deploy("--yes", but={"ALARM_GROUP": "on-call", "UNSEEN": "yes"})
    assert "acme-environment keeps its logs in no workspace that can be seen: nobody is told of unusual inputs" in said
    (made,) = [line for line in desk.asked() if line.startswith("az deployment group create ")]
    assert made.endswith("group=on-call workspace= region=")


def test_without_hours_nothing_is_said_of_models(desk: Desk) -> None:
    desk.deploy("--yes")
    assert not any(" job " in line for line in desk.asked())
    template = deployed(desk)["properties"]["template"]
    assert not {"volumes", "initContainers"} & template.keys()
    assert "volumeMounts" not in template["containers"][0]


def test_hours_without_a_storage_are_refused(desk: Desk) -> None:
    assert "MODELS_STORAGE is not set" in desk.deploy("--yes", expect=2, but={"SCHEDULE": "0 3 * * 0"})
    assert desk.asked() == []


@pytest.mark.parametrize(("there", "verb"), [("", "create"), ("yes", "update")])
def test_the_app_is_made_once(desk: Desk, there: str, verb: str) -> None:
    assert "acme.example.com" in desk.deploy("--yes", "--image", IMAGE, but={"THERE": there})
    asked = desk.asked()
    start = f"az containerapp {verb} --name acme-forecast --resource-group acme-group --yaml "
    assert any(line.startswith(start) for line in asked)
    assert not any(line.startswith(("docker", "az acr")) for line in asked)
    assert deployed(desk)["properties"]["template"]["containers"][0]["image"] == IMAGE


def test_a_name_is_as_short_as_azure_wants_it(template: Path, tmp_path: Path, env: Environment, desk: Desk) -> None:
    project = render(template, tmp_path / "project", env, deployment="azure", package_name="a" * 31 + "_" + "b" * 8)
    said = desk.deploy("--dry-run")
    assert "--name acme-forecast " in said
    env = {**desk.env, "AZURE_GROUP": "a", "AZURE_ENVIRONMENT": "b", "AZURE_REGISTRY": "c", "AZURE_IDENTITY": "d"}
    env["SERVICE_OPEN"] = "true"
    said = run("bash", project / "deploy" / "azure" / "deploy.sh", "--dry-run", cwd=project, env=env).stdout
    assert f"--name {'a' * 31} " in said
    env |= HOURS
    said = run("bash", project / "deploy" / "azure" / "deploy.sh", "--dry-run", cwd=project, env=env).stdout
    assert f"--name {'a' * 23}-pipeline " in said
