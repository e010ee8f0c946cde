"""API and worker on Fargate: what runs, with which rights, when, and how many."""

from pathlib import Path

import pulumi
import pytest

CHECKOUT = Path(__file__).parents[3]
SERVICES = ("api", "worker")
APP_SECRET = "arn:aws:secretsmanager:us-east-1:210987654321:secret:database-app-0123456-abcdef"


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param


def variables(container):
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def secrets(container):
    return {entry["name"]: entry["valueFrom"] for entry in container["secrets"]}


def test_the_migration_must_succeed_before_the_service_starts(stack, service):
    migrate, main = (stack.containers(service)[name] for name in ("migrate", service))
    assert migrate["command"] == ["python", "-m", "backlog_todos.migrate"]
    assert migrate["essential"] is False
    assert main["essential"] is True
    assert main["dependsOn"] == [{"containerName": "migrate", "condition": "SUCCESS"}]


def test_the_migration_alone_is_told_the_owner_s_login(stack, service):
    owner = "arn:aws:secretsmanager:us-east-1:210987654321:secret:rds!db-1-abcdef"
    told = {name: secrets(container) for name, container in stack.containers(service).items()}
    app = {"USER": f"{APP_SECRET}:username::", "PASSWORD": f"{APP_SECRET}:password::"}
    assert told[service] == {f"DATABASE_{key}": value for key, value in app.items()}
    assert told["migrate"] == {
        "DATABASE_USER": f"{owner}:username::",
        "DATABASE_PASSWORD": f"{owner}:password::",
        **{f"DATABASE_APP_{key}": value for key, value in app.items()},
    }
    for container in stack.containers(service).values():
        assert not secrets(container).keys() & variables(container).keys()


def test_no_variable_looks_like_a_secret(stack, service):
    for container in stack.containers(service).values():
        names = variables(container).keys()
        assert not [n for n in names if any(w in n for w in ("PASSWORD", "SECRET", "TOKEN", "CREDENTIAL", "_KEY"))]


def test_both_containers_know_the_database(stack, service):
    for container in stack.containers(service).values():
        told = variables(container)
        assert told.keys() >= {"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_SSLMODE", "AWS_REGION"}
        assert told["DATABASE_PORT"] == f"{stack.one('Instance', 'database').inputs['port']:.0f}"


def test_the_api_is_told_everything_that_it_reads(dev):
    told = variables(dev.containers("api")["api"])
    assert told["QUEUE_URL"] == dev.exports["queue_url"]
    assert (told["PORT"], told["WEB_CONCURRENCY"], told["WEB_THREADS"]) == ("6400", "2", "4")


def test_the_api_is_told_who_may_ask_how_often_and_whom_to_believe(declare):
    told = variables(declare("dev", api={"access": "open", "rateLimit": 0}).containers("api")["api"])
    assert (told["ACCESS"], told["RATE_LIMIT_PER_MINUTE"], told["PROXIES"]) == ("open", "0", "10.20.0.0/16")
    told = variables(declare("dev").containers("api")["api"])
    assert (told["ACCESS"], told["RATE_LIMIT_PER_MINUTE"], told["RATE_LIMIT_BURST"]) == ("token", "600", "100")
    assert not [name for name in told if name.startswith("LOGIN_")]


def test_the_worker_is_told_the_contract_and_where_its_queue_is(stack, configured):
    told = variables(stack.containers("worker")["worker"])
    shared = variables(stack.containers("worker")["migrate"])
    own = {name: value for name, value in told.items() if name not in shared}
    assert {name: value for name, value in own.items() if not name.startswith("EVENT_")} == {
        **configured.job.environment(),
        "QUEUE_URL": stack.exports["queue_url"],
    }


def test_no_container_is_root_or_can_change_what_it_runs(stack, service):
    for container in stack.containers(service).values():
        assert (container["user"], container["readonlyRootFilesystem"]) == ("10001", True)
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in container


def test_a_container_can_write_to_a_volume_that_its_image_declares(stack, service):
    """Fargate gives a volume the rights of the folder that the image declares, and root's where it declares none."""
    (volume,) = stack.one("TaskDefinition", service).inputs["volumes"]
    dockerfile = (CHECKOUT / "services" / service / "Dockerfile").read_text(encoding="utf-8")
    for container in stack.containers(service).values():
        (mount,) = container["mountPoints"]
        assert (mount["sourceVolume"], mount["readOnly"]) == (volume["name"], False)
        assert f'VOLUME ["{mount["containerPath"]}"]' in dockerfile
        assert f"USER {container['user']}" in dockerfile


def test_services_send_traces_where_the_configuration_says(declare, service):
    name = "OTEL_EXPORTER_OTLP_ENDPOINT"
    traced = declare("dev", telemetry={"otlpEndpoint": "https://collector.example/otlp"})
    assert variables(traced.containers(service)[service])[name] == "https://collector.example/otlp"
    assert name not in variables(declare("dev").containers(service)[service])


def test_a_worker_has_the_time_that_its_shutdown_takes(stack, configured):
    worker = stack.containers("worker")["worker"]
    assert worker["stopTimeout"] == configured.job.stop_timeout_seconds
    assert int(variables(worker)["JOB_SHUTDOWN_SECONDS"]) < worker["stopTimeout"]


def test_requests_end_before_their_task_does(stack):
    api = stack.containers("api")["api"]
    deregistration = stack.one("TargetGroup", "api").inputs["deregistrationDelay"]
    assert deregistration < int(variables(api)["API_GRACEFUL_TIMEOUT_SECONDS"]) < api["stopTimeout"]


def test_definitions_have_a_stable_order(stack, service):
    for container in stack.containers(service).values():
        for key in ("environment", "secrets"):
            names = [entry["name"] for entry in container[key]]
            assert names == sorted(names)


def test_definitions_hold_nothing_that_aws_would_drop(stack, service):
    def empty(value):
        if isinstance(value, dict):
            return any(empty(item) for item in value.values())
        return value is None or value in ([], "")

    assert not any(empty(container) for container in stack.containers(service).values())


def test_containers_log_where_logs_are_kept_for_a_while(stack, service):
    assert stack.one("LogGroup", service).inputs["retentionInDays"] > 0
    for name, container in stack.containers(service).items():
        assert container["logConfiguration"] == {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"{service}-0123456",
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": name,
            },
        }


def test_execution_and_task_have_roles_of_their_own(stack, service):
    definition = stack.one("TaskDefinition", service).inputs
    assert definition["executionRoleArn"] != definition["taskRoleArn"]


def test_capacity_comes_from_providers_and_never_from_a_launch_type(declare, service):
    for name, provider in (("dev", "FARGATE_SPOT"), ("prod", "FARGATE")):
        inputs = declare(name).one("Service", service).inputs
        assert inputs["capacityProviderStrategies"] == [{"capacityProvider": provider, "weight": 1}]
        assert "launchType" not in inputs


def test_a_bad_deployment_is_rolled_back(stack, service):
    inputs = stack.one("Service", service).inputs
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["deploymentMinimumHealthyPercent"] == 100


def test_an_update_waits_for_its_tasks_where_it_is_asked_to(declare, service):
    for stack, waits in (("prod", True), ("dev", False)):
        assert declare(stack).one("Service", service).inputs["waitForSteadyState"] is waits


def test_an_api_that_answers_with_errors_is_rolled_back_though_its_tasks_stay_up(stack):
    alarm = stack.one("MetricAlarm", "api-errors")
    service = stack.one("Service", "api")
    assert service.inputs["alarms"] == {"alarmNames": ["api-errors-0123456"], "enable": True, "rollback": True}
    assert alarm.urn in service.dependencies  # ECS refuses an alarm that is not there
    assert alarm.inputs["evaluationPeriods"] <= 5  # minutes; a deployment lasts as much longer
    assert "alarms" not in stack.one("Service", "worker").inputs


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_number_of_tasks_is_autoscalings(declare, name, service):
    stack = declare(name)
    declared = stack.one("Service", service)
    target = stack.one("Target", service).inputs
    assert declared.ignore_changes == ("desiredCount",)
    assert declared.inputs["desiredCount"] == target["minCapacity"] <= target["maxCapacity"]
    assert target["resourceId"] == f"service/backlog-0123456/{service}-0123456"


def test_a_number_of_tasks_that_is_fixed_is_the_services_own(declare, service):
    stack = declare("local")
    declared = stack.one("Service", service)
    assert declared.inputs["desiredCount"] == 1
    assert declared.ignore_changes == ()
    assert not stack.all("Target")
    assert not stack.all("Policy")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("RolePolicy", "{service}-execution"),
        ("RolePolicy", "{service}-task"),
        ("ClusterCapacityProviders", "backlog"),
        ("Route", "public-internet"),
        ("RouteTableAssociation", "private-a"),
        ("SecurityGroupEgressRule", "{service}-to-database"),
        ("SecurityGroupIngressRule", "database-from-{service}"),
        ("RedrivePolicy", "jobs"),
    ],
)
def test_a_task_starts_only_when_what_it_needs_is_there(stack, service, kind, name):
    needed = stack.one(kind, name.format(service=service)).urn
    assert needed in stack.one("Service", service).dependencies


def test_the_api_starts_only_when_the_listener_is_there(stack):
    assert stack.one("Listener", "api").urn in stack.one("Service", "api").dependencies


def test_the_load_balancer_is_made_after_the_way_to_the_internet(stack):
    assert stack.one("InternetGateway", "internet").urn in stack.one("LoadBalancer", "api").dependencies


def test_the_load_balancer_asks_the_api_for_its_health(stack):
    health = stack.one("TargetGroup", "api").inputs["healthCheck"]
    assert (health["path"], health["matcher"]) == ("/api/v1/health", "200")


def test_a_part_of_spots_tasks_can_run_on_fargate_itself(declare):
    mixed = {"spot": True, "onDemandBase": 2, "onDemandPercent": 25}
    assert declare("dev", api=mixed).one("Service", "api").inputs["capacityProviderStrategies"] == [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 25},
        {"capacityProvider": "FARGATE_SPOT", "weight": 75},
    ]


def test_a_part_of_what_is_not_on_spot_is_refused(declare):
    with pytest.raises(pulumi.RunError, match=r"onDemandBase 1 .* spot is false"):
        declare("dev", api={"spot": False, "onDemandBase": 1})


def test_a_shell_in_a_task_is_for_whom_it_was_switched_on_and_its_words_are_kept(declare):
    stack = declare("dev", worker={"exec": True})
    assert stack.one("Service", "worker").inputs["enableExecuteCommand"] is True
    assert "enableExecuteCommand" not in stack.one("Service", "api").inputs
    logged = stack.one("Cluster", "backlog").inputs["configuration"]["executeCommandConfiguration"]
    assert logged == {"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "backlog-exec-0123456"}}
    actions = {
        name: {
            action
            for statement in stack.json("RolePolicy", f"{name}-task", "policy")["Statement"]
            for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
        }
        for name in SERVICES
    }
    assert {"ssmmessages:OpenDataChannel", "logs:PutLogEvents"} <= actions["worker"]
    assert not [action for action in actions["api"] if action.startswith(("ssmmessages:", "logs:"))]


def test_the_agent_of_a_shell_can_write_and_nothing_else_may(declare):
    """AWS documents no way with a read-only root; the other service keeps its own."""
    stack = declare("dev", worker={"exec": True})
    assert "readonlyRootFilesystem" not in stack.containers("worker")["worker"]
    assert stack.containers("api")["api"]["readonlyRootFilesystem"] is True


def test_without_shells_there_is_no_log_of_them(dev):
    assert "configuration" not in dev.one("Cluster", "backlog").inputs
    assert "backlog-exec" not in [group.name for group in dev.all("LogGroup")]


def test_a_shell_finds_its_way_out_of_a_closed_network(declare):
    endpoints = declare("dev", egress="endpoints", api={"exec": True}).all("VpcEndpoint")
    assert any(endpoint.inputs["serviceName"].endswith(".ssmmessages") for endpoint in endpoints)
