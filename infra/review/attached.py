"""What stands behind security groups: machines, services, balancers and stores, and whether the internet has a way.

An answer of three: yes, no with its reason, and not known.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.policy.rules.load_balancers import BALANCER, LISTENER
from infra.policy.rules.task_definitions import DEFINITION
from infra.review.contract import SERVICE, number_of
from infra.review.listening import listening, of_containers
from infra.review.preview import State, label
from infra.review.references import References, leaves, read
from infra.review.security_groups import GROUPS
from infra.review.subnets import SUBNETS, Subnets

BALANCERS: Final = (
    BALANCER,
    "aws:alb/loadBalancer:LoadBalancer",
    "aws:elasticloadbalancingv2/loadBalancer:LoadBalancer",
    "aws:applicationloadbalancing/loadBalancer:LoadBalancer",
    "aws:elb/loadBalancer:LoadBalancer",
)
LISTENERS: Final = (
    LISTENER,
    "aws:alb/listener:Listener",
    "aws:elasticloadbalancingv2/listener:Listener",
    "aws:applicationloadbalancing/listener:Listener",
)
LISTENER_RULES: Final = (
    "aws:lb/listenerRule:ListenerRule",
    "aws:alb/listenerRule:ListenerRule",
)
INSTANCE: Final = "aws:ec2/instance:Instance"
_TARGET_GROUPS: Final = ("aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup")
_TARGETS: Final = (
    "aws:lb/targetGroupAttachment:TargetGroupAttachment",
    "aws:alb/targetGroupAttachment:TargetGroupAttachment",
)
_EIPS: Final = ("aws:ec2/eip:Eip", "aws:ec2/eipAssociation:EipAssociation")


@dataclass(frozen=True)
class Kind:
    """Where a type says its groups and subnets.

    Attributes:
        public: the property that gives it a public address; empty where it never has one.
        through: a property whose resource, a subnet group, says the subnets.
        store: whether it holds data, or speaks for what does.
    """

    groups: str
    subnets: str = ""
    public: str = ""
    through: str = ""
    store: bool = False


#: Source: the AWS provider's schema, pulumi_aws 7.
KINDS: Final[Mapping[str, Kind]] = {
    INSTANCE: Kind("vpcSecurityGroupIds", "subnetId", public="associatePublicIpAddress"),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": Kind(
        "vpcSecurityGroupIds", "subnetId", public="associatePublicIpAddress"
    ),
    "aws:ec2/networkInterface:NetworkInterface": Kind("securityGroups", "subnetId", public="?"),
    "aws:ec2/launchTemplate:LaunchTemplate": Kind("vpcSecurityGroupIds", public="?"),
    "aws:ec2/launchConfiguration:LaunchConfiguration": Kind("securityGroups", public="?"),
    "aws:rds/instance:Instance": Kind(
        "vpcSecurityGroupIds", public="publiclyAccessible", through="dbSubnetGroupName", store=True
    ),
    "aws:rds/cluster:Cluster": Kind("vpcSecurityGroupIds", public="?", through="dbSubnetGroupName", store=True),
    "aws:rds/proxy:Proxy": Kind("vpcSecurityGroupIds", "vpcSubnetIds", store=True),
    "aws:docdb/cluster:Cluster": Kind("vpcSecurityGroupIds", through="dbSubnetGroupName", store=True),
    "aws:neptune/cluster:Cluster": Kind("vpcSecurityGroupIds", through="neptuneSubnetGroupName", store=True),
    "aws:redshift/cluster:Cluster": Kind(
        "vpcSecurityGroupIds", public="publiclyAccessible", through="clusterSubnetGroupName", store=True
    ),
    "aws:redshiftserverless/workgroup:Workgroup": Kind(
        "securityGroupIds", "subnetIds", public="publiclyAccessible", store=True
    ),
    "aws:elasticache/cluster:Cluster": Kind("securityGroupIds", through="subnetGroupName", store=True),
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind(
        "securityGroupIds", through="subnetGroupName", store=True
    ),
    "aws:elasticache/serverlessCache:ServerlessCache": Kind("securityGroupIds", "subnetIds", store=True),
    "aws:memorydb/cluster:Cluster": Kind("securityGroupIds", through="subnetGroupName", store=True),
    "aws:dax/cluster:Cluster": Kind("securityGroupIds", through="subnetGroupName", store=True),
    "aws:mq/broker:Broker": Kind("securityGroups", "subnetIds", public="publiclyAccessible", store=True),
    "aws:msk/cluster:Cluster": Kind(
        "brokerNodeGroupInfo.securityGroups",
        "brokerNodeGroupInfo.clientSubnets",
        public="brokerNodeGroupInfo.connectivityInfo.publicAccess.type",
        store=True,
    ),
    "aws:msk/serverlessCluster:ServerlessCluster": Kind(
        "vpcConfigs.securityGroupIds", "vpcConfigs.subnetIds", store=True
    ),
    "aws:opensearch/domain:Domain": Kind("vpcOptions.securityGroupIds", "vpcOptions.subnetIds", store=True),
    "aws:elasticsearch/domain:Domain": Kind("vpcOptions.securityGroupIds", "vpcOptions.subnetIds", store=True),
    "aws:efs/mountTarget:MountTarget": Kind("securityGroups", "subnetId", store=True),
    "aws:dms/replicationInstance:ReplicationInstance": Kind(
        "vpcSecurityGroupIds", public="publiclyAccessible", through="replicationSubnetGroupId"
    ),
    SERVICE: Kind(
        "networkConfiguration.securityGroups",
        "networkConfiguration.subnets",
        public="networkConfiguration.assignPublicIp",
    ),
    "aws:lambda/function:Function": Kind("vpcConfig.securityGroupIds", "vpcConfig.subnetIds"),
    "aws:eks/cluster:Cluster": Kind("vpcConfig.securityGroupIds", "vpcConfig.subnetIds"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Kind("securityGroupIds", "subnetIds"),
    "aws:apigatewayv2/vpcLink:VpcLink": Kind("securityGroupIds", "subnetIds"),
    "aws:codebuild/project:Project": Kind("vpcConfig.securityGroupIds", "vpcConfig.subnets"),
    "aws:batch/computeEnvironment:ComputeEnvironment": Kind(
        "computeResources.securityGroupIds", "computeResources.subnets"
    ),
    **dict.fromkeys(BALANCERS, Kind("securityGroups", "subnets", public="internal")),
}
#: Other ways to say the same.
_MORE_GROUPS: Final = (
    "securityGroups",
    "networkInterfaces.securityGroups",
    "securityGroupNames",
)
_MORE_SUBNETS: Final = ("subnetMappings.subnetId", "networkInterfaces.subnetId", "subnetIds")
_SUBNET_GROUPS: Final = (
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:elasticache/subnetGroup:SubnetGroup",
    "aws:docdb/subnetGroup:SubnetGroup",
    "aws:neptune/subnetGroup:SubnetGroup",
    "aws:redshift/subnetGroup:SubnetGroup",
    "aws:memorydb/subnetGroup:SubnetGroup",
    "aws:dax/subnetGroup:SubnetGroup",
    "aws:dms/replicationSubnetGroup:ReplicationSubnetGroup",
)


@dataclass(frozen=True)
class Node:
    """One resource behind groups.

    Attributes:
        groups: identities of its security groups; empty with `known` where it has the VPC's default one.
        known: whether all of its groups are.
        routable: whether the internet has a way to it, groups apart; None where that can't be seen.
        why: why not.
    """

    state: State
    groups: frozenset[str]
    known: bool
    subnets: frozenset[str]
    ports: tuple[int, ...]
    routable: bool | None
    why: str
    store: bool

    @property
    def urn(self) -> str:
        """Its identity."""
        return self.state.urn

    @property
    def label(self) -> str:
        """As a person says it."""
        return label(self.state)

    @property
    def balances(self) -> bool:
        """Whether it is a load balancer."""
        return self.state.type in BALANCERS


class Attached:
    """All of one side."""

    def __init__(self, states: Iterable[State], references: References, subnets: Subnets) -> None:
        states = tuple(states)
        self._references, self._subnets = references, subnets
        self._states = {state.urn: state for state in states}
        self._listeners = self._pointing(states, LISTENERS, "loadBalancerArn", BALANCERS)
        self._with_eip = self._pointing(states, _EIPS, "instance", (INSTANCE,)) | self._pointing(
            states, _EIPS, "instanceId", (INSTANCE,)
        )
        self._targeted = self._pointing(states, _TARGETS, "targetId", (INSTANCE,))
        self._members = self._pointing(
            states, ("aws:rds/clusterInstance:ClusterInstance",), "clusterIdentifier", ("aws:rds/cluster:Cluster",)
        )
        self.nodes = {state.urn: self._node(state, KINDS[state.type]) for state in states if state.type in KINDS}

    def target_groups(self, node: Node) -> Iterator[str]:
        """The target groups that a resource is in."""
        yield from self._references.linked(node.state, "loadBalancers", _TARGET_GROUPS)
        known = leaves(read(node.state, "loadBalancers"), "targetGroupArn")
        yield from self._references.of(node.state, known, "loadBalancers", _TARGET_GROUPS)[0]
        for target in self._targeted.get(node.urn, []):
            arn = read(target, "targetGroupArn")
            yield from self._references.of(target, [arn], "targetGroupArn", _TARGET_GROUPS)[0]

    @cached_property
    def forwards(self) -> Mapping[str, frozenset[str]]:
        """By balancer, the target groups that its listeners and their rules forward to."""
        found: dict[str, frozenset[str]] = {}
        of_listener = self._pointing(self._states.values(), LISTENER_RULES, "listenerArn", LISTENERS)
        for balancer, listeners in self._listeners.items():
            for listener in listeners:
                actions = [(listener, "defaultActions")]
                actions += [(rule, "actions") for rule in of_listener.get(listener.urn, [])]
                for state, prop in actions:
                    arns = [*leaves(read(state, prop), "targetGroupArn")]
                    arns += leaves(read(state, prop), "forward.targetGroups.arn")
                    groups, _ = self._references.of(state, arns, prop, _TARGET_GROUPS)
                    found[balancer] = found.get(balancer, frozenset()) | groups
        return found

    def listeners(self, balancer: str) -> list[State]:
        """A balancer's listeners."""
        return self._listeners.get(balancer, [])

    def _pointing(
        self, states: Iterable[State], types: tuple[str, ...], prop: str, to: tuple[str, ...]
    ) -> dict[str, list[State]]:
        found: dict[str, list[State]] = {}
        for state in states:
            if state.type in types and (value := read(state, prop)) is not None:
                for identity in self._references.of(state, [value], prop, to)[0]:
                    found.setdefault(identity, []).append(state)
        return found

    def _node(self, state: State, kind: Kind) -> Node:
        groups, known = self._named(state, (kind.groups, *_MORE_GROUPS), GROUPS)
        subnets = self._in(state, kind)
        routable, why = self._way(state, kind, subnets)
        return Node(state, groups, known, subnets, self._ports(state), routable, why, kind.store)

    def _named(self, state: State, paths: Iterable[str], types: tuple[str, ...]) -> tuple[frozenset[str], bool]:
        found, known = frozenset[str](), True
        for path in dict.fromkeys(path for path in paths if path):
            top, _, rest = path.partition(".")
            some, all_of_them = self._references.of(state, leaves(read(state, top), rest), top, types)
            found, known = found | some, known and all_of_them
        return found, known

    def _in(self, state: State, kind: Kind) -> frozenset[str]:
        subnets, _ = self._named(state, (kind.subnets, *_MORE_SUBNETS), SUBNETS)
        if kind.through:
            value = read(state, kind.through)
            through, _ = self._references.of(state, [value], kind.through, _SUBNET_GROUPS)
            for urn in through:
                if urn in self._states:
                    subnets |= self._named(self._states[urn], ("subnetIds",), SUBNETS)[0]
        return subnets

    def _way(self, state: State, kind: Kind, subnets: frozenset[str]) -> tuple[bool | None, str]:
        if not kind.public:
            return False, "it has no public address"
        given = next(leaves(state.props, kind.public), None) if kind.public != "?" else None
        if kind.public == "?":
            return self._of_members(state)
        if isinstance(given, Hidden):
            return None, ""
        if kind.public == "internal":
            return (False, "it is internal") if _true(given) else (True, "")
        if state.type == INSTANCE and state.urn in self._with_eip:
            given = True
        if given is None and kind.public == "associatePublicIpAddress":
            given = self._subnets.gives_addresses(subnets) or (not subnets or None)
            if given is None and any(one not in self._subnets.states for one in subnets):
                return None, ""  # the subnet decides, and it is not this stack's
        if not _true(given):
            return False, "it has no public address"
        if self._subnets.public(subnets) is False:
            return False, "none of its subnets has a route to an internet gateway"
        return True, ""

    def _of_members(self, state: State) -> tuple[bool | None, str]:
        """An Aurora cluster has a public address if one of its instances has."""
        if state.type != "aws:rds/cluster:Cluster":
            return None, ""
        given = [read(member, "publiclyAccessible") for member in self._members.get(state.urn, [])]
        given.append(read(state, "publiclyAccessible"))
        if any(_true(one) for one in given):
            return True, ""
        if any(isinstance(one, Hidden) for one in given):
            return None, ""
        return False, "it has no public address"

    def _ports(self, state: State) -> tuple[int, ...]:
        if state.type in BALANCERS:
            given = [number_of(read(one, "port")) for one in self.listeners(state.urn)]
            return tuple(sorted({int(port) for port in given if port is not None})) or listening(state)
        if state.type == SERVICE and not (found := listening(state)):
            for urn in self._references.linked(state, "taskDefinition", (DEFINITION,)):
                if urn in self._states:
                    found = of_containers(self._states[urn])
            return found
        if state.type == INSTANCE:
            return self._target_ports(state)
        return listening(state)

    def _target_ports(self, state: State) -> tuple[int, ...]:
        found = set[int]()
        for target in self._targeted.get(state.urn, []):
            ports: list[Any] = [read(target, "port")]
            groups, _ = self._references.of(target, [read(target, "targetGroupArn")], "targetGroupArn", _TARGET_GROUPS)
            ports += [read(self._states[urn], "port") for urn in groups if urn in self._states and ports == [None]]
            found |= {int(port) for one in ports if (port := number_of(one)) is not None}
        return tuple(sorted(found))


def _true(value: Any) -> bool:
    """Whether a property says yes; MSK says it in words."""
    return value is True or (isinstance(value, str) and value.lower() in ("true", "enabled", "service_provided_eips"))
