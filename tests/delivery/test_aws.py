"""The templates of CloudFormation: linted, and made into stacks of an AWS in memory."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from moto import mock_aws

from .deploying import IMAGE, TAG, Desk, make_desk, spoiled, told_in_the_log
from .machine import Environment, run

REGION = "eu-west-1"
REPOSITORY = IMAGE.rpartition(":")[0]
ANSWERS = {
    '"aws ecr describe-images "*': '[ -n "$THERE" ]',
    """*"OutputKey=='Uri'"*""": f"echo {REPOSITORY}",
    """*"OutputKey=='Arn'"*""": "echo arn:aws:ecr:eu-west-1:123456789012:repository/acme-forecast",
    """*"OutputKey=='Address'"*""": "echo lb.example.com",
}
TEMPLATES = ("repository", "pipeline", "service", "sagemaker")
HOURS = "cron(0 3 ? * SUN *)"
# The AWS in memory makes these only when it is asked for them one by one.
NOT_FROM_TEMPLATES = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EFS::AccessPoint",
    "AWS::Logs::MetricFilter",
    "AWS::Scheduler::Schedule",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}
# What may be done to everything, as AWS lets it not be narrowed down.
UNBOUND = {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}


@pytest.fixture(scope="module")
def desk(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Desk:
    """A project that goes to AWS."""
    return make_desk("aws", template, tmp_path_factory.mktemp("aws"), env, ANSWERS)


@pytest.fixture(scope="module")
def texts(desk: Desk) -> dict[str, str]:
    """The templates by name."""
    folder = desk.project / "deploy" / "aws"
    return {name: (folder / f"{name}.yaml").read_text(encoding="utf-8") for name in TEMPLATES}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS in memory, which takes any credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


def client(name: str) -> Any:
    """Return what speaks with a service of AWS."""
    return boto3.client(name, region_name=REGION)


def make_stack(name: str, text: str, **parameters: str) -> dict[str, str]:
    """Make a stack, or bring it up to date; return its outputs. Every resource of it must have an id."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stacks = client("cloudformation")
    there = name in {each["StackName"] for each in stacks.describe_stacks()["Stacks"]}
    make = stacks.update_stack if there else stacks.create_stack
    # It does not leave out of a list what a condition leaves out.
    body = decided(yaml.safe_load(text), HasModels="PipelineStack" in parameters)
    make(StackName=name, TemplateBody=yaml.safe_dump(body), Parameters=given, Capabilities=["CAPABILITY_IAM"])
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == ("UPDATE_COMPLETE" if there else "CREATE_COMPLETE")
    resources = stacks.describe_stack_resources(StackName=name)["StackResources"]
    made = {each["LogicalResourceId"] for each in resources if each.get("PhysicalResourceId")}
    conditional = {"AlarmSubscription"} if not parameters.get("AlarmEmail") else set()
    wanted = {key for key, each in yaml.safe_load(text)["Resources"].items() if each["Type"] not in NOT_FROM_TEMPLATES}
    assert made == wanted - conditional
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def surroundings() -> dict[str, str]:
    """Make what the service needs to be there, and return the parameters that name it."""
    machines = client("ec2")
    vpc = machines.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        machines.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n % 2]}")
        for n in range(4)
    ]
    ids = [each["Subnet"]["SubnetId"] for each in subnets]
    certificate = client("acm").request_certificate(DomainName="acme.example.com")["CertificateArn"]
    return {
        "Vpc": vpc,
        "LoadBalancerSubnets": ",".join(ids[:2]),
        "ServiceSubnets": ",".join(ids[2:]),
        "CertificateArn": certificate,
    }


# The templates.


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_linter_finds_nothing(desk: Desk, env: Environment, name: str) -> None:
    run("cfn-lint", "--include-checks", "I", "--", f"deploy/aws/{name}.yaml", cwd=desk.project, env=env)


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("repository", "ImageTagMutability:", "ImageTagMutabilty:", "E3002"),
        pytest.param("repository", "ScanOnPush: true", "ScanOnPush: often", "E3012", marks=pytest.mark.prove),
        ("service", "Ref: CertificateArn", "Ref: CertificatArn", "E1020"),
        pytest.param(
            "service", "Fn::GetAtt: [Service, Name]", "Fn::GetAtt: [Service, Nam]", "E1010", marks=pytest.mark.prove
        ),
        pytest.param("service", 'Memory: "1024"', 'Memory: "512"', "E3047", marks=pytest.mark.prove),
        pytest.param("service", "CircuitBreaker:", "CircutBreaker:", "E3002", marks=pytest.mark.prove),
        pytest.param(
            "service", "DependsOn: [HttpsListener]", "DependsOn: [Listener]", "E3005", marks=pytest.mark.prove
        ),
        ("pipeline", "FlexibleTimeWindow:", "FlexibleWindow:", "E3002"),
        pytest.param("pipeline", 'Mode: "OFF"', "Mode: sometimes", "E3030", marks=pytest.mark.prove),
        pytest.param(
            "pipeline", "TransitEncryption: ENABLED", "TransitEncryption: true", "E3030", marks=pytest.mark.prove
        ),
        pytest.param(
            "pipeline", "Fn::GetAtt: [Cluster, Arn]", "Fn::GetAtt: [Clusters, Arn]", "E1010", marks=pytest.mark.prove
        ),
        ("sagemaker", "EnableNetworkIsolation:", "NetworkIsolation:", "E3002"),
    ],
)
def test_the_linter_sees_a_fault(
    texts: dict[str, str], tmp_path: Path, env: Environment, name: str, before: str, after: str, said: str
) -> None:
    assert before in texts[name]
    (tmp_path / "flawed.yaml").write_text(texts[name].replace(before, after, 1), encoding="utf-8")
    done = run("cfn-lint", "flawed.yaml", cwd=tmp_path, env=env, expect=None)
    assert done.returncode
    assert said in done.stdout


def decided(value: Any, **conditions: bool) -> Any:
    """Return properties as they are where these conditions hold or not; what other conditions decide stays as it is."""
    if isinstance(value, list):
        return [each for each in (decided(each, **conditions) for each in value) if each != NOTHING]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::If"}:
        name, *both = value["Fn::If"]
        if_so, otherwise = (decided(each, **conditions) for each in both)
        return {True: if_so, False: otherwise, None: {"Fn::If": [name, if_so, otherwise]}}[conditions.get(name)]
    kept = {name: decided(each, **conditions) for name, each in value.items()}
    return {name: each for name, each in kept.items() if each != NOTHING}


NOTHING = {"Ref": "AWS::NoValue"}


def statements(template: Any) -> Iterator[tuple[str, Any]]:
    """Yield what each role may do."""
    for name, each in template["Resources"].items():
        properties = decided(each.get("Properties", {}), HasApiKey=True, HasModels=True)
        for policy in properties.get("Policies", []) if each["Type"] == "AWS::IAM::Role" else []:
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def problems(template: Any) -> Iterator[str]:
    """Yield what no linter knows: rights that are too wide, and parts that do not fit each other."""
    for role, statement in statements(template):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        if any("*" in action for action in actions):
            yield f"{role} may do everything of a kind"
        if statement["Resource"] == "*" and not UNBOUND.issuperset(actions):
            yield f"{role} may do {actions} to everything"
    resources = {name: each["Properties"] for name, each in template["Resources"].items() if "Properties" in each}
    if "Hours" in resources:
        yield from pipeline_problems(resources)
    elif "Task" in resources:
        for has_models in (False, True):
            yield from service_problems(template, decided(resources, HasModels=has_models), has_models)


def task_problems(task: Any) -> Iterator[str]:
    """Yield what does not fit in what a task runs."""
    mounted = {mount["SourceVolume"] for each in task["ContainerDefinitions"] for mount in each["MountPoints"]}
    if mounted != {each["Name"] for each in task["Volumes"]}:
        yield "volumes are not both declared and mounted"
    for each in task["ContainerDefinitions"]:
        if not (each["ReadonlyRootFilesystem"] and each["User"] == "10001:10001"):
            yield "the container is not confined"
    for each in task["Volumes"]:
        files = each.get("EFSVolumeConfiguration", ENCRYPTED)
        if {"TransitEncryption": files["TransitEncryption"], "IAM": files["AuthorizationConfig"]["IAM"]} != CLOSED:
            yield f"{each['Name']} is open to all"


CLOSED = {"TransitEncryption": "ENABLED", "IAM": "ENABLED"}
ENCRYPTED = {"TransitEncryption": "ENABLED", "AuthorizationConfig": {"IAM": "ENABLED"}}


def pipeline_problems(resources: Any) -> Iterator[str]:
    """Yield what does not fit in the template of the pipeline."""
    yield from task_problems(resources["Task"])
    (container,) = resources["Task"]["ContainerDefinitions"]
    if container["Command"][-2:] != ["pipeline", "run"]:
        yield "something else is run"
    places = {mount["SourceVolume"]: mount["ContainerPath"] for mount in container["MountPoints"]}
    if places != {"tmp": "/tmp", **{name: f"/app/{name}" for name in ("models", "reports", "runs")}}:
        yield f"the folders are {places}"
    started = resources["Hours"]["Target"]["EcsParameters"]
    run_task, pass_role = resources["ScheduleRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    if not started["TaskDefinitionArn"] == run_task["Resource"] == {"Ref": "Task"}:
        yield "another task is started"
    passed = [{"Fn::GetAtt": [resources["Task"][name]["Fn::GetAtt"][0], "Arn"]} for name in ROLES]
    if pass_role["Resource"] != passed or "Condition" not in pass_role:
        yield "other roles may be passed on"
    if {each["Arn"]["Ref"] for each in resources["Failures"]["Targets"]} != set(told_of(resources)):
        yield "nobody is told of a failure"
    (group,) = started["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    let_in = resources["FilesGroup"]["SecurityGroupIngress"][0]["SourceSecurityGroupId"]
    if not group == let_in == resources["ModelsToFiles"]["GroupId"]:
        yield "the file system is not reached"


ROLES = ("ExecutionRoleArn", "TaskRoleArn")


def told_of(resources: Any) -> Iterator[str]:
    """Yield the topics to which the rule of failures may write."""
    for statement in resources["AlarmPolicy"]["PolicyDocument"]["Statement"]:
        if statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Failures", "Arn"]}}}:
            yield statement["Resource"]["Ref"]


def service_problems(template: Any, resources: Any, has_models: bool) -> Iterator[str]:
    """Yield what does not fit in the template of the service."""
    yield from task_problems(resources["Task"])
    container, *first = resources["Task"]["ContainerDefinitions"]
    if [each["Essential"] for each in first] != [False] * has_models:
        yield "something else runs beside the service"
    if [each["ContainerName"] for each in container.get("DependsOn", [])] != [each["Name"] for each in first]:
        yield "the service does not wait for its models"
    values = {each["Name"]: each["Value"] for each in container["Environment"]}
    ports = {
        int(values["PORT"]),
        container["PortMappings"][0]["ContainerPort"],
        resources["Service"]["LoadBalancers"][0]["ContainerPort"],
        resources["Targets"]["Port"],
        resources["LoadBalancerToService"]["FromPort"],
        resources["ServiceGroup"]["SecurityGroupIngress"][0]["FromPort"],
    }
    if len(ports) != 1:
        yield f"the ports differ: {ports}"
    if resources["Service"]["LoadBalancers"][0]["ContainerName"] != container["Name"]:
        yield "the load balancer asks another container"
    models = {mount["ContainerPath"]: mount.get("ReadOnly") for mount in container["MountPoints"]}
    if models.get(values["SERVICE_MODELS_DIR"]) is not (True if has_models else None):
        yield "models are not where the service looks for them, or it may change them"
    if container["StopTimeout"] < 15 or resources["Targets"]["HealthCheckPath"] != "/ready":
        yield "is killed before it is done, or is not asked whether it is ready"
    if "DesiredCount" in resources["Service"]:
        yield "the scaling is overruled"
    watched = [each["Properties"] for each in template["Resources"].values() if each["Type"].endswith("::Alarm")]
    names = {each["MetricName"] for each in watched if each["AlarmActions"] == [{"Ref": "Alarms"}]}
    if names != WATCHED:
        yield f"only {names} are watched"
    own = [each for each in watched if not str(each["Namespace"]).startswith("AWS/")]
    filters = [each["Properties"] for each in template["Resources"].values() if each["Type"].endswith("::MetricFilter")]
    made = [(each["MetricNamespace"], each["MetricName"]) for (each,) in (f["MetricTransformations"] for f in filters)]
    if made != [(each["Namespace"], each["MetricName"]) for each in own]:
        yield "what is made of the log is not what is watched"
    if not float(values.get("SERVICE_LOG_COUNTS_SECONDS", 0)) or any(f["LogGroupName"] != LOGS for f in filters):
        yield "there is nothing to be read in the log"


LOGS = {"Ref": "Logs"}
WATCHED = {
    *("HTTPCode_Target_5XX_Count", "TargetResponseTime", "UnHealthyHostCount", "CPUUtilization"),
    *("UnusualShare", "ModelAge"),
}


def test_alarms_about_the_model_read_what_the_service_logs(desk: Desk, texts: dict[str, str]) -> None:
    resources = yaml.safe_load(texts["service"])["Resources"].values()
    filters = [each["Properties"] for each in resources if each["Type"] == "AWS::Logs::MetricFilter"]
    read = [re.fullmatch(PATTERN, each["FilterPattern"]) for each in filters]
    values = [each["MetricTransformations"][0]["MetricValue"] for each in filters]
    assert values == [f"$.{found[1]}" for found in read if found]
    assert {value.removeprefix("$.") for value in values} <= told_in_the_log(desk)


PATTERN = r'\{ \$\.message = "counts" && \$\.(\w+) >= 0 \}'


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_parts_fit_each_other(texts: dict[str, str], name: str) -> None:
    assert list(problems(yaml.safe_load(texts[name]))) == []


TASK = "Resources/Task/Properties/ContainerDefinitions/0"
START = "Resources/ExecutionRole/Properties/Policies/0/PolicyDocument/Statement"


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (f"{START}/1/Resource", "*", "to everything"),
        (f"{START}/2/Action", "logs:*", "everything of a kind"),
        (f"{TASK}/Environment/0/Value", "8080", "the ports differ"),
        (f"{TASK}/Name", "web", "another container"),
        (f"{TASK}/User", "0", "not confined"),
        (f"{TASK}/MountPoints", [], "not both declared"),
        (f"{TASK}/StopTimeout", 5, "killed before"),
        (f"{TASK}/DependsOn/Fn::If/1/0/ContainerName", "other", "does not wait"),
        (f"{TASK}/MountPoints/1/Fn::If/1/ReadOnly", False, "may change them"),
        ("Resources/Task/Properties/Volumes/1/Fn::If/1/EFSVolumeConfiguration/TransitEncryption", "DISABLED", "open"),
        ("Resources/Service/Properties/DesiredCount", 2, "overruled"),
        ("Resources/CpuAlarm/Properties/AlarmActions", [], "are watched"),
        ("Resources/ModelOldAlarm/Properties/Namespace", "other", "not what is watched"),
        (f"{TASK}/Environment/3/Value", "0", "nothing to be read"),
    ],
)
def test_what_does_not_fit_is_seen(texts: dict[str, str], way: str, value: Any, said: str) -> None:
    assert said in "\n".join(problems(spoiled(yaml.safe_load(texts["service"]), way, value)))


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (f"{TASK}/Command/4", "status", "something else"),
        (f"{TASK}/MountPoints/3/ContainerPath", "/runs", "the folders are"),
        (f"{TASK}/User", "0", "not confined"),
        ("Resources/Task/Properties/Volumes/3/EFSVolumeConfiguration/AuthorizationConfig/IAM", "DISABLED", "open"),
        ("Resources/Hours/Properties/Target/EcsParameters/TaskDefinitionArn/Ref", "Other", "another task"),
        ("Resources/ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource", "*", "to everything"),
        ("Resources/ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/1/Condition", None, "passed on"),
        ("Resources/ModelsToFiles/Properties/GroupId", "other", "not reached"),
        ("Resources/Failures/Properties/Targets", [], "nobody is told"),
        ("Resources/AlarmPolicy/Properties/PolicyDocument/Statement/0/Resource/Ref", "Other", "nobody is told"),
    ],
)
def test_what_does_not_fit_in_the_pipeline_is_seen(texts: dict[str, str], way: str, value: Any, said: str) -> None:
    assert said in "\n".join(problems(spoiled(yaml.safe_load(texts["pipeline"]), way, value)))


# Stacks.


# Of the kinds above it says that it skips them.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")


@pytest.mark.usefixtures("cloud")
def test_the_repository_is_made(texts: dict[str, str]) -> None:
    outputs = make_stack("repository", texts["repository"])
    (found,) = client("ecr").describe_repositories()["repositories"]
    assert outputs == {"Uri": found["repositoryUri"], "Arn": found["repositoryArn"]}
    assert found["repositoryName"] == "acme-forecast"
    assert found["imageTagMutability"] == "IMMUTABLE"
    # What the AWS in memory forgets of a template: it takes the policy when it is asked to.
    properties = yaml.safe_load(texts["repository"])["Resources"]["Repository"]["Properties"]
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
    policy = properties["LifecyclePolicy"]["LifecyclePolicyText"]
    client("ecr").put_lifecycle_policy(repositoryName="acme-forecast", lifecyclePolicyText=policy)
    with pytest.raises(ClientError, match="policy"):
        client("ecr").put_lifecycle_policy(
            repositoryName="acme-forecast", lifecyclePolicyText=policy.replace('"countNumber"', '"number"')
        )


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    "extras",
    [{}, {"ApiKeySecretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:key", "AlarmEmail": "ada@example.com"}],
)
def test_the_service_is_made(texts: dict[str, str], extras: dict[str, str]) -> None:
    repository = make_stack("repository", texts["repository"])
    given = {"Image": f"{repository['Uri']}:1", "RepositoryArn": repository["Arn"], **surroundings(), **extras}
    outputs = make_stack("service", texts["service"], **given)
    balancers = client("elbv2")
    (balancer,) = balancers.describe_load_balancers()["LoadBalancers"]
    assert outputs == {"Address": balancer["DNSName"]}
    listeners = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    by_port = {each["Port"]: each["DefaultActions"][0] for each in listeners}
    assert by_port[443]["Type"] == "forward"
    assert by_port[80]["RedirectConfig"]["Protocol"] == "HTTPS"
    tasks = client("ecs")
    (cluster,) = tasks.list_clusters()["clusterArns"]
    (arn,) = tasks.list_services(cluster=cluster)["serviceArns"]
    (service,) = tasks.describe_services(cluster=cluster, services=[arn])["services"]
    (container,) = tasks.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"][
        "containerDefinitions"
    ]
    assert container["image"] == given["Image"]
    assert [each["name"] for each in container.get("secrets", [])] == (["SERVICE_API_KEY"] if extras else [])
    told = {each["name"]: each["value"] for each in container["environment"]}
    assert told["SERVICE_OPEN"] == ("false" if extras else "true")
    (group,) = client("logs").describe_log_groups()["logGroups"]
    names = {"Service.Name": service["serviceName"], "Cluster": cluster.split("/")[-1]}
    names |= {"Logs": group["logGroupName"], "AWS::StackName": "service"}
    make_the_others(yaml.safe_load(texts["service"])["Resources"], names)


def make_the_others(resources: Any, names: dict[str, str]) -> None:
    """Ask for what is not made from templates with the same properties; wrong ones are refused."""

    def properties(name: str) -> Any:
        return resolved(resources[name]["Properties"], names)

    scaling, watching = client("application-autoscaling"), client("cloudwatch")
    scaling.register_scalable_target(**properties("Capacity"))
    (capacity,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert capacity["ResourceId"] == f"service/{names['Cluster']}/{names['Service.Name']}"
    place = {name: capacity[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    policy = {name: each for name, each in properties("Scaling").items() if name != "ScalingTargetId"}
    assert scaling.put_scaling_policy(**policy, **place)["PolicyARN"]
    logs, filters = client("logs"), [n for n, each in resources.items() if each["Type"] == "AWS::Logs::MetricFilter"]
    for name in filters:
        logs.put_metric_filter(filterName=name, **in_lower_case(properties(name)))
    assert {each["filterName"] for each in logs.describe_metric_filters()["metricFilters"]} == set(filters)
    alarms = [name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    for name in alarms:
        watching.put_metric_alarm(AlarmName=name, **properties(name))
    assert set(alarms) <= {each["AlarmName"] for each in watching.describe_alarms()["MetricAlarms"]}
    (topic,) = client("sns").list_topics()["Topics"]
    subscription = {**properties("AlarmSubscription"), "TopicArn": topic["TopicArn"], "Endpoint": "ada@example.com"}
    assert client("sns").subscribe(**subscription)["SubscriptionArn"]


def in_lower_case(value: Any) -> Any:
    """Return properties as this interface alone writes their names."""
    if isinstance(value, list):
        return [in_lower_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name[0].lower() + name[1:]: in_lower_case(each) for name, each in value.items()}


def resolved(value: Any, names: dict[str, str]) -> Any:
    """Return properties with texts in place of references."""
    if isinstance(value, list):
        return [resolved(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::Sub"}:
        return re.sub(r"\$\{(.*?)\}", lambda found: names.get(found[1], "x"), value["Fn::Sub"])
    if value.keys() <= {"Ref", "Fn::GetAtt"}:
        return names.get(str(value.get("Ref")), "arn:x")
    return {name: resolved(each, names) for name, each in value.items()}


@pytest.mark.usefixtures("cloud")
def test_the_pipeline_is_made_and_the_service_reads_its_models(texts: dict[str, str]) -> None:
    repository = make_stack("repository", texts["repository"])
    around = surroundings()
    both = {"RepositoryArn": repository["Arn"], "Vpc": around["Vpc"]}
    given = {"Image": f"{repository['Uri']}:trainer-1", "Subnets": around["ServiceSubnets"], "Schedule": HOURS, **both}
    outputs = make_stack("acme-pipeline", texts["pipeline"], **given)
    (files,) = client("efs").describe_file_systems()["FileSystems"]
    assert (files["FileSystemId"], files["Encrypted"]) == (outputs["Files"], True)
    doors = client("efs").describe_mount_targets(FileSystemId=outputs["Files"])["MountTargets"]
    assert sorted(door["SubnetId"] for door in doors) == sorted(around["ServiceSubnets"].split(","))
    resources = yaml.safe_load(texts["pipeline"])["Resources"]
    for name, folder in (("Models", "/models"), ("Runs", "/runs")):
        wanted = {**resources[name]["Properties"], "FileSystemId": outputs["Files"]}
        wanted["PosixUser"] = {key: int(value) for key, value in wanted["PosixUser"].items()}
        creation = wanted["RootDirectory"].pop("CreationInfo")
        owner = {key: int(creation[key]) for key in ("OwnerUid", "OwnerGid")}
        wanted["RootDirectory"]["CreationInfo"] = {**owner, "Permissions": creation["Permissions"]}
        made = client("efs").create_access_point(ClientToken=name, **wanted)
        assert (made["RootDirectory"]["Path"], made["PosixUser"]["Uid"]) == (folder, 10001)
    start_at_its_hours(resources["Hours"]["Properties"])
    failures_are_told(resources["Failures"]["Properties"]["EventPattern"])
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    policy = json.dumps(resolved(resources["AlarmPolicy"]["Properties"]["PolicyDocument"], {}))
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    given = {"Image": f"{repository['Uri']}:1", "PipelineStack": "acme-pipeline", **both, **around}
    make_stack("service", texts["service"], **given)
    (arn,) = client("ecs").list_task_definitions(familyPrefix="service")["taskDefinitionArns"]
    task = client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert [each["name"] for each in task["volumes"]] == ["tmp", "models"]
    assert [each["name"] for each in task["containerDefinitions"]] == ["service", "models"]
    # What is taken from the pipeline's stack is asked for by its name.
    with pytest.raises(ClientError, match="other-pipeline-"):
        make_stack("second", texts["service"], **{**given, "PipelineStack": "other-pipeline"})


def start_at_its_hours(properties: Any) -> None:
    """Ask for the schedule with the same properties, as it is not made from templates; wrong ones are refused."""
    scheduler = client("scheduler")
    given = resolved({**properties, "ScheduleExpression": HOURS}, {})
    target = given["Target"]
    ecs = target["EcsParameters"]
    network = ecs["NetworkConfiguration"]["AwsvpcConfiguration"]
    ecs["NetworkConfiguration"] = {
        "awsvpcConfiguration": {
            "AssignPublicIp": "DISABLED",
            "Subnets": ["subnet-1"],
            "SecurityGroups": network["SecurityGroups"],
        }
    }
    scheduler.create_schedule(Name="pipeline", **given)
    assert scheduler.get_schedule(Name="pipeline")["ScheduleExpression"] == HOURS


STOPPED = [
    ({"containers": {"exitCode": 0}, "stopCode": "EssentialContainerExited"}, False),
    ({"containers": {"exitCode": 1}, "stopCode": "EssentialContainerExited"}, True),
    ({"containers": {"exitCode": 137}, "stopCode": "EssentialContainerExited"}, True),
    ({"containers": {"name": "pipeline"}, "stopCode": "TaskFailedToStart"}, True),
]


def failures_are_told(pattern: Any) -> None:
    """Send what ECS says of tasks through the rule: those that failed arrive, and nothing else does.

    The one container stands in no list here, as the AWS in memory does not look into lists, as AWS itself does.
    """
    events, queues = client("events"), client("sqs")
    queue = queues.create_queue(QueueName="told")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="failures", EventPattern=json.dumps(resolved(pattern, {})))
    events.put_targets(Rule="failures", Targets=[{"Id": "told", "Arn": arn}])
    running = ({**STOPPED[1][0], "lastStatus": "RUNNING"}, False)
    other = ({**STOPPED[1][0], "clusterArn": "arn:other"}, False)
    for detail, told in (*STOPPED, running, other):
        detail = {"clusterArn": "arn:x", "lastStatus": "STOPPED", **detail}
        entry = {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Detail": json.dumps(detail)}
        events.put_events(Entries=[entry])
        assert ("Messages" in queues.receive_message(QueueUrl=queue)) is told, detail


@pytest.mark.usefixtures("cloud")
def test_the_endpoint_is_made(texts: dict[str, str]) -> None:
    repository = make_stack("repository", texts["repository"])
    image = f"{repository['Uri']}:1"
    outputs = make_stack("endpoint", texts["sagemaker"], Image=image, RepositoryArn=repository["Arn"])
    endpoints = client("sagemaker")
    found = endpoints.describe_endpoint(EndpointName=outputs["Address"])
    configuration = endpoints.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    (variant,) = configuration["ProductionVariants"]
    assert endpoints.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["Image"] == image


@pytest.mark.usefixtures("cloud")
def test_a_stack_without_ids_is_seen(texts: dict[str, str]) -> None:
    # A kind that the AWS in memory does not know is said to be made, but has no id.
    unknown = "  Extra:\n    Type: AWS::ECR::RepositoryCreationTemplate\n    Properties: {Prefix: acme}\nOutputs:"
    with pytest.raises(AssertionError, match="Extra"):
        make_stack("repository", texts["repository"].replace("Outputs:", unknown))


# The script.


@pytest.mark.parametrize("there", ["", "yes"])
def test_the_script_makes_the_repository_then_pushes_then_makes_the_service(desk: Desk, there: str) -> None:
    assert "lb.example.com" in desk.deploy("--yes", but={"THERE": there, "API_KEY_SECRET": "arn:secret"})
    asked = desk.asked()
    first, last = (number for number, line in enumerate(asked) if line.startswith("aws cloudformation deploy "))
    pushed = [number for number, line in enumerate(asked) if line == f"docker push {REPOSITORY}:{TAG}"]
    assert "--stack-name acme-forecast-repository --template-file deploy/aws/repository.yaml" in asked[first]
    assert all(first < number < last for number in pushed)
    assert len(pushed) == (0 if there else 1)
    assert "docker login --username AWS --password-stdin registry.example.com" in asked
    # Every parameter that the template wants is given, and no other.
    parameters = dict(word.split("=", 1) for word in asked[last].split() if re.match(r"[A-Z]\w+=", word))
    template = yaml.safe_load((desk.project / "deploy" / "aws" / "service.yaml").read_text(encoding="utf-8"))
    assert parameters.keys() == template["Parameters"].keys()
    assert parameters["Image"] == f"{REPOSITORY}:{TAG}"
    assert parameters["ApiKeySecretArn"] == "arn:secret"


def test_with_hours_the_script_makes_the_pipeline_before_the_service(desk: Desk) -> None:
    also = {"ALARM_EMAIL": "ada@example.com", "PIPELINE_URL": "https://acme.example.com"}
    desk.deploy("--yes", but={"SCHEDULE": HOURS, **also})
    asked = desk.asked()
    made = [line for line in asked if line.startswith("aws cloudformation deploy ")]
    stacks = [line.partition("--stack-name ")[2].split()[0] for line in made]
    assert stacks == ["acme-forecast-repository", "acme-forecast-pipeline", "acme-forecast-service"]
    trainer = f"{REPOSITORY}:trainer-{TAG}"
    assert asked.index(f"docker push {trainer}") < asked.index(made[1])
    assert ["--target trainer" in line for line in asked if line.startswith("docker build")] == [False, True]
    # Every parameter that the template wants is given, and no other.
    given = made[1].partition("--parameter-overrides ")[2]
    template = yaml.safe_load((desk.project / "deploy" / "aws" / "pipeline.yaml").read_text(encoding="utf-8"))
    assert set(re.findall(r"([A-Z]\w+)=", given)) == template["Parameters"].keys()
    assert f"AlarmEmail=ada@example.com Schedule={HOURS} Url=https://acme.example.com" in given
    assert f"Image={trainer} " in given
    assert made[2].endswith(" PipelineStack=acme-forecast-pipeline")


def test_an_image_that_trains_is_not_built_where_it_is_named_or_there(desk: Desk) -> None:
    named = f"{REPOSITORY}:trainer-1"
    desk.deploy("--yes", "--image", IMAGE, but={"SCHEDULE": HOURS, "TRAINER_IMAGE": named})
    asked = desk.asked()
    assert not any(line.startswith("docker") for line in asked)
    assert any(f"Image={named} " in line for line in asked)
    desk.deploy("--yes", "--image", IMAGE, but={"SCHEDULE": HOURS, "THERE": "yes"})
    asked = desk.asked()
    assert any("--target trainer" in line for line in asked)
    assert not any(line.startswith("docker push") for line in asked)


def test_hours_that_cannot_be_kept_are_refused(desk: Desk) -> None:
    said = desk.deploy("--yes", expect=2, but={"SCHEDULE": HOURS, "SERVICE_SUBNETS": "a,b,c"})
    assert "SERVICE_SUBNETS is a,b,c. With SCHEDULE, it has to be two" in said
    said = desk.deploy("--yes", expect=2, but={"SCHEDULE": HOURS, "AWS_STACK": "sagemaker"})
    assert "SCHEDULE is for AWS_STACK=service" in said
    assert desk.asked() == []


def test_the_script_makes_an_endpoint_with_fewer_settings(desk: Desk) -> None:
    only = dict.fromkeys(("VPC", "LOAD_BALANCER_SUBNETS", "SERVICE_SUBNETS", "CERTIFICATE_ARN"), "")
    desk.deploy("--yes", "--image", IMAGE, but={**only, "AWS_STACK": "sagemaker"})
    made = [line for line in desk.asked() if "--stack-name acme-forecast-sagemaker --template-file" in line]
    assert "deploy/aws/sagemaker.yaml" in made[0]
    assert f"Image={IMAGE} RepositoryArn=arn:aws:ecr" in made[0]
    assert "It can be service or sagemaker" in desk.deploy("--yes", expect=2, but={"AWS_STACK": "lambda"})


def test_an_image_from_elsewhere_is_refused(desk: Desk) -> None:
    said = desk.deploy("--yes", "--image", "registry.example.com/other:1", expect=2)
    assert f"registry.example.com/other:1 is not in {REPOSITORY}" in said
    assert not any("acme-forecast-service" in line for line in desk.asked())


def test_the_folder_for_short_files_can_be_written_to(desk: Desk, env: Environment) -> None:
    recipe = (desk.project / "Dockerfile").read_text(encoding="utf-8")
    # In both images: the one that trains, and the one that serves.
    trainer, service = recipe.split("\nFROM ")[-2:]
    assert trainer.index('VOLUME ["/tmp", "/app/reports"]\n') < trainer.index("USER 10001:10001\n")
    assert service.index("VOLUME /tmp\n") < service.index("USER 10001:10001\n")
    run("hadolint", "Dockerfile", cwd=desk.project, env=env)
