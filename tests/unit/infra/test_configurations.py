"""No option is left out of what the engine is tried with: a new one fails here until a row has it."""

from typing import Any

import pytest
from pydantic import BaseModel

from infra.settings import parse
from infra.settings.options import options
from tests.configurations import ROWS, secrets_of, settings_of


def values_of(settings: Any, key: str) -> list[Any]:
    """What a row's settings are at an option's key; several where blocks are in a list, none where one is absent."""
    found = [settings.model_dump(by_alias=True, mode="json")]
    for step in key.split("."):
        name = step.removesuffix("[]")
        found = [each[name] for each in found if isinstance(each, dict) and each.get(name) is not None]
        if step.endswith("[]"):
            found = [item for each in found for item in each]
    return found


@pytest.fixture(scope="module")
def rows() -> list[BaseModel]:
    return [parse(settings_of(row), secret={path.split(".")[0] for path in secrets_of(row)}) for row in ROWS]


@pytest.mark.parametrize("option", options(), ids=lambda option: option.key)
def test_some_row_of_configurations_yaml_has_every_value_of(rows, option):
    tried = [value for row in rows for value in values_of(row, option.key)]
    if option.values:
        assert [value for value in option.values if value not in tried] == []
    else:
        assert tried, f"no row sets {option.key}"
