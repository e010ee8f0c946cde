"""API and worker on Fargate: what runs, with which rights, when, and how many."""

import pytest

SERVICES = ("api", "worker")


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param


def variables(container):
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def test_the_migration_must_succeed_before_the_service_starts(stack, service):
    migrate, main = (stack.containers(service)[name] for name in ("migrate", service))
    assert migrate["command"] == ["python", "-m", "backlog_todos.migrate"]
    assert migrate["essential"] is False
    assert main["essential"] is True
    assert main["dependsOn"] == [{"containerName": "migrate", "condition": "SUCCESS"}]


def test_the_database_secret_is_referred_to_and_never_copied(stack, service):
    arn = "arn:aws:secretsmanager:us-east-1:210987654321:secret:rds!db-1-abcdef"
    for container in stack.containers(service).values():
        assert container["secrets"] == [
            {"name": "DATABASE_PASSWORD", "valueFrom": f"{arn}:password::"},
            {"name": "DATABASE_USER", "valueFrom": f"{arn}:username::"},
        ]
        assert not {"DATABASE_PASSWORD", "DATABASE_USER"} & variables(container).keys()


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


def test_the_worker_is_told_the_contract_and_where_its_queue_is(stack, configured):
    told = variables(stack.containers("worker")["worker"])
    shared = variables(stack.containers("worker")["migrate"])
    own = {name: value for name, value in told.items() if name not in shared}
    assert own == {**configured.job.environment(), "QUEUE_URL": stack.exports["queue_url"]}


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


def test_a_bad_deployment_is_rolled_back_and_fails_the_update(stack, service):
    inputs = stack.one("Service", service).inputs
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["waitForSteadyState"] is True
    assert inputs["deploymentMinimumHealthyPercent"] == 100


def test_an_api_that_answers_with_errors_is_rolled_back_though_its_tasks_stay_up(stack):
    alarm = stack.one("MetricAlarm", "api-errors")
    service = stack.one("Service", "api")
    assert service.inputs["alarms"] == {"alarmNames": ["api-errors-0123456"], "enable": True, "rollback": True}
    assert alarm.urn in service.dependencies  # ECS refuses an alarm that is not there
    assert alarm.inputs["evaluationPeriods"] <= 5  # minutes; a deployment lasts as much longer
    assert "alarms" not in stack.one("Service", "worker").inputs


def test_the_number_of_tasks_is_autoscalings(stack, service):
    declared = stack.one("Service", service)
    target = stack.one("Target", service).inputs
    assert declared.ignore_changes == ("desiredCount",)
    assert declared.inputs["desiredCount"] == target["minCapacity"] <= target["maxCapacity"]
    assert target["resourceId"] == f"service/backlog-0123456/{service}-0123456"


def test_on_one_machine_there_is_one_of_each(declare):
    assert [declare("local").one("Service", name).inputs["desiredCount"] for name in SERVICES] == [1, 1]


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
