"""Resources from what a policy pack is given. The only place that knows of its proxies, unknowns and floats."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyProviderResource, PolicyResource, ResourceValidationArgs, proxy
from pulumi_policy.proxy import UnknownValueError

from infra.policy.resources import UNKNOWN, Hidden, Resource, Stack, stack_of_urn

#: In what a remediation is given, unknowns are texts. Source: pulumi_policy.proxy.
_UNKNOWNS = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))


def stack_name(given: Sequence[PolicyResource]) -> str:
    """The name of the stack that resources belong to; of none, no name."""
    return next((stack_of_urn(resource.urn) for resource in given), "")


def stack_of(given: Sequence[PolicyResource]) -> Stack:
    """The stack that a stack policy's arguments describe."""
    return Stack(
        stack_name(given),
        [_resource(resource) for resource in given if not resource.resource_type.startswith("pulumi:")],
    )


def resource_of(given: ResourceValidationArgs) -> Resource:
    """The one resource that a resource policy is asked about; what its values come from is not told."""
    return Resource(
        type=given.resource_type,
        urn=given.urn,
        props=_plain(given.props),
        protect=given.opts.protect,
        default_tags=_default_tags(given.provider),
        marks_secrets=False,
    )


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
    if isinstance(value, str) and value in _UNKNOWNS:
        return UNKNOWN
    return value


def _part(parent: Any, key: Any) -> Any:
    try:
        return _plain(parent[key])
    except UnknownValueError:
        return UNKNOWN
