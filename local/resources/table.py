"""The table itself: how a resource type is declared, and how it is found."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local.provider.diff import fact
from local.provider.naming import AutoName, digest
from local.provider.properties import Bag
from local.provider.schema import Failure


@dataclass(frozen=True)
class Resource:
    """One resource of a stack, as far as its outputs depend on it."""

    token: str
    urn: str
    name: str
    inputs: Bag
    region: str
    account: str
    tags: Bag = field(default_factory=dict)

    def hex(self, length: int = 17, salt: str = "") -> str:
        """Digits for an id: the same on each run, others for each resource and for each replacement of it."""
        forcing = {
            key: self.inputs[key] for key in sorted(self.inputs) if key in fact("replace-on-change").get(self.token, [])
        }
        return digest(self.urn, salt, json.dumps(forcing, sort_keys=True), length=length)

    def number(self, digits: int, salt: str = "") -> str:
        """Decimal digits for an id, the first of them not zero."""
        return str(10 ** (digits - 1) + int(self.hex(16, salt), 16) % (9 * 10 ** (digits - 1)))

    def arn(self, service: str, rest: str, *, region: bool = True, account: bool = True) -> str:
        """An ARN in this stack's account and region; services without either leave it empty."""
        return f"arn:aws:{service}:{self.region if region else ''}:{self.account if account else ''}:{rest}"

    def get(self, name: str, default: Any = None) -> Any:
        """An input, or what AWS takes where it is not given."""
        value = self.inputs.get(name)
        return default if value is None else value


Outputs = Callable[[Resource], Bag]
Check = Callable[[Bag], Iterator[Failure]]
Keep = Callable[[Bag], str | None]


@dataclass(frozen=True)
class ResourceType:
    """What the embedded cloud knows of a type.

    `outputs` gives the id and what AWS computes; `check` the mistakes in inputs that AWS would refuse;
    `keeps` why AWS would not delete it in this state, or None.
    """

    token: str
    outputs: Outputs
    auto_name: AutoName | None = None
    check: Check | None = None
    keeps: Keep | None = None

    @property
    def sdk_class(self) -> str:
        """`module:Class` of the SDK that programs are written with."""
        package, middle, name = self.token.split(":")
        module = middle.split("/")[0]
        return f"pulumi_{package}{'' if module == 'index' else f'.{module}'}:{name}"


TABLE: dict[str, ResourceType] = {}


def resource(
    token: str, *, auto_name: AutoName | None = None, check: Check | None = None, keeps: Keep | None = None
) -> Callable[[Outputs], Outputs]:
    """Add a type to the table; the decorated function computes its outputs, `id` among them."""

    def add(outputs: Outputs) -> Outputs:
        TABLE[token] = ResourceType(token, outputs, auto_name, check, keeps)
        return outputs

    return add


def refuse_when(flag: str, sentence: str) -> Keep:
    """Deletion is refused as long as this property is true."""
    return lambda state: sentence if state.get(flag) else None
