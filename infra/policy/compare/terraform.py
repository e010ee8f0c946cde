"""A stack as Terraform's language spells it, for scanners that read no other.

Pulumi's AWS provider is made from Terraform's, so names follow from names: `aws:sqs/queue:Queue` is `aws_sqs_queue`,
`visibilityTimeoutSeconds` is `visibility_timeout_seconds`, and a list of objects is a block for each, in the singular.
What does not follow stands below.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.policy.resources import Hidden, Resource, Stack

#: What Terraform calls the modules of Pulumi's AWS provider; "" where it names none.
_MODULES: Mapping[str, str] = {"ec2": "", "lb": "lb", "rds": "db"}
_TYPES: Mapping[str, str] = {"aws:lb/loadBalancer:LoadBalancer": "aws_lb"}
#: Lists of objects that Terraform leaves in the plural.
_PLURAL = ("redactedFields", "metrics")
#: Objects whose keys are the user's, and which are therefore no blocks.
_MAPS = ("tags", "dimensions")


def address(resource: Resource) -> str:
    """Where Terraform would look for a resource: `aws_sqs_queue.jobs`."""
    _, path, _ = resource.type.split(":")
    module, name = path.split("/")
    prefix = _MODULES.get(module, module)
    type_ = _TYPES.get(resource.type) or "_".join(filter(None, ("aws", prefix, _snake(name))))
    return f"{type_}.{re.sub(r'[^A-Za-z0-9_-]', '_', resource.name)}"


def written(stack: Stack) -> str:
    """The resources of AWS of a stack, as one file.

    Raises:
        ValueError: two resources would have one address.
    """
    resources = {resource.urn: resource for resource in stack.resources if resource.type.startswith("aws:")}
    addresses = {urn: address(resource) for urn, resource in resources.items()}
    if len(set(addresses.values())) < len(addresses):
        raise ValueError("two resources of one type have the same name")
    return "\n".join("\n".join(_resource(resource, addresses)) for resource in resources.values()) + "\n"


def _resource(resource: Resource, addresses: Mapping[str, str]) -> Iterator[str]:
    type_, name = addresses[resource.urn].split(".")
    yield f'resource "{type_}" "{name}" {{'
    for prop, value in resource.props.items():
        found = [addresses[urn] for urn in resource.links.get(prop, ()) if urn in addresses]
        yield from _property(prop, _referring(prop, value, found, of_all=True), "  ")
    yield "}"


class _Reference(str):
    """An expression, and no text."""

    __slots__ = ()


def _referring(prop: str, value: Any, found: Sequence[str], *, of_all: bool = False) -> Any:
    """The value, or where it comes from: scanners follow references from a queue to its policy.

    `found` are the addresses that a resource's property comes from; inside of it, a name tells which of them.
    """
    if isinstance(value, Mapping):
        return {key: _referring(key, part, found) for key, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        return [_referring(prop, part, found) for part in value]
    kind = _snake(_singular(prop)).removesuffix("_arn").removesuffix("_id")
    fitting = [at for at in found if of_all or at.split(".")[0].endswith(kind)]
    if isinstance(value, list) and len(fitting) == len(value) and all(isinstance(part, str) for part in value):
        return [_Reference(f"{at}.id") for at in fitting]
    if isinstance(value, str) and len(fitting) == 1 and not value.startswith("{"):
        return _Reference(f"{fitting[0]}.{'arn' if value.startswith('arn:') else 'id'}")
    return value


def _property(prop: str, value: Any, indent: str) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, Mapping) and prop not in _MAPS:
        yield from _block(_snake(prop), value, indent)
    elif isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        for part in value:
            yield from _block(_snake(prop if prop in _PLURAL else _singular(prop)), part, indent)
    else:
        yield f"{indent}{_snake(prop)} = {_expression(value)}"


def _block(name: str, parts: Mapping[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}{name} {{"
    for prop, value in parts.items():
        yield from _property(prop, value, f"{indent}  ")
    yield f"{indent}}}"


def _expression(value: Any) -> str:
    if isinstance(value, _Reference):
        return str(value)
    if isinstance(value, Hidden):
        return '""'
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(key)} = {_expression(part)}' for key, part in value.items())}}}"
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
