"""The configurations that the whole program is tried with: each row of configurations.yaml over its stack's file."""

from pathlib import Path
from typing import Any

import yaml

from local.engine import stack_config

_PROJECT = "backlog:"

ROWS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def stack_of(row: str) -> str:
    """The stack whose file the row changes."""
    return str(ROWS[row]["of"])


def secrets_of(row: str) -> dict[str, str]:
    """The row's settings that are secrets, by their path (`oidc.clientSecret`)."""
    return dict(ROWS[row].get("secrets", {}))


def settings_of(row: str) -> dict[str, Any]:
    """The row's settings by their keys without the project's name, whole blocks, secrets in clear; and aws:region."""
    config = {key.removeprefix(_PROJECT): value for key, value in stack_config(stack_of(row)).items()}
    config.pop("aws:defaultTags")
    settings = _over(config, {key: value for key, value in ROWS[row].items() if key not in ("of", "secrets")})
    for path, value in secrets_of(row).items():
        block, name = path.split(".")
        settings = _over(settings, {block: {name: value}})
    return settings


def config_of(row: str) -> dict[str, Any]:
    """The same as a stack's file has it."""
    return {key if ":" in key else f"{_PROJECT}{key}": value for key, value in settings_of(row).items()}


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
