"""Networks: what is cut off when a VPC, a subnet, a gateway, an endpoint or a security group changes."""

from collections.abc import Iterator
from typing import Final

from infra.policy.resources import Hidden
from infra.review import ways_out
from infra.review.changes import counted
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import deleted, entries, goes_first, identity, kind, moved, switched_off, told
from infra.review.subnet_users import ASIDE, follows, stands_in

_RULES: Final = (
    "ec2/securityGroup",
    "ec2/securityGroupRule",
    "vpc/securityGroupIngressRule",
    "vpc/securityGroupEgressRule",
)


def find(preview: Preview) -> Iterator[Finding]:
    """What happens to VPCs, subnets, gateways, routes, endpoints and security groups."""
    out = ways_out.WaysOut(preview)
    for change in preview.changed:
        match kind(change.type):
            case "ec2/vpc":
                yield from _vpc(preview, change)
            case "ec2/subnet":
                yield from _subnet(preview, change)
            case "ec2/natGateway":
                yield from _nat(preview, change)
            case "ec2/internetGateway" | "ec2/egressOnlyInternetGateway":
                yield from _gateway(preview, change)
            case "ec2/vpcEndpoint":
                yield from _endpoint(preview, change, out)
            case "ec2/securityGroup":
                yield from _group(preview, change)
    yield from ways_out.find(preview)


def _vpc(preview: Preview, change: Change) -> Iterator[Finding]:
    inside = [user for user in preview.dependents(change.urn) if user.before is not None]
    if deleted(change):
        stay = any(user.after is not None for user in inside)
        verdict = Verdict.DANGEROUS if stay else Verdict.LOOK
        yield told(preview, change, "is deleted: nothing in it runs or is reached any more", verdict)
    elif change.op == "replace":
        sentence = "is replaced: everything in it is made anew in another network, with other addresses"
        yield told(preview, change, sentence, Verdict.DANGEROUS if inside else Verdict.LOOK)
    elif change.before is not None and is_on_by_default(change.before, "enableDnsSupport"):
        if change.after is not None and not is_on_by_default(change.after, "enableDnsSupport"):
            yield told(
                preview, change, "no longer resolves names: what runs in it finds nobody by name", Verdict.DANGEROUS
            )
        elif switched_off(change.before, change.after, "enableDnsHostnames"):
            sentence = "no longer gives its machines names: private names of endpoints and zones may resolve no more"
            yield told(preview, change, sentence, Verdict.LOOK, names=False)


def is_on_by_default(state: State, path: str) -> bool:
    """Whether a switch that is on where nothing is said is on."""
    return state.raw(path) not in (False, "false")


def _subnet(preview: Preview, change: Change) -> Iterator[Finding]:
    if follows(preview, change, "vpcId"):
        return
    users = [
        user
        for user in preview.dependents(change.urn)
        if kind(user.type) not in ASIDE and stands_in(user.before, {change.urn})
    ]
    if change.op == "replace":
        why = ", ".join(change.replace_reasons)
        sentence = f"is replaced ({why or 'why is not shown'}): everything in it has to move before it can go"
        details = []
        if change.before and change.after and change.before.raw("cidrBlock") == change.after.raw("cidrBlock"):
            details = ["the new one has the addresses of the old one: AWS refuses two subnets with the same"]
        yield told(preview, change, sentence, Verdict.DANGEROUS if users else Verdict.LOOK, details)
    elif deleted(change):
        stay = [user for user in users if user.after is not None]
        sentence = "is deleted: what runs in it has to leave it before"
        details = [f"is without it: {user.label}" for user in stay]
        yield told(preview, change, sentence, Verdict.LOOK, details, names=False)


def _nat(preview: Preview, change: Change) -> Iterator[Finding]:
    if change.op == "replace":
        if goes_first(change):
            sentence = "is deleted before its replacement is there: subnets behind it reach nothing outside for minutes"
            yield told(preview, change, sentence, Verdict.DANGEROUS)
            return
        same = identity(change.before, "allocationId") == identity(change.after, "allocationId") != ""
        address = preview.by_urn.get(identity(change.before, "allocationId"))
        if same and (address is None or address.op != "replace"):
            sentence = "is replaced, and its address is still the old one's: AWS refuses that, and the update fails"
            yield told(preview, change, sentence, Verdict.LOOK)
            return
        sentence = (
            "is replaced: open connections are cut, and others see another address, which may be on no list of theirs"
        )
        yield told(preview, change, sentence, Verdict.LOOK)
    elif deleted(change):
        sentence = "is deleted: open connections through it are cut, and others see another address, or nobody"
        yield told(preview, change, sentence, Verdict.LOOK)


def _gateway(preview: Preview, change: Change) -> Iterator[Finding]:
    if deleted(change) or change.op == "replace" or (change.op == "update" and moved(change, "vpcId")):
        if follows(preview, change, "vpcId"):
            return
        owner = identity(change.before, "vpcId")
        if deleted(change) and any(
            kind(one.type) == kind(change.type) and one.op == "create" and identity(one.after, "vpcId") == owner
            for one in preview.dependents(owner)
        ):
            sentence = "is deleted after another one was to be made in its place: AWS refuses two in one VPC"
            yield told(preview, change, sentence, Verdict.LOOK)
            return
        verb = (
            "is deleted" if deleted(change) else "is replaced" if change.op == "replace" else "is moved to another VPC"
        )
        sentence = f"{verb}: the network reaches nothing on the internet, and nobody there reaches it"
        yield told(preview, change, sentence, Verdict.DANGEROUS)


def _endpoint(preview: Preview, change: Change, out: ways_out.WaysOut) -> Iterator[Finding]:
    service = change.before.raw("serviceName") if change.before else None
    name = service.rsplit(".", 1)[-1] if isinstance(service, str) else "its service"
    alone = change.before is not None and not out.beside(change.before)
    verdict = Verdict.DANGEROUS if alone else Verdict.LOOK
    way = "and there is no other way to it" if alone else "but over the internet"
    if deleted(change) and not follows(preview, change, "vpcId"):
        yield told(preview, change, f"is deleted: {name} is not reached through it any more, {way}", verdict)
    elif change.op == "replace" and not follows(preview, change, "vpcId"):
        gap = goes_first(change)
        sentence = f"is replaced{', the old one first' if gap else ''}: open connections to {name} are cut"
        yield told(preview, change, sentence, verdict if gap else Verdict.LOOK)
    elif switched_off(change.before, change.after, "privateDnsEnabled"):
        sentence = f"no longer answers to {name}'s own name: what calls that goes another way"
        yield told(preview, change, sentence, verdict)
    elif change.op == "update" and change.before and change.after:
        for path in _PLACES:
            old, new = (entries(side.raw(path)) for side in (change.before, change.after))
            if len(new) < len(old) and not any(isinstance(one, Hidden) for one in new):
                lost = counted(len(old) - len(new), _PLACES[path])
                sentence = f"is taken out of {lost}: what is there calls {name} another way"
                yield told(preview, change, sentence, Verdict.LOOK, names=False)


#: Where an endpoint stands, and what one of them is called.
_PLACES: Final = {"subnetIds": "subnet", "routeTableIds": "route table"}


def _group(preview: Preview, change: Change) -> Iterator[Finding]:
    members = [
        user
        for user in preview.dependents(change.urn)
        if kind(user.type) not in _RULES and stands_in(user.before, {change.urn})
    ]
    lines = [f"is in it: {user.label}" for user in members]
    if change.op == "replace":
        if follows(preview, change, "vpcId"):
            return
        if goes_first(change):
            sentence = (
                "is to be deleted before its replacement is there: AWS refuses that while anything is in it, and its "
                "rules are gone by then"
            )
            yield told(preview, change, sentence, Verdict.DANGEROUS if members else Verdict.LOOK, lines, names=False)
        else:
            sentence = "is replaced: its members change to the new one, whose rules may come after them"
            yield told(preview, change, sentence, Verdict.LOOK if members else Verdict.SAFE, lines, names=False)
    elif deleted(change) and any(user.after is not None for user in members):
        sentence = "is deleted: what is in it has to leave it before, or AWS refuses"
        yield told(preview, change, sentence, Verdict.LOOK, lines, names=False)
