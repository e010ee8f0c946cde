"""Physical names for resources that leave theirs to the provider, as pulumi-aws makes them: logical name and a suffix.

The suffix is a digest of the URN and of the inputs that force a replacement, not a random number: a name is the same
on each run, and yet a replacement is made beside what it replaces.
"""

import hashlib
import json
from dataclasses import dataclass

from local.provider.diff import fact
from local.provider.properties import Bag


@dataclass(frozen=True)
class AutoName:
    """Which property holds the name, and the longest one that AWS takes, in characters."""

    property: str = "name"
    longest: int = 64
    lower: bool = False


def digest(*parts: str, length: int = 8) -> str:
    """Hexadecimal digits that depend on nothing but the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def auto_name(auto: AutoName, token: str, urn: str, name: str, inputs: Bag, olds: Bag) -> str:
    """The physical name of a resource: the one that it has (`olds`) unless this change replaces it."""
    forcing = _forcing(auto, token, inputs)
    if olds.get(auto.property) and _forcing(auto, token, olds) == forcing:
        return str(olds[auto.property])
    suffix = f"-{digest(urn, json.dumps(forcing, sort_keys=True), length=7)}"
    if inputs.get("fifoQueue") or inputs.get("fifoTopic"):
        suffix += ".fifo"
    prefix = inputs.get(f"{auto.property}Prefix") or name
    stem = prefix.removesuffix("-")[: auto.longest - len(suffix)]
    return (stem.lower() if auto.lower else stem) + suffix


def _forcing(auto: AutoName, token: str, inputs: Bag) -> Bag:
    listed = fact("replace-on-change").get(token, [])
    return {key: inputs[key] for key in sorted(inputs) if key in listed and key != auto.property}
