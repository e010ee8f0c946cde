"""What stands in a subnet, or in another part of a network, and what goes with that part."""

from collections.abc import Set as AbstractSet
from typing import Final

from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, identity

#: Kinds that stand on a subnet or a group without traffic of their own.
ASIDE: Final = ("ec2/routeTableAssociation", "ec2/networkAclAssociation", "ec2/networkAcl", "ec2/flowLog", "ec2/tag")


def stands_in(state: State | None, subnets: AbstractSet[str]) -> bool:
    """Whether a resource is given one of the subnets; to wait for one is not to be in it."""
    return state is not None and any(not subnets.isdisjoint(urns) for urns in state.links.values())


def follows(preview: Preview, change: Change, prop: str) -> bool:
    """Whether that which it is part of goes or is replaced itself, whose finding names it."""
    owner = preview.by_urn.get(identity(change.before, prop))
    return owner is not None and (deleted(owner) or owner.op == "replace")
