"""What watches a project, with the real Prometheus and Alertmanager: rules, dashboard, and alerts that arrive."""

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from .machine import ROOT, TOOLS, Environment, ask, free_port, own_name, render, run, wait_until, wait_until_ready

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

BIN = ROOT / "build" / "prometheus" / "bin"
# The root of Alertmanager, which reads its settings there.
TREE = ROOT / "build" / "prometheus" / "debian"
PACKAGE = "acme_forecast"
TESTS = ("alerts_test.yml", "days_test.yml")
OPERATED = ("servicemonitor", "prometheusrule")
# Says of each object that it is sent whether it fits the operator's schema.
OPERATOR = """
import { readFileSync } from "node:fs";
import * as kinds from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
for (const sent of JSON.parse(readFileSync(0, "utf-8"))) {
  try {
    new kinds[sent.kind](sent).validate();
    console.log("fits");
  } catch (error) {
    console.log(error.message);
  }
}
"""
# Says of each query that it is sent what Azure's own parser finds.
KUSTO = """
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
for (const name of ["bridge.min.js", "Kusto.Language.Bridge.min.js"])
  runInThisContext(readFileSync(`node_modules/@kusto/language-service-next/${name}`, "utf-8"));
for (const query of JSON.parse(readFileSync(0, "utf-8"))) {
  const found = Kusto.Language.KustoCode.ParseAndAnalyze(query).GetDiagnostics();
  console.log(JSON.stringify(Array.from({ length: found.Count }, (_, place) => found.getItem(place).Message)));
}
"""
# Images of Debian's programs in the place of those that the compose file names; their command lines are the same.
STAND_INS = """
ARG PYTHON_IMAGE=python:3.11-slim
FROM $PYTHON_IMAGE AS programs
COPY bin /usr/bin
COPY share/prometheus /usr/share/prometheus
RUN mkdir /prometheus /alertmanager && chown nobody /prometheus /alertmanager
USER nobody
FROM programs AS prometheus
WORKDIR /prometheus
ENTRYPOINT ["prometheus"]
FROM programs AS alertmanager
WORKDIR /alertmanager
ENTRYPOINT ["prometheus-alertmanager", "--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=data"]
FROM programs AS textfile
ENTRYPOINT ["prometheus-node-exporter"]
"""
WATCHING = {"prometheus": 9090, "alertmanager": 9093, "textfile": None}
# Times of the rules that nobody waits for in a test, and those that stand in for them.
HASTE = {r"\[(5m|15m|1h)\]": "[20s]", r"for: \w+": "for: 1s", r"> 100$": "> 20"}


class Listener:
    """A server that answers with a text, and keeps what is sent to it."""

    def __init__(self) -> None:
        """Listen at a port of its own."""
        self.text = ""
        self.alerts: list[dict[str, Any]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(listener.text.encode())

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
                listener.alerts += sent["alerts"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def firing(self) -> set[str]:
        """Return the names of the alerts that have arrived."""
        return {alert["labels"]["alertname"] for alert in self.alerts if alert["status"] == "firing"}


@contextmanager
def running(*command: str | Path, log: Path, env: Environment, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command as long as it is needed."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=file, start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """A trained project that Prometheus watches."""
    folder = tmp_path_factory.mktemp("watched") / "project"
    render(template, folder, env, task="regression", environment="uv", monitoring="prometheus", deployment="kubernetes")
    run("make", "setup", "train", cwd=folder, env=env)
    return folder


@pytest.mark.parametrize("deployment", ["none", "docker", "kubernetes", "aws"])
@pytest.mark.parametrize("serving", ["fastapi", "flask"])
def test_rules_and_settings_are_sound_and_rules_do_what_their_tests_say(
    template: Path, tmp_path: Path, env: Environment, deployment: str, serving: str
) -> None:
    render(template, tmp_path / "project", env, deployment=deployment, serving=serving, monitoring="prometheus")
    folder = tmp_path / "project" / "monitoring"
    for words in (
        ("promtool", "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"),
        ("promtool", "check", "config", "prometheus.yml"),
        ("promtool", "test", "rules", *TESTS),
        ("amtool", "check-config", "alertmanager.yml"),
    ):
        run(BIN / words[0], *words[1:], cwd=folder, env=env)
    rules = yaml.safe_load((folder / "alerts.yml").read_text(encoding="utf-8"))
    told = (folder / "README.md").read_text(encoding="utf-8")
    sections = re.split(r"^## (\w+)\n\n", told, flags=re.MULTILINE)
    paragraphs = dict(zip(sections[1::2], sections[2::2], strict=True))
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert list(paragraphs) == names
    assert all(len(each.split()) > 20 for each in paragraphs.values())
    tested = [test for name in TESTS for test in yaml.safe_load((folder / name).read_text(encoding="utf-8"))["tests"]]
    asked = [(each["alertname"], bool(each.get("exp_alerts"))) for test in tested for each in test["alert_rule_test"]]
    assert {*asked} == {(name, fires) for name in names for fires in (True, False)}


def test_what_cloud_monitoring_is_asked_is_what_prometheus_can_read(
    template: Path, tmp_path: Path, env: Environment
) -> None:
    render(template, tmp_path / "project", env, deployment="gcp")
    policy = yaml.safe_load((tmp_path / "project" / "deploy" / "gcp" / "alarms.yaml").read_text(encoding="utf-8"))
    queries = [each["conditionPrometheusQueryLanguage"]["query"] for each in policy["conditions"]]
    for query, expect in [*((query, 0) for query in queries), (queries[0].replace("[5m]", ""), 1)]:
        rules = {"groups": [{"name": "alarms", "rules": [{"alert": "Alarm", "expr": query}]}]}
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
        run(BIN / "promtool", "check", "rules", "rules.yml", cwd=tmp_path, env=env, expect=expect)


def test_a_rule_that_is_spoiled_fails_its_test(project: Path, tmp_path: Path, env: Environment) -> None:
    rules = (project / "monitoring" / "alerts.yml").read_text(encoding="utf-8")
    for name in TESTS:
        shutil.copy(project / "monitoring" / name, tmp_path)
    for before, after in (("> 0.05", "> 0.5"), ("== 0\n        for: 1m", "== 0\n        for: 9h"), ("90 *", "91 *")):
        assert before in rules
        (tmp_path / "alerts.yml").write_text(rules.replace(before, after, 1), encoding="utf-8")
        run(BIN / "promtool", "test", "rules", *TESTS, cwd=tmp_path, env=env, expect=1)


def test_on_kubernetes_the_operator_has_the_same_rules(project: Path, env: Environment) -> None:
    folder = project / "deploy" / "kubernetes" / "overlays" / "production"
    built = yaml.safe_load_all(run(TOOLS / "kubectl", "kustomize", folder, cwd=project, env=env).stdout)
    kinds = {each["kind"]: each for each in built}
    rules = yaml.safe_load((project / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    assert kinds["PrometheusRule"]["spec"] == rules
    (endpoint,) = kinds["ServiceMonitor"]["spec"]["endpoints"]
    selected = kinds["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items()
    assert selected <= kinds["Service"]["metadata"]["labels"].items()
    assert endpoint["port"] in {port["name"] for port in kinds["Service"]["spec"]["ports"]}
    key = kinds["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    secrets = [each["valueFrom"]["secretKeyRef"] for each in key if each["name"] == "SERVICE_API_KEY"]
    assert (
        endpoint["authorization"]["credentials"].items()
        >= {"name": secrets[0]["name"], "key": secrets[0]["key"]}.items()
    )


def test_the_operator_takes_what_is_rendered(project: Path, env: Environment) -> None:
    folder = project / "deploy" / "kubernetes" / "base"
    sent = [yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")) for name in OPERATED]
    assert said(OPERATOR, sent, env) == ["fits", "fits"]
    sent[0]["spec"]["endpoints"][0]["port"] = 8000
    sent[1]["spec"]["groups"][0]["rules"][0]["for"] = "soon"
    first, second = said(OPERATOR, sent, env)
    assert "must be string" in first
    assert "must match pattern" in second


def said(script: str, objects: list[Any], env: Environment) -> list[str]:
    """Return what a script for node says of each object."""
    command = ["node", "--input-type=module", "--eval", script]
    sent = json.dumps(objects)
    done = subprocess.run(command, input=sent, cwd=BIN.parent, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_azure_monitor_is_asked_is_what_it_can_read(template: Path, tmp_path: Path, env: Environment) -> None:
    render(template, tmp_path / "project", env, deployment="azure")
    asked = json.loads((tmp_path / "project" / "deploy" / "azure" / "alarms.json").read_text(encoding="utf-8"))
    rules = [each for each in asked["resources"] if each["type"].endswith("/scheduledQueryRules")]
    queries = [concatenated(each["properties"]["criteria"]["allOf"][0]["query"], asked["variables"]) for each in rules]
    assert len(queries) == 2
    table = "let ContainerAppConsoleLogs_CL = datatable(ContainerAppName_s: string, Log_s: string) []; "
    assert said(KUSTO, [table + query for query in queries], env) == ["[]", "[]"]
    for before, after in (("todouble", "todoble"), ("Log_s", "Log")):
        (found,) = said(KUSTO, [table + queries[0].replace(before, after)], env)
        assert f"'{after}' does not refer to any known" in found


def concatenated(text: str, variables: dict[str, str]) -> str:
    """Return a text that a template of Azure puts together, with 'acme' for its parameters."""
    found = re.findall(r"variables\('(\w+)'\)|parameters\('(\w+)'\)|'([^']*)'", text)
    return "".join(
        concatenated(variables[name], variables) if name else "acme" if given else own for name, given, own in found
    )


def test_the_dashboard_has_no_key_that_grafana_does_not_know(project: Path) -> None:
    # Only those who prove have them.
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    sent = json.loads((project / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(sent)))
    assert list(lost(sent, read)) == []
    sent["panels"][0]["gridPost"] = {}
    assert list(lost(sent, read)) == ["/panels/0/gridPost"]


def lost(sent: Any, read: Any, path: str = "") -> Iterator[str]:
    """Yield the places of what was sent and is not among what was read."""
    pairs = sent.items() if isinstance(sent, dict) else enumerate(sent) if isinstance(sent, list) else ()
    for key, value in pairs:
        known = key in read if isinstance(read, dict) else key < len(read)
        if known:
            yield from lost(value, read[key], f"{path}/{key}")
        else:
            yield f"{path}/{key}"


def write_settings(project: Path, folder: Path, service: int, alertmanager: int, textfile: int) -> None:
    """Write the project's own settings for other ports and shorter times, and its rules for shorter times."""
    monitoring = project / "monitoring"
    rules = (monitoring / "alerts.yml").read_text(encoding="utf-8")
    for pattern, shorter in HASTE.items():
        rules, count = re.subn(pattern, shorter, rules, flags=re.MULTILINE)
        assert count
    (folder / "alerts.yml").write_text(rules, encoding="utf-8")
    settings = (monitoring / "prometheus.yml").read_text(encoding="utf-8")
    ports = {"alertmanager:9093": alertmanager, "service:8000": service, "textfile:9100": textfile}
    for address, port in ports.items():
        assert address in settings
        settings = settings.replace(address, f"127.0.0.1:{port}")
    (folder / "prometheus.yml").write_text(settings.replace("15s", "1s"), encoding="utf-8")


@contextmanager
def watched(project: Path, folder: Path, env: Environment, service: int, listener: Listener) -> Iterator[str]:
    """Run Prometheus and Alertmanager for a service, and give Prometheus' address."""
    prometheus, alertmanager = free_port(), free_port()
    write_settings(project, folder, service, alertmanager, listener.port)
    settings = yaml.safe_load((project / "monitoring" / "alertmanager.yml").read_text(encoding="utf-8"))
    settings["receivers"][0]["webhook_configs"] = [{"url": f"http://127.0.0.1:{listener.port}/"}]
    settings["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    own = TREE / f"settings-{alertmanager}"
    own.mkdir(exist_ok=True)
    (own / "alertmanager.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with (
        running(
            BIN / "alertmanager",
            f"--config.file=/{own.name}/alertmanager.yml",
            f"--storage.path=/{own.name}/data",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
            log=folder / "alertmanager.log",
            env=env,
            cwd=folder,
        ),
        running(
            BIN / "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{prometheus}",
            log=folder / "prometheus.log",
            env=env,
            cwd=folder,
        ),
    ):
        address = f"http://127.0.0.1:{prometheus}"
        wait_until(lambda: query(address, 'up{job="service"} == 1'), "the service is not scraped")
        yield address


def query(address: str, expression: str) -> list[Any]:
    """Return what Prometheus answers to a query."""
    result: list[Any] = told(address, f"query?{urllib.parse.urlencode({'query': expression})}")["result"]
    return result


def told(address: str, path: str) -> dict[str, Any]:
    """Return what Prometheus tells at a path of its API."""
    with urllib.request.urlopen(f"{address}/api/v1/{path}", timeout=30) as answer:
        data: dict[str, Any] = json.loads(answer.read())["data"]
    return data


def test_alerts_of_drift_and_of_a_killed_service_arrive(project: Path, tmp_path: Path, env: Environment) -> None:
    port, listener = free_port(), Listener()
    python = project / ".venv" / "bin" / "python"
    own = {**env, "SERVICE_SAMPLE_INPUTS": f"{tmp_path / 'sampled'},1"}
    serve = (python, "-m", PACKAGE, "serve", "--host", "127.0.0.1", "--port", str(port))
    with running(*serve, log=tmp_path / "service.log", env=own, cwd=project) as service:
        wait_until_ready(port)
        with watched(project, tmp_path, env, port, listener) as prometheus:
            row = example_of(port)
            send(port, row, 30)
            assert listener.firing() <= {"NoTraffic"}
            # What is asked begins to drift, and the counts show it.
            drifting = {**row, "weight": 99_999}
            wait_until(lambda: "UnusualInputs" in send_and_look(port, drifting, listener), "no alert of inputs")
            columns = {alert["labels"].get("column") for alert in listener.alerts if alert["status"] == "firing"}
            assert columns - {None} == {"weight"}
            # What the model was made from has not drifted, and there it is known what is true.
            listener.text = find_drift(project, "data/raw/example.csv", tmp_path / "before", env, expect=0)
            wait_until(lambda: query(prometheus, "drift_found == 0"), "what the drift command wrote is not scraped")
            assert list(unanswered(project, prometheus)) == []
            assert "Drift" not in listener.firing()
            sampled = tmp_path / "sampled" / "inputs.csv"
            listener.text = find_drift(project, sampled, tmp_path / "now", env, expect=3)
            wait_until(lambda: "Drift" in listener.firing(), "the alert of drift has not arrived")
            assert not {"ServiceDown", "NoModel", "Errors"} & listener.firing()
            os.killpg(service.pid, signal.SIGKILL)
            wait_until(lambda: "ServiceDown" in listener.firing(), "the alert of the killed service has not arrived")


def test_the_compose_profile_watches_the_service(
    template: Path, tmp_path: Path, env: Environment, engine: Environment
) -> None:
    project, name = tmp_path / "project", own_name("watched")
    render(template, project, env, environment="uv", monitoring="prometheus", deployment="docker", package_name=name)
    run("make", "setup", "train", "image", cwd=project, env=engine)
    run(".venv/bin/python", "-m", name, "drift", "data/raw/example.csv", cwd=project, env=env)
    ports = {"service": free_port(), **{each: free_port() for each, port in WATCHING.items() if port}}
    (project / "stand-ins.yaml").write_text(stand_ins(name, ports), encoding="utf-8")
    command = ("docker", "compose", "--file", "compose.yaml", "--file", "stand-ins.yaml", "--profile", "monitoring")
    tags = [f"{name}-{each}" for each in WATCHING]
    try:
        for tag, target in zip(tags, WATCHING, strict=True):
            build = ("docker", "build", "--build-arg", "PYTHON_IMAGE", "--target", target, "--tag", tag, "--file")
            (tmp_path / "Dockerfile").write_text(STAND_INS, encoding="utf-8")
            run(*build, tmp_path / "Dockerfile", TREE / "usr", cwd=project, env=engine)
        run(*command, "up", "--detach", "--wait", "service", *WATCHING, cwd=project, env=engine)
        address = f"http://127.0.0.1:{ports['prometheus']}"
        wait_until(lambda: is_ready(ports["prometheus"]), "Prometheus is not ready")
        wait_until(lambda: query(address, 'up{job="service"} == 1'), "the service is not scraped")
        wait_until(lambda: query(address, "drift_found == 0"), "what the drift command wrote is not scraped")
        (found,) = told(address, "alertmanagers")["activeAlertmanagers"]
        assert found["url"].startswith("http://alertmanager:9093/")
        wait_until(lambda: is_ready(ports["alertmanager"]), "Alertmanager is not ready")
        groups = told(address, "rules")["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
    finally:
        run(*command, "down", "--volumes", cwd=project, env=engine)
        run("docker", "rmi", "--force", name, *tags, cwd=project, env=engine)


def is_ready(port: int) -> bool:
    """Say whether Prometheus or Alertmanager answers that it is ready."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=30) as answer:
        return bool(answer.status == 200)


def stand_ins(name: str, ports: dict[str, int]) -> str:
    """Return what the compose file says in another way: images, and ports that nothing else holds."""
    lines = ["services:"]
    for each, inside in {"service": 8000, **WATCHING}.items():
        lines += [f"  {each}:", *([] if each == "service" else [f"    image: {name}-{each}"])]
        lines += [f'    ports: !override ["127.0.0.1:{ports[each]}:{inside}"]'] if inside else []
    return "\n".join([*lines, ""])


def find_drift(project: Path, source: str | Path, folder: Path, env: Environment, expect: int) -> str:
    """Return the metrics that the drift command writes."""
    python = project / ".venv" / "bin" / "python"
    run(python, "-m", PACKAGE, "drift", source, "--output", folder, cwd=project, env=env, expect=expect)
    text = (folder / "drift.prom").read_text(encoding="utf-8")
    checked = subprocess.run([BIN / "promtool", "check", "metrics"], input=text.encode(), check=False)
    assert checked.returncode == 0
    return text


def example_of(port: int) -> dict[str, Any]:
    """Return a row that the service shows in its document."""
    content = ask(port, "/openapi.json")[1]["paths"]["/predict"]["post"]["requestBody"]["content"]
    row: dict[str, Any] = content["application/json"]["schema"]["example"][0]
    return row


def send_and_look(port: int, row: dict[str, Any], listener: Listener) -> set[str]:
    """Send some requests, and return the names of the alerts that have arrived."""
    send(port, row, 30)
    return listener.firing()


def send(port: int, row: dict[str, Any], times: int) -> None:
    """Send so many requests, and two that are refused."""
    for _ in range(times):
        assert ask(port, "/predict", json.dumps([row]).encode())[0] == 200
    for _ in range(2):
        assert ask(port, "/predict", b"[]")[0] == 422


def unanswered(project: Path, prometheus: str) -> Iterator[str]:
    """Yield the panels of the dashboard whose queries find nothing."""
    dashboard = json.loads((project / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if not query(prometheus, target["expr"].replace("$__rate_interval", "20s")):
                yield panel["title"]
