"""What a validator of single documents cannot see: whether the manifests of Kubernetes fit each other."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import kubernetes_validate

Document = dict[str, Any]
UNITS = {"m": Decimal("0.001"), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "": Decimal(1)}
# What the service may take to end requests under way, in seconds.
DRAIN = 10
CONFINED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def schema_problems(documents: list[Document]) -> Iterator[str]:
    """Yield what the schemas of Kubernetes do not allow, unknown fields included."""
    for document in documents:
        try:
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            yield f"{label(document)}: {error}"


def problems(documents: list[Document], images: set[str]) -> Iterator[str]:
    """Yield what does not fit together; the containers run exactly these images."""
    names = [label(document) for document in documents]
    yield from (f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1)
    places = {each["metadata"].get("namespace") for each in documents if each["kind"] != "Namespace"}
    places |= {each["metadata"]["name"] for each in documents if each["kind"] == "Namespace"}
    if len(places) != 1 or None in places:
        yield f"not in one namespace: {places}"
    used = {each["image"] for pod in pods(documents).values() for each in containers(pod)}
    if used != images:
        yield f"the images are {sorted(used)}, not {sorted(images)}"
    for name, pod in pods(documents).items():
        for check in (reference_problems, resource_problems, security_problems, shutdown_problems):
            yield from (f"{name}: {problem}" for problem in check(pod, documents))
    for document in documents:
        if document["kind"] in CHECKS:
            found = CHECKS[document["kind"]](document, documents)
            yield from (f"{label(document)}: {problem}" for problem in found)


def label(document: Document) -> str:
    """Return kind and name."""
    return f"{document['kind']}/{document['metadata']['name']}"


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    """Return the documents of a kind by name."""
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pods(documents: list[Document]) -> dict[str, Document]:
    """Return the pod templates by what makes them."""
    found = {label(each): each["spec"]["template"] for each in of_kind(documents, "Deployment").values()}
    jobs = of_kind(documents, "CronJob").values()
    return found | {label(each): each["spec"]["jobTemplate"]["spec"]["template"] for each in jobs}


def containers(pod: Document) -> list[Document]:
    """Return all containers of a pod, those that run first included."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def selects(selector: Mapping[str, str], pod: Document) -> bool:
    """Return whether the labels of a pod are selected."""
    return bool(selector) and selector.items() <= pod["metadata"].get("labels", {}).items()


def port_names(pod: Document) -> set[str]:
    """Return the names of the ports of a pod."""
    return {port["name"] for each in containers(pod) for port in each.get("ports", [])}


def amount(text: str) -> Decimal:
    """Return a quantity as a number."""
    unit = text.lstrip("0123456789.")
    return Decimal(text.removesuffix(unit)) * UNITS[unit]


def reference_problems(pod: Document, documents: list[Document]) -> Iterator[str]:
    """What a pod names exists."""
    spec = pod["spec"]
    if spec.get("serviceAccountName") not in of_kind(documents, "ServiceAccount"):
        yield f"no ServiceAccount {spec.get('serviceAccountName')}"
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    claims = [
        each["persistentVolumeClaim"]["claimName"] for each in volumes.values() if "persistentVolumeClaim" in each
    ]
    missing = [name for name in claims if name not in of_kind(documents, "PersistentVolumeClaim")]
    yield from (f"no PersistentVolumeClaim {name}" for name in missing)
    mounted = {mount["name"] for each in containers(pod) for mount in each.get("volumeMounts", [])}
    yield from (f"the volume {name} is not both declared and mounted" for name in sorted(mounted ^ volumes.keys()))
    for each in containers(pod):
        maps = [source["configMapRef"]["name"] for source in each.get("envFrom", []) if "configMapRef" in source]
        yield from (f"no ConfigMap {name}" for name in maps if name not in of_kind(documents, "ConfigMap"))
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in each and each[probe]["httpGet"]["port"] not in port_names(pod):
                yield f"{probe} asks a port that is not there"
    for spread in spec.get("topologySpreadConstraints", []):
        if not selects(spread["labelSelector"]["matchLabels"], pod):
            yield "is spread by labels that it does not have"


def resource_problems(pod: Document, _: list[Document]) -> Iterator[str]:
    """Processor and memory are requested and limited, and no more is requested than allowed."""
    for each in containers(pod):
        resources = each.get("resources", {})
        for name in ("cpu", "memory"):
            request, limit = (resources.get(kind, {}).get(name) for kind in ("requests", "limits"))
            if request is None or limit is None:
                yield f"{each['name']} has no request or no limit of {name}"
            elif amount(request) > amount(limit):
                yield f"{each['name']} requests more {name} than its limit"


def security_problems(pod: Document, _: list[Document]) -> Iterator[str]:
    """Nothing has rights that it does not need."""
    spec = pod["spec"]
    context = spec.get("securityContext", {})
    if (context.get("runAsNonRoot"), context.get("runAsUser"), context.get("fsGroup")) != (True, 10001, 10001):
        yield "may run as root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if spec.get("automountServiceAccountToken") is not False:
        yield "gets a token of the API"
    for each in containers(pod):
        if each.get("securityContext") != CONFINED:
            yield f"{each['name']} is not confined"


def shutdown_problems(pod: Document, _: list[Document]) -> Iterator[str]:
    """A service has the time to answer what is under way, and is probed in all three ways."""
    for each in containers(pod):
        if not each.get("ports"):
            continue
        probes = [each.get(name, {}).get("httpGet", {}).get("path") for name in ("startupProbe", "readinessProbe")]
        if [*probes, each.get("livenessProbe", {}).get("httpGet", {}).get("path")] != ["/ready", "/ready", "/health"]:
            yield f"{each['name']} is not probed as it should be"
        command = each.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])
        if command[0] != "sleep" or pod["spec"].get("terminationGracePeriodSeconds", 0) < int(command[1]) + DRAIN:
            yield f"{each['name']} is killed before it is done"


def deployment_problems(document: Document, _: list[Document]) -> Iterator[str]:
    """A Deployment finds its own pods."""
    if not selects(document["spec"]["selector"]["matchLabels"], document["spec"]["template"]):
        yield "does not select its own pods"


def service_problems(document: Document, documents: list[Document]) -> Iterator[str]:
    """A Service finds pods that have its ports."""
    found = [pod for pod in pods(documents).values() if selects(document["spec"]["selector"], pod)]
    if len(found) != 1:
        yield f"selects the pods of {len(found)} workloads"
    for pod in found:
        wanted = {port["targetPort"] for port in document["spec"]["ports"]}
        yield from (f"no port {name} in its pods" for name in sorted(wanted - port_names(pod)))


def policy_problems(document: Document, documents: list[Document]) -> Iterator[str]:
    """A NetworkPolicy finds pods, lets requests in on their ports alone, and out to names and other pods."""
    spec = document["spec"]
    found = [pod for pod in pods(documents).values() if selects(spec["podSelector"]["matchLabels"], pod)]
    if len(found) != 1:
        yield f"selects the pods of {len(found)} workloads"
    if sorted(spec["policyTypes"]) != ["Egress", "Ingress"]:
        yield "does not say both directions"
    for pod in found:
        let_in = {port["port"] for rule in spec.get("ingress", []) for port in rule.get("ports", [{"port": "any"}])}
        if let_in != port_names(pod):
            yield f"lets in on {let_in}"
    for rule in spec.get("egress", []):
        ports = {port["port"] for port in rule.get("ports", [{"port": "any"}])}
        if ports != {53} and not is_to_pods(rule, ports, documents):
            yield "lets out more than questions for names"


def is_to_pods(rule: Document, ports: set[Any], documents: list[Document]) -> bool:
    """Return whether a rule is for the ports of one of these workloads, and for nobody else."""
    selectors = [each.get("podSelector", {}).get("matchLabels", {}) for each in rule.get("to", [])]
    found = [pod for each in selectors for pod in pods(documents).values() if selects(each, pod)]
    return len(selectors) == len(found) == 1 and ports == port_names(found[0])


def budget_problems(document: Document, documents: list[Document]) -> Iterator[str]:
    """A PodDisruptionBudget finds pods."""
    selector = document["spec"]["selector"]["matchLabels"]
    if sum(selects(selector, pod) for pod in pods(documents).values()) != 1:
        yield "selects no pods, or too many"


def scaler_problems(document: Document, documents: list[Document]) -> Iterator[str]:
    """A HorizontalPodAutoscaler scales what is there, which then says no number itself."""
    spec = document["spec"]
    scaled = of_kind(documents, spec["scaleTargetRef"]["kind"]).get(spec["scaleTargetRef"]["name"])
    if scaled is None:
        yield "scales what is not there"
    elif "replicas" in scaled["spec"]:
        yield "is overruled by replicas"
    if spec["minReplicas"] > spec["maxReplicas"]:
        yield "wants more at least than at most"


def ingress_problems(document: Document, documents: list[Document]) -> Iterator[str]:
    """An Ingress leads to ports that are there, by TLS alone."""
    services = of_kind(documents, "Service")
    secured = {host for tls in document["spec"].get("tls", []) for host in tls["hosts"]}
    for rule in document["spec"]["rules"]:
        if rule["host"] not in secured:
            yield f"{rule['host']} has no certificate"
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            ports = services.get(backend["name"], {"spec": {"ports": []}})["spec"]["ports"]
            if backend["port"]["name"] not in {port["name"] for port in ports}:
                yield f"no port {backend['port']['name']} of a Service {backend['name']}"


CHECKS = {
    "Deployment": deployment_problems,
    "Service": service_problems,
    "NetworkPolicy": policy_problems,
    "PodDisruptionBudget": budget_problems,
    "HorizontalPodAutoscaler": scaler_problems,
    "Ingress": ingress_problems,
}
