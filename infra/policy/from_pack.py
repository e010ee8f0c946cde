"""Resources from what a policy pack is given. The only place that knows of its proxies, unknowns and floats."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyProviderResource, PolicyResource
from pulumi_policy.proxy import UnknownValueError

from infra.policy.resources import UNKNOWN, Hidden, Resource, Stack


def stack_of(name: str, given: Sequence[PolicyResource]) -> Stack:
    """The stack that a stack policy's arguments describe."""
    return Stack(name, [_resource(resource) for resource in given if not resource.resource_type.startswith("pulumi:")])


def _resource(given: PolicyResource) -> Resource:
    return Resource(
        type=given.resource_type,
        urn=given.urn,
        props=_plain(given.props),
        protect=given.opts.protect,
        links={prop: tuple(at.urn for at in found) for prop, found in given.property_dependencies.items() if found},
        default_tags=_default_tags(given.provider),
        marks_secrets=False,
    )


def _default_tags(provider: PolicyProviderResource | None) -> Mapping[str, str] | Hidden | None:
    if provider is None:
        return None
    found = _plain(provider.props).get("defaultTags", {})
    found = json.loads(found) if isinstance(found, str) else found
    return found if isinstance(found, Hidden) else found.get("tags", {})


def _plain(value: Any) -> Any:
    """A copy without proxies: touching an unknown through one raises, and would end the whole policy."""
    if isinstance(value, Mapping):
        return {key: _part(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_part(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # every number arrives as a float
    return value


def _part(parent: Any, key: Any) -> Any:
    try:
        return _plain(parent[key])
    except UnknownValueError:
        return UNKNOWN
