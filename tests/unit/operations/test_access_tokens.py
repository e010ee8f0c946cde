"""Access tokens of a stack that is up: made here, and told to AWS as a hash alone."""

import json
from contextlib import ExitStack

import boto3
import pytest
from botocore.stub import Stubber

from backlog_todos.access_tokens import hashed
from local.folder import StackFolder
from local.machine.ecs import own_environment
from operations import access_tokens
from operations.access_tokens import CannotAsk, in_a_task
from operations.outputs import Deployed

TASK = "arn:aws:ecs:us-east-1:1:task/backlog/0a1b2c3d"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
COMMAND = ["python", "-m", "backlog_todos.access_tokens"]


@pytest.fixture
def aws(monkeypatch):
    """Clients whose calls and answers are said beforehand."""
    with ExitStack() as opened:
        clients = {}
        for name in ("ecs", "logs"):
            client = boto3.client(name, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
            client.stub = opened.enter_context(Stubber(client))
            clients[name] = client
        monkeypatch.setattr(Deployed, "client", lambda _, service: clients[service])
        yield clients
        for client in clients.values():
            client.stub.assert_no_pending_responses()


@pytest.fixture
def stack():
    return Deployed("prod", {"cluster": "backlog", "api_service": "api-0123456"})


def runs(aws, words, exit_code=0, lines=()):
    """The calls of a task that does it, in their order."""
    ecs = aws["ecs"].stub
    ecs.add_response(
        "describe_services",
        {"services": [{"taskDefinition": "api:7", "networkConfiguration": NETWORK}]},
        {"cluster": "backlog", "services": ["api-0123456"]},
    )
    ecs.add_response(
        "run_task",
        {"tasks": [{"taskArn": TASK}], "failures": []},
        {
            "cluster": "backlog",
            "taskDefinition": "api:7",
            "networkConfiguration": NETWORK,
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            "overrides": {"containerOverrides": [{"name": "api", "command": [*COMMAND, *words]}]},
            "startedBy": "access-tokens",
        },
    )
    ecs.add_response("describe_tasks", {"tasks": [{"lastStatus": "RUNNING"}]})
    done = {"lastStatus": "STOPPED", "containers": [{"name": "api", "exitCode": exit_code}, {"name": "migrate"}]}
    ecs.add_response("describe_tasks", {"tasks": [done]}, {"cluster": "backlog", "tasks": [TASK]})
    options = {"awslogs-group": "api-1", "awslogs-stream-prefix": "api"}
    definitions = [
        {"name": "migrate"},
        {"name": "api", "logConfiguration": {"logDriver": "awslogs", "options": options}},
    ]
    ecs.add_response("describe_task_definition", {"taskDefinition": {"containerDefinitions": definitions}})
    aws["logs"].stub.add_response(
        "get_log_events",
        {"events": [{"message": line} for line in lines]},
        {"logGroupName": "api-1", "logStreamName": "api/api/0a1b2c3d", "startFromHead": True},
    )


def test_a_task_like_the_apis_does_it_and_its_log_is_shown(aws, stack):
    runs(aws, ["list"], lines=["2026-11-24  valid    phone"])
    assert in_a_task(stack, ["list"], sleep=lambda _: None) == "2026-11-24  valid    phone\n"


def test_what_went_wrong_is_said_by_the_log(aws, stack):
    runs(aws, ["revoke", "x"], 1, ["access_tokens: there is no valid token 'x'"])
    with pytest.raises(CannotAsk, match="there is no valid token 'x'"):
        in_a_task(stack, ["revoke", "x"], sleep=lambda _: None)


def test_a_task_that_could_not_be_started_is_told(aws, stack):
    aws["ecs"].stub.add_response(
        "describe_services", {"services": [{"taskDefinition": "a", "networkConfiguration": NETWORK}]}
    )
    aws["ecs"].stub.add_response("run_task", {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    with pytest.raises(CannotAsk, match="RESOURCE:MEMORY"):
        in_a_task(stack, ["list"])


def test_a_token_is_printed_here_and_its_hash_alone_is_sent(stack, monkeypatch, capsys):
    sent = []
    monkeypatch.setattr(access_tokens, "deployed", lambda _: stack)
    monkeypatch.setattr(access_tokens, "in_a_task", lambda _, words: sent.append(words) or "")
    assert access_tokens.main(["prod", "--name", "phone"]) == 0
    token = capsys.readouterr().out.strip()
    assert sent == [["add", "phone", hashed(token).hex()]]


def test_on_one_machine_the_command_is_told_what_the_api_is_told(tmp_path):
    folder = StackFolder(tmp_path)
    with pytest.raises(KeyError):
        own_environment("api", folder)
    container = {"name": "api", "environment": [{"name": "DATABASE_HOST", "value": "127.0.0.1"}]}
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "api.json").write_text(
        json.dumps({"containers": [container], "agent": {"AWS_REGION": "r"}})
    )
    told = own_environment("api", folder)
    assert (told["DATABASE_HOST"], told["AWS_REGION"]) == ("127.0.0.1", "r")
