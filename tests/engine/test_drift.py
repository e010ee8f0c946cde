"""Drift, as Pulumi's engine tells it: what was deleted or changed behind the stack's back, and nothing else."""

import pytest

from local.engine import Engine
from local.folder import StackFolder
from local.provider.server import Provider
from operations.drift import CannotAsk, asked, drifted

pytestmark = pytest.mark.xdist_group("drift")  # the engine brings dev up once


@pytest.fixture(scope="module")
def behind():
    """What happens in AWS behind a stack's back, by the end of a resource's URN: properties, or None if it is gone."""
    changes = {}
    read = Provider.Read

    def answer(self, request, context):
        found = read(self, request, context)
        for urn, change in changes.items():
            if request.urn.endswith(urn) and change is None:
                return type(found)()
            if request.urn.endswith(urn):
                for name, value in change.items():
                    found.inputs[name] = value
        return found

    patch = pytest.MonkeyPatch()
    patch.setattr(Provider, "Read", answer)
    yield changes
    patch.undo()


@pytest.fixture(scope="module")
def ask(behind, tmp_path_factory):
    """What `make drift` finds of stack dev, which is up."""
    behind.clear()
    engine = Engine("dev", StackFolder(tmp_path_factory.mktemp("drift")))
    with engine.opened() as stack:
        stack.up()
        variables = {**stack.workspace.env_vars, "PULUMI_HOME": str(engine.folder.root / "home")}
        yield lambda name="dev": sorted(map(str, drifted(asked(name, engine.folder.project, variables))))


@pytest.fixture(autouse=True)
def _as_declared(behind):
    behind.clear()


def test_right_after_an_update_nothing_drifted(ask):
    assert ask() == []


def test_what_was_changed_by_hand_is_named_without_its_value(ask, behind):
    behind["aws:sqs/queue:Queue::jobs"] = {"visibilityTimeoutSeconds": 999}
    assert ask() == ["jobs (aws:sqs/queue:Queue): changed: visibilityTimeoutSeconds"]


def test_what_was_deleted_by_hand_is_named(ask, behind):
    behind["aws:rds/instance:Instance::database"] = None
    assert ask() == ["database (aws:rds/instance:Instance): gone"]


def test_what_autoscaling_did_is_no_drift(ask, behind):
    behind["aws:ecs/service:Service::worker"] = {"desiredCount": 4}
    assert ask() == []


def test_a_stack_that_is_not_there_is_an_error_and_not_no_drift(ask):
    with pytest.raises(CannotAsk, match="staging"):
        ask("staging")
