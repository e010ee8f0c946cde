"""A task of a task definition, as ECS's agent runs it."""

import sys

import pytest

from local.machine.task import CannotRun, environment, health, in_order

AGENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1"}


def after(name, *needs, condition="SUCCESS"):
    return {"name": name, "dependsOn": [{"containerName": need, "condition": condition} for need in needs]}


def test_containers_run_in_the_order_of_their_dependencies():
    containers = [after("api", "migrate"), after("migrate", "fetch"), after("fetch")]
    assert [container["name"] for container in in_order(containers)] == ["fetch", "migrate", "api"]


def test_a_circle_is_refused():
    with pytest.raises(CannotRun, match="circle: a, b"):
        in_order([after("a", "b"), after("b", "a")])


def test_a_second_container_that_keeps_running_is_refused():
    with pytest.raises(CannotRun, match="there are 2: api, sidecar"):
        in_order([after("api"), after("sidecar")])


def test_a_container_sees_its_own_environment_and_the_agents(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TERMINAL", "x")
    seen = environment({"environment": [{"name": "PORT", "value": "6400"}]}, AGENT, tmp_path)
    assert (seen["PORT"], seen["AWS_REGION"], seen["TMPDIR"]) == ("6400", "us-east-1", str(tmp_path))
    assert "SECRET_OF_THE_TERMINAL" not in seen


def test_a_definition_may_say_otherwise_than_the_agent(tmp_path):
    assert environment({"environment": [{"name": "AWS_REGION", "value": "x"}]}, AGENT, tmp_path)["AWS_REGION"] == "x"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["CMD", sys.executable, "-c", "pass"], 0),
        (["CMD", sys.executable, "-c", "raise SystemExit(3)"], 3),
        (["CMD-SHELL", "exit 4"], 4),
        (["CMD", "no-such-command"], 127),
        (["NONE"], 0),
    ],
)
def test_health_is_the_exit_code_of_the_containers_own_check(command, code, tmp_path):
    assert health({"healthCheck": {"command": command}}, {"PATH": "/usr/bin:/bin"}, tmp_path) == code


def test_a_health_check_that_hangs_has_failed(tmp_path):
    check = {"command": ["CMD", sys.executable, "-c", "import time; time.sleep(60)"], "timeout": 0.2}
    assert health({"healthCheck": check}, {}, tmp_path) == 1


def mounts(path, volume="scratch"):
    return {"name": "api", "mountPoints": [{"sourceVolume": volume, "containerPath": path, "readOnly": False}]}


def test_a_volume_at_tmp_is_where_temporary_files_go(tmp_path):
    assert environment(mounts("/tmp"), AGENT, tmp_path)["TMPDIR"] == str(tmp_path / "volumes" / "scratch")


def test_a_volume_elsewhere_is_refused():
    with pytest.raises(CannotRun, match="api mounts /data"):
        in_order([mounts("/data")])
