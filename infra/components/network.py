"""The network: a VPC over two zones, a way out for tasks, and nothing open that nobody asked for.

Creates: VPC, emptied default security group, internet gateway, two public and two private subnets with their route
tables, NAT gateways where configured, and the S3 gateway endpoint (image layers come from S3, free of NAT's price).
"""

import ipaddress
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`cidr` is a /16; `egress` is how tasks reach AWS: public addresses, one NAT gateway, or one in each zone."""

    cidr: str
    region: str
    zones: tuple[str, ...]
    egress: Literal["public-ip", "nat", "nat-per-zone"]


class Network(pulumi.ComponentResource):
    """Where everything is. What needs a way in or out of the VPC depends on the whole network.

    Attributes:
        vpc_id: the VPC.
        public_subnet_ids: for the load balancer.
        private_subnet_ids: for the database.
        task_subnet_ids: for tasks; public ones where tasks have public addresses.
        assign_public_ip: whether tasks need a public address to reach AWS.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Network", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        blocks = list(ipaddress.ip_network(args.cidr).subnets(new_prefix=20))

        self._vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=self._child,
        )
        # Nothing uses it, so it lets nothing through (EC2.2).
        aws.ec2.DefaultSecurityGroup("default", vpc_id=self._vpc.id, ingress=[], egress=[], opts=self._child)
        gateway = aws.ec2.InternetGateway("internet", vpc_id=self._vpc.id, tags={"Name": name}, opts=self._child)

        public_routes = self._routes("public")
        aws.ec2.Route(
            "public-internet",
            route_table_id=public_routes.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        public, private, tables, nats = [], [], [public_routes], list[aws.ec2.NatGateway]()
        for letter, zone, public_block, private_block in zip("ab", args.zones, blocks, blocks[8:], strict=False):
            public.append(self._subnet(f"public-{letter}", zone, str(public_block), public_routes))
            if args.egress == "nat-per-zone" or (args.egress == "nat" and not nats):
                nats.append(self._nat(f"nat-{letter}", public[-1], gateway))
            routes = self._routes(f"private-{letter}")
            private.append(self._subnet(f"private-{letter}", zone, str(private_block), routes))
            if nats:
                aws.ec2.Route(
                    f"private-{letter}-nat",
                    route_table_id=routes.id,
                    destination_cidr_block=_ANYWHERE,
                    nat_gateway_id=nats[-1].id,
                    opts=self._child,
                )
            tables.append(routes)
        aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=self._vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{args.region}.s3",
            route_table_ids=[table.id for table in tables],
            tags={"Name": f"{name}-s3"},
            opts=self._child,
        )

        self.vpc_id: pulumi.Output[str] = self._vpc.id
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.assign_public_ip = args.egress == "public-ip"
        self.task_subnet_ids = self.public_subnet_ids if self.assign_public_ip else self.private_subnet_ids
        self.register_outputs({"vpcId": self.vpc_id})

    def _routes(self, label: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(label, vpc_id=self._vpc.id, tags={"Name": f"{self._name}-{label}"}, opts=self._child)

    def _subnet(self, label: str, zone: str, block: str, routes: aws.ec2.RouteTable) -> aws.ec2.Subnet:
        subnet = aws.ec2.Subnet(
            label,
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=block,
            tags={"Name": f"{self._name}-{label}"},
            opts=self._child,
        )
        aws.ec2.RouteTableAssociation(label, subnet_id=subnet.id, route_table_id=routes.id, opts=self._child)
        return subnet

    def _nat(self, label: str, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        after = pulumi.ResourceOptions(parent=self, depends_on=[gateway])
        tags = {"Name": f"{self._name}-{label}"}
        address = aws.ec2.Eip(label, domain="vpc", tags=tags, opts=after)
        return aws.ec2.NatGateway(
            label, subnet_id=subnet.id, allocation_id=address.allocation_id, tags=tags, opts=after
        )
