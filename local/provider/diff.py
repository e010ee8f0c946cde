"""What a change of inputs does to a resource: nothing, an update in place, or a replacement."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from local.provider.properties import Bag, changed_paths

Kind = Literal["add", "delete", "update"]

_INDEX = re.compile(r"\[\d+\]")
_RULE_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


@dataclass(frozen=True)
class Change:
    """One changed property: its path, what happened to it, and whether that replaces the resource."""

    path: str
    kind: Kind
    replaces: bool


@dataclass(frozen=True)
class Difference:
    """All changes of one resource; no changes means that the engine leaves it alone."""

    changes: list[Change] = field(default_factory=list)

    @property
    def replaces(self) -> list[str]:
        """The top-level properties that force a replacement."""
        return sorted({re.split(r"[.\[]", change.path)[0] for change in self.changes if change.replaces})


@cache
def fact(name: str) -> dict[str, list[str]]:
    """One of the tables in local/facts, by type token."""
    text = resources.files("local.facts").joinpath(f"{name}.json").read_text(encoding="utf-8")
    table: dict[str, list[str]] = json.loads(text)
    return table


def compare(token: str, old: Bag, new: Bag, ignore: tuple[str, ...] = ()) -> Difference:
    """Compare two sets of inputs of a resource of this type."""
    changes = []
    for path in changed_paths(old, new):
        if any(path == skip or path.startswith((f"{skip}.", f"{skip}[")) for skip in ignore):
            continue
        before, after = _at(old, path), _at(new, path)
        kind: Kind = "add" if before is None else "delete" if after is None else "update"
        changes.append(Change(path, kind, _replaces(token, path, old, new)))
    return Difference(changes)


def _replaces(token: str, path: str, old: Bag, new: Bag) -> bool:
    listed = fact("replace-on-change").get(token, [])
    general = _INDEX.sub("[*]", path)
    parents = (general[: match.start()] for match in re.finditer(r"[.\[]", general))
    return general in listed or any(parent in listed for parent in parents) or _conditionally(token, path, old, new)


def _conditionally(token: str, path: str, old: Bag, new: Bag) -> bool:
    """The rules that are a sentence in AWS's documentation rather than a list of properties."""
    top = re.split(r"[.\[]", path)[0]
    appears_or_vanishes = (old.get(top) is None) != (new.get(top) is None)
    match token, top:
        case (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
            | "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            source,
        ) if source in _RULE_SOURCES:
            return appears_or_vanishes  # another kind of source is another rule; another value is an edit
        case "aws:ec2/vpc:Vpc", "instanceTenancy":
            return (old.get(top), new.get(top)) != ("dedicated", "default")
        case "aws:ssm/parameter:Parameter", "tier":
            return (old.get(top), new.get(top)) == ("Advanced", "Standard")
        case "aws:lb/loadBalancer:LoadBalancer", "subnets":
            return new.get("loadBalancerType") == "network" and not set(new[top]) > set(old[top])
        case "aws:elasticache/replicationGroup:ReplicationGroup", "engine":
            return (old.get(top), new.get(top)) == ("valkey", "redis")
        case (
            ("aws:rds/instance:Instance", "restoreToPointInTime")
            | ("aws:mq/broker:Broker", "ldapServerMetadata")
            | ("aws:msk/cluster:Cluster", "brokerNodeGroupInfo" | "encryptionInfo")
        ):
            return appears_or_vanishes
    return False


def _at(bag: Mapping[str, Any], path: str) -> Any:
    value: Any = bag
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value
