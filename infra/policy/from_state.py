"""Resources from a stack's state: what `pulumi stack export` writes, with no login and no program."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.policy.resources import SECRET, UNKNOWN, Hidden, Resource, Stack, stack_of_urn

#: How Pulumi marks special objects, and secrets among them. Source: pulumi/sdk, resource.SigKey and SecretSig.
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def read(exported: Mapping[str, Any]) -> Stack:
    """The stack of an exported deployment.

    Raises:
        ValueError: it is no export, or an empty one.
    """
    found = exported.get("deployment", {}).get("resources") or []
    if not found:
        raise ValueError("holds no resources: it should be what `pulumi stack export` writes")
    return Stack(stack_of_urn(found[0]["urn"]), resources(found))


def resources(entries: Iterable[Mapping[str, Any]]) -> list[Resource]:
    """The resources that the state's entries describe; what is only waiting for its deletion is left out."""
    entries = list(entries)
    tags = {f"{entry['urn']}::{entry.get('id', '')}": _default_tags(entry) for entry in entries}
    return [
        Resource(
            type=entry["type"],
            urn=entry["urn"],
            props=_plain(entry.get("inputs") or {}),
            protect=bool(entry.get("protect")),
            links={prop: tuple(urns) for prop, urns in (entry.get("propertyDependencies") or {}).items() if urns},
            default_tags=tags.get(entry.get("provider", ""), {}),
        )
        for entry in entries
        if not entry.get("delete") and not entry["type"].startswith("pulumi:")
    ]


def _default_tags(entry: Mapping[str, Any]) -> Mapping[str, str] | Hidden:
    """A provider keeps its nested configuration as JSON text."""
    found = (entry.get("inputs") or {}).get("defaultTags", "{}")
    found = json.loads(found) if isinstance(found, str) else found
    tags = _plain(found).get("tags", {})
    return tags if isinstance(tags, Mapping | Hidden) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return SECRET
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return UNKNOWN if value == _UNKNOWN else value
