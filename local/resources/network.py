"""VPC, routes, endpoints and security groups."""

import ipaddress
import re
from collections.abc import Iterator

from local.provider.naming import AutoName
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.policy_document import check_policy
from local.resources.table import Resource, resource

#: Source: EC2 API Reference, CreateSecurityGroup: GroupDescription.
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def _check_cidr(inputs: Bag) -> Iterator[Failure]:
    for key in ("cidrBlock", "cidrIpv4", "cidrIpv6", "destinationCidrBlock"):
        value = inputs.get(key)
        if isinstance(value, str) and not has_unknown(value):
            try:
                ipaddress.ip_network(value)
            except ValueError as error:
                yield Failure(key, str(error))


def _check_description(inputs: Bag) -> Iterator[Failure]:
    text = inputs.get("description", "")
    if not has_unknown(text) and not _DESCRIPTION.fullmatch(text):
        strange = sorted({character for character in text if not _DESCRIPTION.fullmatch(character)})
        yield Failure("description", f"{text!r}: EC2 takes 255 characters at most, and none of {' '.join(strange)}")


def _check_rule(inputs: Bag) -> Iterator[Failure]:
    yield from _check_cidr(inputs)
    yield from _check_description(inputs)
    sources = [key for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId") if inputs.get(key)]
    if len(sources) != 1:
        yield Failure("cidrIpv4", f"one rule has one source or destination; this one has {len(sources)}: {sources}")
    if inputs.get("ipProtocol") == "-1" and ("fromPort" in inputs or "toPort" in inputs):
        yield Failure("ipProtocol", "-1 means every port: leave fromPort and toPort out")
    if inputs.get("ipProtocol") in ("tcp", "udp") and "fromPort" not in inputs:
        yield Failure("fromPort", "tcp and udp rules need fromPort and toPort")


def _identified(r: Resource, kind: str, prefix: str) -> Bag:
    identity = f"{prefix}-{r.hex()}"
    return {"id": identity, "arn": r.arn("ec2", f"{kind}/{identity}"), "ownerId": r.account}


@resource("aws:ec2/vpc:Vpc", check=_check_cidr)
def vpc(r: Resource) -> Bag:
    return {
        **_identified(r, "vpc", "vpc"),
        "enableDnsSupport": True,
        "enableDnsHostnames": False,
        "instanceTenancy": "default",
        "enableNetworkAddressUsageMetrics": False,
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "defaultNetworkAclId": f"acl-{r.hex(salt='acl')}",
        "dhcpOptionsId": f"dopt-{r.hex(salt='dhcp')}",
        "defaultRouteTableId": f"rtb-{r.hex(salt='routes')}",
        "mainRouteTableId": f"rtb-{r.hex(salt='routes')}",
        "defaultSecurityGroupId": f"sg-{r.hex(salt='default')}",
    }


@resource("aws:ec2/subnet:Subnet", check=_check_cidr)
def subnet(r: Resource) -> Bag:
    zone = r.get("availabilityZone", f"{r.region}a")
    return {
        **_identified(r, "subnet", "subnet"),
        "availabilityZone": zone,
        "mapPublicIpOnLaunch": False,
        "availabilityZoneId": f"{r.region.replace('-', '')[:4]}-az{ord(zone[-1]) - 96}",
        "ipv6CidrBlockAssociationId": "",
        "privateDnsHostnameTypeOnLaunch": "ip-name",
    }


@resource("aws:ec2/internetGateway:InternetGateway")
def internet_gateway(r: Resource) -> Bag:
    return _identified(r, "internet-gateway", "igw")


@resource("aws:ec2/routeTable:RouteTable")
def route_table(r: Resource) -> Bag:
    return {**_identified(r, "route-table", "rtb"), "propagatingVgws": []}


@resource("aws:ec2/route:Route", check=_check_cidr)
def route(r: Resource) -> Bag:
    return {
        "id": f"r-{r.get('routeTableId')}{r.number(10)}",
        "origin": "CreateRoute",
        "state": "active",
        "instanceId": "",
        "instanceOwnerId": "",
    }


@resource("aws:ec2/routeTableAssociation:RouteTableAssociation")
def route_table_association(r: Resource) -> Bag:
    return {"id": f"rtbassoc-{r.hex()}"}


@resource("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation")
def main_route_table_association(r: Resource) -> Bag:
    return {"id": f"rtbassoc-{r.hex()}", "originalRouteTableId": f"rtb-{r.hex(salt='original')}"}


@resource("aws:ec2/eip:Eip")
def eip(r: Resource) -> Bag:
    allocation = f"eipalloc-{r.hex()}"
    # 203.0.113.0/24 is for documentation (RFC 5737): nobody mistakes it for a machine.
    address = f"203.0.113.{int(r.hex(2), 16) % 254 + 1}"
    dashed = address.replace(".", "-")
    return {
        "id": allocation,
        "allocationId": allocation,
        "arn": r.arn("ec2", f"elastic-ip/{allocation}"),
        "publicIp": address,
        "publicDns": f"ec2-{dashed}.compute-1.amazonaws.com",
        "associationId": "",
        "carrierIp": "",
        "customerOwnedIp": "",
        "privateDns": "",
        "privateIp": "",
        "ptrRecord": "",
        "domain": "vpc",
        "networkBorderGroup": r.region,
        "publicIpv4Pool": "amazon",
    }


@resource("aws:ec2/natGateway:NatGateway")
def nat_gateway(r: Resource) -> Bag:
    return {
        "id": f"nat-{r.hex()}",
        "associationId": f"eipassoc-{r.hex(salt='association')}",
        "networkInterfaceId": f"eni-{r.hex(salt='interface')}",
        "publicIp": f"203.0.113.{int(r.hex(2), 16) % 254 + 1}",
        "privateIp": "10.0.0.10",
        "routeTableId": "",
        "autoProvisionZones": "",
        "autoScalingIps": "",
        "regionalNatGatewayAddresses": [],
        "regionalNatGatewayAutoMode": "",
        "connectivityType": "public",
    }


def _check_endpoint(inputs: Bag) -> Iterator[Failure]:
    yield from check_policy(inputs, "policy")
    if inputs.get("vpcEndpointType") == "Interface" and not inputs.get("subnetIds"):
        yield Failure("subnetIds", "an interface endpoint is in no zone without a subnet of it")


@resource("aws:ec2/vpcEndpoint:VpcEndpoint", check=_check_endpoint)
def vpc_endpoint(r: Resource) -> Bag:
    interface = r.get("vpcEndpointType", "Gateway") == "Interface"
    host = f"{r.get('serviceName', '').split('.')[-1]}.{r.region}.amazonaws.com"
    return {
        **_identified(r, "vpc-endpoint", "vpce"),
        "state": "available",
        "requesterManaged": False,
        "vpcEndpointType": "Gateway",
        "cidrBlocks": [] if interface else ["52.216.0.0/15"],
        "prefixListId": "" if interface else f"pl-{r.hex(8, 'prefix')}",
        "dnsEntries": [{"dnsName": host, "hostedZoneId": f"Z{r.hex(13, 'zone').upper()}"}] if interface else [],
        "networkInterfaceIds": [f"eni-{r.hex(salt=s)}" for s in r.get("subnetIds", [])] if interface else [],
    }


@resource("aws:ec2/securityGroup:SecurityGroup", auto_name=AutoName(longest=255), check=_check_description)
def security_group(r: Resource) -> Bag:
    return {**_identified(r, "security-group", "sg"), "description": "Managed by Pulumi"}


@resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
def default_security_group(r: Resource) -> Bag:
    return {
        **_identified(r, "security-group", "sg"),
        "name": "default",
        "description": "default VPC security group",
    }


@resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", check=_check_rule)
@resource("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", check=_check_rule)
def security_group_rule(r: Resource) -> Bag:
    identity = f"sgr-{r.hex()}"
    return {
        "id": identity,
        "securityGroupRuleId": identity,
        "arn": r.arn("ec2", f"security-group-rule/{identity}"),
    }


@resource("aws:ec2/flowLog:FlowLog")
def flow_log(r: Resource) -> Bag:
    identity = f"fl-{r.hex()}"
    return {
        "id": identity,
        "arn": r.arn("ec2", f"vpc-flow-log/{identity}"),
        "maxAggregationInterval": 600,
        "logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
        "${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
    }
