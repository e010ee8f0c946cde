"""`make token STACK=prod NAME=phone`: an access token of a stack's API; `REVOKE=phone` takes it back, alone it lists.

The command is `backlog_todos.access_tokens`, run where the database is: on one machine as the API is run; on AWS in a
task of the API's own, which starts for this, says in its log what it did, and ends. A token is made here, and printed
here alone: the task, its log and the call that starts it are told its hash.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backlog_todos import access_tokens
from local.folder import folder_of
from local.machine.ecs import own_environment
from operations.outputs import AwsError, Deployed, NotDeployed, deployed

_COMMAND = ["python", "-m", "backlog_todos.access_tokens"]
_SERVICE = "api"  # the container's name too
_POLL = 3.0  # seconds
_PATIENCE = 300.0  # seconds until a task has started, migrated, done it and stopped


class CannotAsk(Exception):
    """The task did not do it, in a sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, revoke or list; a new token alone goes to standard output."""
    parser = argparse.ArgumentParser(prog="make token", description=__doc__.splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--name", help="make a token of this name")
    parser.add_argument("--revoke", metavar="NAME", help="revoke the token of this name")
    given = parser.parse_args(arguments)
    token = access_tokens.new() if given.name else None
    if given.revoke:
        words = ["revoke", given.revoke]
    elif token:
        words = ["add", given.name, access_tokens.hashed(token).hex()]
    else:
        words = ["list"]
    try:
        stack = deployed(given.stack)
        said = here(stack, words) if stack.emulated else in_a_task(stack, words)
    except (NotDeployed, CannotAsk, KeyError, *AwsError) as error:
        sys.stderr.write(f"token: {' '.join(str(error).split())}\n")
        return 1
    sys.stdout.write(f"{token}\n" if token else said)
    return 0


def here(stack: Deployed, words: Sequence[str]) -> str:
    """Run the command on this machine, told what the API's process is told; what it says.

    Raises:
        CannotAsk: it could not do it.
    """
    environment = own_environment(stack.text("api_service"), folder_of(stack.stack))
    done = subprocess.run(  # noqa: S603 - our own words, and names without a shell
        [sys.executable, *_COMMAND[1:], *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotAsk(done.stderr)
    return done.stdout


def in_a_task(stack: Deployed, words: Sequence[str], sleep: Callable[[float], Any] = time.sleep) -> str:
    """Run the command in a task like the API's; what its log has of it.

    Raises:
        CannotAsk: the task did not start, or end well.
    """
    ecs, cluster = stack.client("ecs"), stack.text("cluster")
    (service,) = ecs.describe_services(cluster=cluster, services=[stack.text("api_service")])["services"]
    started = ecs.run_task(
        cluster=cluster,
        taskDefinition=service["taskDefinition"],
        networkConfiguration=service["networkConfiguration"],
        capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
        overrides={"containerOverrides": [{"name": _SERVICE, "command": [*_COMMAND, *words]}]},
        startedBy="access-tokens",
    )
    if not started["tasks"]:
        raise CannotAsk(f"no task could be started: {started['failures']}")
    arn = started["tasks"][0]["taskArn"]
    task = _stopped(ecs, cluster, arn, sleep)
    said = _said(stack, ecs, service["taskDefinition"], arn)
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    if codes.get(_SERVICE) != 0:
        raise CannotAsk(f"{said or task.get('stoppedReason', 'its task says nothing')} (exit codes {codes})")
    return said


def _stopped(ecs: Any, cluster: str, arn: str, sleep: Callable[[float], Any]) -> Mapping[str, Any]:
    for _ in range(int(_PATIENCE / _POLL)):
        (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
        if task["lastStatus"] == "STOPPED":
            found: Mapping[str, Any] = task
            return found
        sleep(_POLL)
    raise CannotAsk(f"task {arn} has not ended in {_PATIENCE:.0f} s")


def _said(stack: Deployed, ecs: Any, definition: str, arn: str) -> str:
    """The lines of the container's log. Source: Amazon ECS Developer Guide, awslogs-stream-prefix."""
    containers = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
    (options,) = (c["logConfiguration"]["options"] for c in containers if c["name"] == _SERVICE)
    stream = f"{options['awslogs-stream-prefix']}/{_SERVICE}/{arn.rsplit('/', 1)[1]}"
    logs = stack.client("logs")
    try:
        events = logs.get_log_events(logGroupName=options["awslogs-group"], logStreamName=stream, startFromHead=True)
    except logs.exceptions.ResourceNotFoundException:  # it never got so far as to say something
        return ""
    return "".join(f"{event['message']}\n" for event in events["events"])


if __name__ == "__main__":
    sys.exit(main())
