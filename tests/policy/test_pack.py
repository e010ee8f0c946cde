"""The pack as the engine sees it: a process that it starts and asks over gRPC, and that is given unknowns."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from infra.policy.catalog import RULES
from infra.policy.remedies import REMEDIES
from local.folder import CHECKOUT

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TAGS = {"app": "backlog", "stack": "mended", "managed-by": "pulumi"}
MANDATORY, ADVISORY = analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY
Ask = Callable[..., analyzer_pb2_grpc.AnalyzerStub]


#: Stack `mended` has everything mended.
WITH_REMEDIES = """
import runpy, sys
sys.path.insert(0, "../..")
from infra.policy import levels, remedies
levels.MENDED = {"mended": tuple(remedy.rule.id for remedy in remedies.REMEDIES)}
runpy.run_path("__main__.py", run_name="__main__")
"""


@pytest.fixture
def pack() -> Iterator[Ask]:
    started = []

    def start(*started_by: str) -> analyzer_pb2_grpc.AnalyzerStub:
        process = subprocess.Popen(
            [sys.executable, "-u", *(started_by or ["__main__.py"])],
            cwd=CHECKOUT / "infra" / "policy",
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
        )
        port = int(process.stdout.readline())
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        started.append((process, channel))
        return analyzer_pb2_grpc.AnalyzerStub(channel)

    yield start
    for process, channel in started:
        channel.close()
        process.kill()
        process.wait()
        process.stdout.close()


def queue(name: str, stack: str = "prod", **props) -> analyzer_pb2.AnalyzerResource:
    held = struct_pb2.Struct()
    held.update(props)
    urn = f"urn:pulumi:{stack}::backlog::aws:sqs/queue:Queue::{name}"
    return analyzer_pb2.AnalyzerResource(type="aws:sqs/queue:Queue", urn=urn, name=name, properties=held)


def analyze(stub: analyzer_pb2_grpc.AnalyzerStub, *resources) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    return list(stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), timeout=30).diagnostics)


def test_the_pack_has_every_rule_what_mends_and_one_policy_for_what_it_can_not_say(pack):
    told = pack().GetAnalyzerInfo(empty_pb2.Empty(), timeout=30)
    rules = {rule.id for rule in RULES} | {f"{rule.id}-advice" for rule in RULES}
    mending = {f"mend-{remedy.rule.id}" for remedy in REMEDIES}
    assert {policy.name for policy in told.policies} == rules | mending | {"not-evaluable"}


def test_a_violation_is_reported_on_its_resource_with_what_to_do(pack):
    told = analyze(pack(), queue("jobs", sqsManagedSseEnabled=False))
    [found] = [at for at in told if at.policyName == "sqs-encrypted"]
    assert found.urn.endswith("::jobs")
    assert found.enforcementLevel == MANDATORY
    assert "Set sqs_managed_sse_enabled" in found.message


def test_dev_is_advised_where_prod_is_stopped(pack):
    """The stack is known by its resources' names alone: not every way to start the pack tells it."""
    told = analyze(pack(), queue("jobs", stack="dev", sqsManagedSseEnabled=False))
    of_rule = [at for at in told if at.policyName.startswith("sqs-encrypted")]
    assert [(at.policyName, at.enforcementLevel) for at in of_rule] == [("sqs-encrypted-advice", ADVISORY)]


def test_an_unknown_is_told_and_hides_no_mistake_of_another_resource(pack):
    told = analyze(pack(), queue("first", sqsManagedSseEnabled=UNKNOWN), queue("second"))
    of_rule = [at for at in told if at.policyName == "sqs-encrypted"]
    assert [(at.urn.rsplit("::", 1)[-1], at.enforcementLevel) for at in of_rule] == [("second", MANDATORY)]
    [unknown] = [at for at in told if at.policyName == "not-evaluable" and "sqs-encrypted" in at.message]
    assert "first: sqsManagedSseEnabled is known only after the update" in unknown.message
    assert unknown.enforcementLevel == ADVISORY


def test_numbers_are_compared_as_numbers(pack):
    instance = analyzer_pb2.AnalyzerResource(
        type="aws:rds/instance:Instance", urn="urn:pulumi:prod::backlog::aws:rds/instance:Instance::db", name="db"
    )
    instance.properties.update({"backupRetentionPeriod": 3.0})
    [found] = [at for at in analyze(pack(), instance) if at.policyName == "rds-backups"]
    assert "keeps backups for 3 days; 7 are asked of prod" in found.message


def remediate(stub: analyzer_pb2_grpc.AnalyzerStub, resource) -> dict[str, dict]:
    asked = analyzer_pb2.AnalyzeRequest(
        type=resource.type, urn=resource.urn, name=resource.name, properties=resource.properties
    )
    asked.provider.CopyFrom(analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", name="aws"))
    found = stub.Remediate(asked, timeout=30).remediations
    assert [at.diagnostic for at in found if at.diagnostic] == []
    return {at.policyName: json_format.MessageToDict(at.properties) for at in found}


def test_nothing_is_mended_unless_a_stack_wants_it(pack):
    assert remediate(pack(), queue("jobs", stack="dev")) == {}


def test_a_mended_resource_keeps_its_secrets_and_what_is_not_known(pack):
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "correct-horse"}
    given = {"namePrefix": secret, "kmsMasterKeyId": "", "policy": UNKNOWN, "tags": {"app": "other"}}
    told = remediate(pack("-c", WITH_REMEDIES), queue("jobs", stack="mended", **given))
    assert list(told) == ["mend-sqs-encrypted", "mend-tags"]
    assert told["mend-tags"] == {
        **given,
        "sqsManagedSseEnabled": True,
        "tags": {"app": "other", "stack": "mended", "managed-by": "pulumi"},
    }


def test_what_is_not_known_is_not_mended(pack):
    unknown = queue("jobs", stack="mended", sqsManagedSseEnabled=UNKNOWN, tags=TAGS)
    assert remediate(pack("-c", WITH_REMEDIES), unknown) == {}
