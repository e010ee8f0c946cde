"""The network: a VPC over two zones, a way out for tasks, and nothing open that nobody asked for.

Creates: VPC, emptied default security group, internet gateway, two public and two private subnets with their route
tables, NAT gateways where configured, and the S3 gateway endpoint (image layers come from S3, free of NAT's price).
"""

import ipaddress
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`cidr` is a /16; `egress` is how tasks reach AWS: public addresses, one NAT gateway, or one in each zone."""

    cidr: str
    region: str
    zones: tuple[str, ...]
    egress: Literal["public-ip", "nat", "nat-per-zone"]


class Network(pulumi.ComponentResource):
    """Where everything is.

    Attributes:
        vpc_id: the VPC.
        public_subnet_ids: for the load balancer.
        private_subnet_ids: for the database.
        task_subnet_ids: for tasks; public ones where tasks have public addresses.
        assign_public_ip: whether tasks need a public address to reach AWS.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        blocks = list(ipaddress.ip_network(args.cidr).subnets(new_prefix=20))

        vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=child,
        )
        # Nothing uses it, so it lets nothing through (EC2.2).
        aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, ingress=[], egress=[], opts=child)
        gateway = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, tags={"Name": name}, opts=child)

        public_routes = aws.ec2.RouteTable("public", vpc_id=vpc.id, tags={"Name": f"{name}-public"}, opts=child)
        aws.ec2.Route(
            "public-internet",
            route_table_id=public_routes.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        public, private, private_routes, nats = [], [], [], list[aws.ec2.NatGateway]()
        for index, zone in enumerate(args.zones):
            letter = "ab"[index]
            subnet = aws.ec2.Subnet(
                f"public-{letter}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(blocks[index]),
                tags={"Name": f"{name}-public-{letter}"},
                opts=child,
            )
            aws.ec2.RouteTableAssociation(
                f"public-{letter}", subnet_id=subnet.id, route_table_id=public_routes.id, opts=child
            )
            public.append(subnet)
            if args.egress == "nat-per-zone" or (args.egress == "nat" and not nats):
                address = aws.ec2.Eip(f"nat-{letter}", domain="vpc", tags={"Name": f"{name}-nat-{letter}"}, opts=child)
                nats.append(
                    aws.ec2.NatGateway(
                        f"nat-{letter}",
                        subnet_id=subnet.id,
                        allocation_id=address.allocation_id,
                        tags={"Name": f"{name}-{letter}"},
                        opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway]),
                    )
                )
        for index, zone in enumerate(args.zones):
            letter = "ab"[index]
            subnet = aws.ec2.Subnet(
                f"private-{letter}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(blocks[8 + index]),
                tags={"Name": f"{name}-private-{letter}"},
                opts=child,
            )
            routes = aws.ec2.RouteTable(
                f"private-{letter}", vpc_id=vpc.id, tags={"Name": f"{name}-private-{letter}"}, opts=child
            )
            aws.ec2.RouteTableAssociation(
                f"private-{letter}", subnet_id=subnet.id, route_table_id=routes.id, opts=child
            )
            if nats:
                aws.ec2.Route(
                    f"private-{letter}-nat",
                    route_table_id=routes.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=nats[min(index, len(nats) - 1)].id,
                    opts=child,
                )
            private.append(subnet)
            private_routes.append(routes)
        aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{args.region}.s3",
            route_table_ids=[public_routes.id, *(table.id for table in private_routes)],
            tags={"Name": f"{name}-s3"},
            opts=child,
        )

        self.vpc_id: pulumi.Output[str] = vpc.id
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.assign_public_ip = args.egress == "public-ip"
        self.task_subnet_ids = self.public_subnet_ids if self.assign_public_ip else self.private_subnet_ids
        self.register_outputs({"vpcId": self.vpc_id})
