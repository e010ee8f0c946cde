"""What people, programs and code scanning are told; and the page that lists the rules."""

import json

import pytest

from infra.policy.catalog import RULES
from infra.policy.document import FILE, document
from infra.policy.from_state import read
from infra.policy.places import place
from infra.policy.report import main
from infra.policy.resources import SECRET, UNKNOWN, Resource
from local.folder import CHECKOUT

SECRET_VALUE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:..."}
PROVIDER = "urn:pulumi:prod::backlog::pulumi:providers:aws::default"


def queue(**inputs):
    return {
        "urn": "urn:pulumi:prod::backlog::aws:sqs/queue:Queue::jobs",
        "type": "aws:sqs/queue:Queue",
        "inputs": inputs,
        "provider": f"{PROVIDER}::1",
    }


def export(*resources):
    provider = {"urn": PROVIDER, "type": "pulumi:providers:aws", "id": "1", "inputs": {"defaultTags": '{"tags":{}}'}}
    return {"version": 3, "deployment": {"resources": [provider, *resources]}}


@pytest.fixture
def report(tmp_path, capsys):
    def run(exported, format_="text"):
        file = tmp_path / "state.json"
        file.write_text(exported if isinstance(exported, str) else json.dumps(exported), encoding="utf-8")
        code = main(["--export", str(file), "--format", format_])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_state_file_is_judged_with_no_program_and_no_login(report):
    code, told, _ = report(export(queue(sqsManagedSseEnabled=False)))
    assert code == 1
    assert "jobs (aws:sqs/queue:Queue): is not encrypted" in told
    assert "mend: Set sqs_managed_sse_enabled" in told
    assert "sqs-controls.html#sqs-1" in told


def test_what_is_not_evaluable_is_shown_and_counted(report):
    _, told, _ = report(export(queue(sqsManagedSseEnabled="04da6b54-80e4-46f7-96ec-b56ff0331ba9")))
    assert "Not evaluable: neither a pass nor a failure: 1" in told
    assert "sqsManagedSseEnabled is known only after the update" in told


def test_programs_get_json(report):
    code, told, _ = report(export(queue()), "json")
    found = json.loads(told)
    assert code == 1
    assert found["counts"]["violation"] == len(found["results"])
    assert {"sqs-encrypted", "sqs-redrive", "sqs-tls-only", "tags"} <= {at["rule"] for at in found["results"]}


def test_code_scanning_gets_sarif(report):
    _, told, _ = report(export(queue()), "sarif")
    [run] = json.loads(told)["runs"]
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert known == {rule.id for rule in RULES}
    assert {result["ruleId"] for result in run["results"]} <= known
    [encryption] = [result for result in run["results"] if result["ruleId"] == "sqs-encrypted"]
    assert encryption["level"] == "error"
    assert encryption["locations"][0]["logicalLocations"][0]["name"] == "jobs"


def test_code_scanning_is_told_what_is_not_evaluable_and_keeps_stacks_apart(report):
    _, told, _ = report(export(queue(sqsManagedSseEnabled="04da6b54-80e4-46f7-96ec-b56ff0331ba9")), "sarif")
    [run] = json.loads(told)["runs"]
    assert run["automationDetails"]["id"] == "backlog-policy/prod/"
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert note["associatedRule"]["id"] == "sqs-encrypted"


@pytest.mark.parametrize(
    ("components", "file", "text"),
    [
        ("backlog:infra:Messaging$backlog:infra:Queue$", "infra/components/queue.py", "aws.sqs.Queue("),
        ("", "infra/__main__.py", '"""'),
        ("backlog:infra:NeverWas$", "infra/__main__.py", '"""'),
    ],
    ids=["in a component", "in none", "in one that is not there"],
)
def test_a_finding_stands_beside_its_line(components, file, text):
    urn = f"urn:pulumi:prod::backlog::{components}aws:sqs/queue:Queue::jobs"
    where, line = place(Resource(type="aws:sqs/queue:Queue", urn=urn, props={}))
    assert where == file
    assert text in (CHECKOUT / where).read_text(encoding="utf-8").splitlines()[line - 1]


@pytest.mark.parametrize("broken", ["{}", "[", '{"deployment": {"resources": []}}'], ids=["empty", "no JSON", "bare"])
def test_a_file_that_is_no_export_is_no_pass(report, broken):
    code, told, error = report(broken)
    assert (code, told) == (2, "")
    assert "state.json" in error


def test_a_stack_that_does_not_exist_is_no_pass(capsys):
    assert main(["--stack", "nowhere"]) == 2
    assert "Pulumi.nowhere.yaml does not exist" in capsys.readouterr().err


def test_secrets_and_unknowns_of_a_state_are_told_from_values():
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    [resource] = read(export(queue(name=SECRET_VALUE, tags={"a": unknown, "b": "c"}))).resources
    assert resource.props == {"name": SECRET, "tags": {"a": UNKNOWN, "b": "c"}}


def test_what_waits_for_its_deletion_is_not_judged():
    assert read(export({**queue(), "delete": True})).resources == ()


def test_the_page_of_rules_is_current():
    assert FILE.read_text(encoding="utf-8") == document(), "run `python -m infra.policy.document`"


def test_every_rule_is_on_the_page():
    page = FILE.read_text(encoding="utf-8")
    assert [rule.id for rule in RULES if f'<a id="{rule.id}"></a>' not in page] == []
