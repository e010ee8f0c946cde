"""The network: a VPC over two or three zones, a way out for tasks, and nothing open that nobody asked for.

Creates: VPC, emptied default security group, internet gateway, a public and a private subnet in each zone with their
route tables, NAT gateways or interface endpoints where configured (see endpoints.py), the S3 gateway endpoint (image
layers come from S3, free of NAT's price), and flow logs where configured (see flow_logs.py). Nothing uses the VPC's own
route table and network ACL, which stay as AWS makes them.
"""

import ipaddress
import json
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.components.endpoints import Endpoints, EndpointsArgs
from infra.components.flow_logs import FlowLogs, FlowLogsArgs

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`cidr` is a /16.

    `egress` is how tasks reach AWS: public addresses, one NAT gateway, one in each zone, or interface endpoints of the
    `services` that they call, by their names in endpoints, and of the `repositories` (ARNs) that images come from in
    other accounts. Flow logs are kept for `flow_log_days`, if at all.
    """

    cidr: str
    region: str
    zones: tuple[str, ...]
    egress: Literal["public-ip", "nat", "nat-per-zone", "endpoints"]
    services: tuple[str, ...]
    repositories: tuple[str, ...]
    flow_log_days: int | None


class Network(pulumi.ComponentResource):
    """Where everything is. What needs a way in or out of the VPC depends on the whole network.

    Attributes:
        vpc_id: the VPC.
        vpc_arn: its ARN, which also says in which account and region the stack is.
        public_subnet_ids: for the load balancer.
        private_subnet_ids: for the database.
        task_subnet_ids: for tasks; public ones where tasks have public addresses.
        assign_public_ip: whether tasks need a public address to reach AWS.
        endpoints_id: security group of the interface endpoints, where they are the only way out.
        s3_prefix_list_id: S3's addresses in the region, which the gateway endpoint leads to.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Network", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        # Half of the blocks are for public subnets, half for private ones: a third zone renumbers nothing.
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
        for letter, zone, public_block, private_block in zip("abc", args.zones, blocks, blocks[8:], strict=False):
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
        s3 = aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=self._vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{args.region}.s3",
            route_table_ids=[table.id for table in tables],
            policy=self._vpc.arn.apply(_image_layers),
            tags={"Name": f"{name}-s3"},
            opts=self._child,
        )

        self.vpc_id: pulumi.Output[str] = self._vpc.id
        self.vpc_arn: pulumi.Output[str] = self._vpc.arn
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.assign_public_ip = args.egress == "public-ip"
        self.task_subnet_ids = self.public_subnet_ids if self.assign_public_ip else self.private_subnet_ids
        self.s3_prefix_list_id: pulumi.Output[str] = s3.prefix_list_id
        self.endpoints_id: pulumi.Output[str] | None = None
        if args.egress == "endpoints":
            endpoints = EndpointsArgs(
                region=args.region,
                vpc_id=self._vpc.id,
                vpc_arn=self._vpc.arn,
                subnet_ids=self.private_subnet_ids,
                services=args.services,
                repositories=args.repositories,
            )
            self.endpoints_id = Endpoints("endpoints", endpoints, opts=self._child).security_group_id
        if args.flow_log_days is not None:
            flow_logs = FlowLogsArgs(vpc_id=self._vpc.id, vpc_arn=self._vpc.arn, retention_days=args.flow_log_days)
            FlowLogs("flow-logs", flow_logs, opts=self._child)
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


def _image_layers(vpc_arn: str) -> str:
    """All that tasks fetch from S3: layers of images, which ECR keeps in a bucket of its own in each region.

    Source: Amazon ECR User Guide, "Interface VPC endpoints", minimum Amazon S3 bucket permissions.
    """
    _, partition, _, region, _ = vpc_arn.split(":", 4)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "ImageLayers",
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*",
                }
            ],
        }
    )
