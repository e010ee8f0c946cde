"""What holds for every stack, whatever its configuration."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["dev", "prod", "local", "lab"])
def test_no_resource_changes_its_identity_unnoticed(declare, name):
    """Type, name and parent are a resource's URN: a change replaces it unless an alias ships with it.

    After a change that is meant: `GOLDEN=write .venv/bin/python -m pytest tests/unit/infra/test_stacks.py`.
    """
    found = sorted(f"{resource.parent}  {resource.type}  {resource.name}" for resource in declare(name).resources)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == file.read_text(encoding="utf-8").splitlines()


def test_stacks_export_what_people_and_commands_need(stack):
    assert stack.exports.keys() == {
        "url",
        "queue_url",
        "dlq_url",
        "database_endpoint",
        "api_image",
        "worker_image",
        "cluster",
        "api_service",
        "worker_service",
        "services",
        "queues",
        "alarm_topic",
        "dashboard",
        "monthly_floor",
        "event_topic",
    }


@pytest.mark.parametrize(
    ("name", "url"),
    [("dev", "http://api-0123456.elb.amazonaws.com/"), ("local", "http://api-0123456.elb.amazonaws.com:6400/")],
)
def test_the_url_names_its_port_where_a_browser_would_not_guess_it(declare, name, url):
    assert declare(name).exports["url"] == url


def test_the_registry_token_is_the_only_thing_that_is_asked_of_aws(stack):
    assert set(stack.invokes) == {"aws:ecr/getAuthorizationToken:getAuthorizationToken"}


def test_type_tokens_are_those_of_this_program(stack):
    own = {resource.type for resource in stack.resources if not resource.type.startswith(("aws:", "docker:"))}
    assert all(re.fullmatch(r"backlog:infra:[A-Z]\w+", token) for token in own)


def test_logical_names_are_kebab_case_nouns(stack):
    assert [r.name for r in stack.resources if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", r.name)] == []


def test_every_resource_is_part_of_a_component(stack):
    assert {
        r.type for r in stack.resources if r.parent.startswith("Stack/") and not r.type.startswith("backlog:")
    } == set()


def test_names_fit_with_the_suffix_that_makes_them_unique(stack):
    """Load balancers and target groups: 32 characters, 8 of them `-0123456`."""
    names = [resource.name for kind in ("LoadBalancer", "TargetGroup") for resource in stack.all(kind)]
    assert [name for name in names if len(name) > 32 - 8] == []


def test_physical_names_are_left_to_pulumi(stack):
    """A fixed name makes a replacement impossible, since the new one is made before the old one goes.

    The groups of RDS's logs are RDS's to name; what it names them by is left to Pulumi.
    """
    named = [r for r in stack.resources if r.type.startswith("aws:") and "name" in r.inputs]
    assert [r.urn for r in named if not r.inputs["name"].startswith("/aws/rds/instance/database-0123456/")] == []


def test_no_path_of_this_machine_is_in_the_state(stack):
    assert str(CHECKOUT) not in json.dumps([resource.inputs for resource in stack.resources])


def test_a_second_run_in_the_same_process_declares_the_same(declare):
    first = declare("dev", logRetentionDays=30)
    again = declare("dev", logRetentionDays="30")
    assert sorted(r.urn for r in first.resources) == sorted(r.urn for r in again.resources)
    assert first.exports == again.exports


def test_the_program_finds_its_package_from_any_folder(tmp_path):
    """As the language host runs it: the program's folder is on the path, the checkout is not."""
    run = subprocess.run(
        [sys.executable, "-P", "-c", f"import runpy; runpy.run_path({str(CHECKOUT / 'infra')!r}, run_name='__main__')"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ModuleNotFoundError" not in run.stderr
    assert "aws:region: is missing" in run.stderr  # it got as far as its configuration
