"""The pack as the engine sees it: a process that it starts and asks over gRPC, and that is given unknowns."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from infra.policy.catalog import RULES
from local.folder import CHECKOUT

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
MANDATORY, ADVISORY = analyzer_pb2.MANDATORY, analyzer_pb2.ADVISORY
Ask = Callable[[str], analyzer_pb2_grpc.AnalyzerStub]


@pytest.fixture
def pack() -> Iterator[Ask]:
    started = []

    def start(stack: str) -> analyzer_pb2_grpc.AnalyzerStub:
        process = subprocess.Popen(
            [sys.executable, "-u", "__main__.py"],
            cwd=CHECKOUT / "infra" / "policy",
            env={**os.environ, "PULUMI_STACK": stack, "PYTHONWARNINGS": "ignore"},
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


def queue(name: str, **props) -> analyzer_pb2.AnalyzerResource:
    held = struct_pb2.Struct()
    held.update(props)
    urn = f"urn:pulumi:prod::backlog::aws:sqs/queue:Queue::{name}"
    return analyzer_pb2.AnalyzerResource(type="aws:sqs/queue:Queue", urn=urn, name=name, properties=held)


def analyze(stub: analyzer_pb2_grpc.AnalyzerStub, *resources) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    return list(stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), timeout=30).diagnostics)


def test_the_pack_has_every_rule_and_one_policy_for_what_it_can_not_say(pack):
    told = pack("prod").GetAnalyzerInfo(empty_pb2.Empty(), timeout=30)
    assert {policy.name for policy in told.policies} == {rule.id for rule in RULES} | {"not-evaluable"}


def test_a_violation_is_reported_on_its_resource_with_what_to_do(pack):
    told = analyze(pack("prod"), queue("jobs", sqsManagedSseEnabled=False))
    [found] = [at for at in told if at.policyName == "sqs-encrypted"]
    assert found.urn.endswith("::jobs")
    assert found.enforcementLevel == MANDATORY
    assert "Set sqs_managed_sse_enabled" in found.message


def test_dev_is_advised_where_prod_is_stopped(pack):
    told = analyze(pack("dev"), queue("jobs", sqsManagedSseEnabled=False))
    assert [at.enforcementLevel for at in told if at.policyName == "sqs-encrypted"] == [ADVISORY]


def test_an_unknown_is_told_and_hides_no_mistake_of_another_resource(pack):
    told = analyze(pack("prod"), queue("first", sqsManagedSseEnabled=UNKNOWN), queue("second"))
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
    [found] = [at for at in analyze(pack("prod"), instance) if at.policyName == "rds-backups"]
    assert "keeps backups for 3 days; 7 are asked of prod" in found.message
