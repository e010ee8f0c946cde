"""Every option of the settings on Pulumi's real engine (tests/configurations.yaml): made, and then unchanged."""

import pytest
from pulumi.automation import ConfigValue

from local.engine import Engine
from tests.configurations import ROWS, config_of, secrets_of, stack_of


@pytest.mark.parametrize("row", ROWS)
def test_comes_up_and_then_nothing_changes(folder, row):
    with Engine(stack_of(row), folder, config=config_of(row)).opened() as stack:
        for path, value in secrets_of(row).items():
            stack.set_config(f"backlog:{path}", ConfigValue(value, secret=True), path=True)
        made = stack.up().summary.resource_changes
        assert made.keys() == {"create"}
        again = stack.preview().change_summary
    state = "".join(file.read_text(encoding="utf-8") for file in folder.backend.rglob("*.json"))
    assert [path for path, value in secrets_of(row).items() if value in state] == []
    assert {str(getattr(kind, "value", kind)): count for kind, count in again.items()} == {"same": made["create"]}
