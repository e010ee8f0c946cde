"""How commands find a stack that is up: by what Pulumi says of it."""

import pytest

from local.engine import Engine
from operations.outputs import NotDeployed, deployed


def test_the_outputs_of_a_stack_are_those_of_the_backend_that_the_cli_is_logged_in_to(folder, monkeypatch):
    with Engine("dev", folder).opened() as engine:
        engine.up()
        outputs = {name: output.value for name, output in engine.outputs().items()}
    monkeypatch.setenv("PULUMI_BACKEND_URL", folder.backend.as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", folder.secret("passphrase"))
    found = deployed("dev")
    assert found.outputs == outputs
    assert (found.emulated, found.client("sqs").meta.region_name) == (False, "us-east-1")
    with pytest.raises(NotDeployed, match="pulumi knows no outputs of stack prod"):
        deployed("prod")


def test_stack_local_is_found_in_its_folder_and_its_aws_where_its_queues_are(folder):
    with pytest.raises(NotDeployed, match="`make up` brings it up"):
        deployed("local", folder)
    with Engine("local", folder).opened() as engine:
        engine.up()
    found = deployed("local", folder)
    assert found.outputs["queue_url"].startswith("https://sqs.us-east-1")
    assert found.emulated
