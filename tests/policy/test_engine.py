"""The pack in Pulumi's engine, which starts it, and refuses or mends by what it says: a preview of the lab's stack."""

import sys
from pathlib import Path

import pulumi
import pytest
from pulumi import automation

from local.engine import Engine, the_program
from local.folder import CHECKOUT, StackFolder

PACK = CHECKOUT / "infra" / "policy"
MENDING = f"""
import runpy, sys
sys.path.insert(0, {str(CHECKOUT)!r})
from infra.policy import levels
levels.MENDED = {{"lab": ("sqs-encrypted",)}}
runpy.run_path({str(PACK / "__main__.py")!r}, run_name="__main__")
"""


@pytest.fixture
def preview(tmp_path, monkeypatch):
    """What a preview of the lab with a pack says: its error, or nothing, and the events of its policies.

    Pulumi's own distribution brings a language host that starts the pack. Without one the engine looks for this script.
    """
    script = tmp_path / "bin" / "pulumi-analyzer-policy-python"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -u __main__.py "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")

    def run(program, pack: Path) -> tuple[str, list[automation.EngineEvent]]:
        events: list[automation.EngineEvent] = []
        with Engine("lab", StackFolder(tmp_path / "stack"), program=program).opened() as opened:
            try:
                opened.preview(policy_packs=[str(pack)], on_event=events.append)
            except automation.CommandError as refused:
                return str(refused), events
        return "", events

    return run


def unencrypted(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    props = dict(args.props)
    if args.type_ == "aws:sqs/queue:Queue":
        props["sqs_managed_sse_enabled"] = False
    return pulumi.ResourceTransformationResult(props, args.opts)


def mistaken_program() -> None:
    pulumi.runtime.register_stack_transformation(unencrypted)
    the_program()


def told(events: list[automation.EngineEvent]) -> set[tuple[str, str]]:
    return {(at.policy_event.policy_name, at.policy_event.enforcement_level) for at in events if at.policy_event}


def test_the_engine_refuses_what_a_rule_refuses(preview):
    error, events = preview(mistaken_program, PACK)
    assert "sqs-encrypted" in error
    assert ("sqs-encrypted", "mandatory") in told(events)


def test_the_engine_lets_a_stack_pass_that_the_rules_let_pass(preview):
    error, events = preview(the_program, PACK)
    assert error == ""
    assert {level for _, level in told(events)} <= {"advisory"}


def test_the_engine_mends_where_the_stack_wants_it(preview, tmp_path):
    pack = tmp_path / "pack"
    pack.mkdir()
    runtime = f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\nversion: 1.0.0\n"
    (pack / "PulumiPolicy.yaml").write_text(runtime, encoding="utf-8")
    (pack / "__main__.py").write_text(MENDING, encoding="utf-8")
    error, events = preview(mistaken_program, pack)
    assert error == ""
    steps = [at.resource_pre_event.metadata for at in events if at.resource_pre_event]
    queues = [step.new.inputs for step in steps if step.type == "aws:sqs/queue:Queue"]
    assert queues
    assert all(inputs["sqsManagedSseEnabled"] is True for inputs in queues)
