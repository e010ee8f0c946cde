"""Load balancers, certificates, DNS and the web firewall."""

from collections.abc import Iterator

from local.provider.naming import AutoName
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.table import Resource, refuse_when, resource

_LONGEST = 32  # characters; Elastic Load Balancing API Reference, CreateLoadBalancer and CreateTargetGroup


def _check_name(inputs: Bag) -> Iterator[Failure]:
    name = str(inputs.get("name", ""))
    if name.startswith("internal-") or name.strip("-") != name:
        yield Failure("name", f"{name!r}: must not begin with internal- nor begin or end with a hyphen")


@resource(
    "aws:lb/loadBalancer:LoadBalancer",
    auto_name=AutoName(longest=_LONGEST),
    check=_check_name,
    keeps=refuse_when("enableDeletionProtection", "deletion protection is on: turn enableDeletionProtection off first"),
)
def load_balancer(r: Resource) -> Bag:
    kind = {"network": "net", "gateway": "gwy"}.get(r.get("loadBalancerType", "application"), "app")
    suffix = f"{kind}/{r.get('name')}/{r.hex(16)}"
    arn = r.arn("elasticloadbalancing", f"loadbalancer/{suffix}")
    return {
        "id": arn,
        "arn": arn,
        "arnSuffix": suffix,
        "zoneId": "Z35SXDOTRQ7X7K",
        "vpcId": f"vpc-{r.hex()}",
        "dnsName": f"{r.get('name')}-{r.number(10)}.{r.region}.elb.amazonaws.com",
        "internal": False,
        "ipAddressType": "ipv4",
        "loadBalancerType": "application",
        "idleTimeout": 60,
    }


@resource("aws:lb/targetGroup:TargetGroup", auto_name=AutoName(longest=_LONGEST), check=_check_name)
def target_group(r: Resource) -> Bag:
    suffix = f"targetgroup/{r.get('name')}/{r.hex(16)}"
    arn = r.arn("elasticloadbalancing", suffix)
    return {
        "id": arn,
        "arn": arn,
        "arnSuffix": suffix,
        "loadBalancerArns": [],
        "protocolVersion": "HTTP1",
        "ipAddressType": "ipv4",
        "loadBalancingAlgorithmType": "round_robin",
        "deregistrationDelay": 300,
    }


def _check_listener(inputs: Bag) -> Iterator[Failure]:
    encrypted = inputs.get("protocol") == "HTTPS"
    if encrypted and not inputs.get("certificateArn"):
        yield Failure("certificateArn", "HTTPS needs a certificate")
    for index, action in enumerate(inputs.get("defaultActions", [])):
        if action.get("type", "").startswith("authenticate-") and not encrypted:
            yield Failure(f"defaultActions[{index}].type", "people log in over HTTPS alone")


@resource("aws:lb/listener:Listener", check=_check_listener)
def listener(r: Resource) -> Bag:
    balancer = str(r.get("loadBalancerArn")).replace(":loadbalancer/", ":listener/")
    arn = f"{balancer}/{r.hex(16)}"
    return {"id": arn, "arn": arn, "protocol": "HTTP"}


@resource("aws:lb/listenerRule:ListenerRule")
def listener_rule(r: Resource) -> Bag:
    arn = f"{str(r.get('listenerArn')).replace(':listener/', ':listener-rule/')}/{r.hex(16)}"
    return {"id": arn, "arn": arn, "priority": 1}


def _base(name: str) -> str:
    return name.removeprefix("*.")


@resource("aws:acm/certificate:Certificate")
def certificate(r: Resource) -> Bag:
    uuid = r.hex(32)
    arn = r.arn("acm", f"certificate/{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}")
    names = dict.fromkeys([r.get("domainName"), *r.get("subjectAlternativeNames", [])])
    records = [
        {
            "domainName": name,
            # A wildcard is validated by the record of the name below it.
            "resourceRecordName": f"_{r.hex(32, _base(name))}.{_base(name)}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{r.hex(32, f'value of {_base(name)}')}.acm-validations.aws.",
        }
        for name in names
    ]
    return {
        "id": arn,
        "arn": arn,
        "domainValidationOptions": records,
        "status": "ISSUED",
        "type": "AMAZON_ISSUED",
        "notBefore": "2026-01-01T00:00:00Z",
        "notAfter": "2027-01-31T23:59:59Z",
        "pendingRenewal": False,
        "renewalEligibility": "INELIGIBLE",
        "renewalSummaries": [],
        "validationEmails": [],
        "keyAlgorithm": "RSA_2048",
    }


@resource("aws:acm/certificateValidation:CertificateValidation")
def certificate_validation(r: Resource) -> Bag:
    return {"id": f"2026-01-01 00:00:00.{r.number(6)} +0000 UTC"}


@resource("aws:route53/record:Record")
def record(r: Resource) -> Bag:
    return {"id": f"{r.get('zoneId')}_{r.get('name')}_{r.get('type')}", "fqdn": r.get("name")}


@resource("aws:wafv2/webAcl:WebAcl", auto_name=AutoName(longest=128))
def web_acl(r: Resource) -> Bag:
    uuid = r.hex(32)
    identity = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    return {
        "id": identity,
        "arn": r.arn("wafv2", f"regional/webacl/{r.get('name')}/{identity}"),
        "capacity": 702,
        "lockToken": r.hex(32, "lock"),
        "applicationIntegrationUrl": "",
    }


@resource("aws:wafv2/webAclAssociation:WebAclAssociation")
def web_acl_association(r: Resource) -> Bag:
    return {"id": f"{r.get('webAclArn')},{r.get('resourceArn')}"}


def _check_logging(inputs: Bag) -> Iterator[Failure]:
    for index, arn in enumerate(inputs.get("logDestinationConfigs", [])):
        if not has_unknown(arn) and "aws-waf-logs-" not in arn:
            yield Failure(f"logDestinationConfigs[{index}]", f"{arn}: its name must begin with aws-waf-logs-")


@resource("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", check=_check_logging)
def web_acl_logging(r: Resource) -> Bag:
    return {"id": r.get("resourceArn")}
