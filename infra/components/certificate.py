"""A certificate for the stack's names, which ACM issues and renews as long as their validation records are there.

Creates: certificate, a validation record for each name, and the wait until it is issued.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.settings import Domain

_TTL = 300  # seconds; the records never change


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """The names that it is for, all in one hosted zone."""

    domain: Domain


class Certificate(pulumi.ComponentResource):
    """Attributes: `arn`, known once the certificate is issued: a listener takes no other."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Certificate", name, None, opts)
        child, domain = pulumi.ResourceOptions(parent=self), args.domain
        certificate = aws.acm.Certificate(
            name,
            domain_name=domain.name,
            subject_alternative_names=list(domain.alternative_names) or None,
            validation_method="DNS",
            opts=child,
        )
        # One record a name, and not one an answer of ACM's: what there will be is known before ACM has answered. A
        # wildcard is validated by the record of the name below it (ACM User Guide, "DNS validation").
        bases = dict.fromkeys(each.removeprefix("*.") for each in domain.names)
        records = [
            _record(f"validation-{slug(base)}", domain.zone_id, base, certificate.domain_validation_options, child)
            for base in bases
        ]
        issued = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in records],
            opts=child,
        )
        self.arn: pulumi.Output[str] = issued.certificate_arn
        self.register_outputs({"arn": self.arn})


def slug(domain_name: str) -> str:
    """A name of DNS as a part of a logical name."""
    return domain_name.replace("*", "any").replace(".", "-")


_Options = Sequence[aws.acm.outputs.CertificateDomainValidationOption]


def _record(
    name: str, zone_id: str, base: str, options: pulumi.Output[_Options], opts: pulumi.ResourceOptions
) -> aws.route53.Record:
    asked = options.apply(
        lambda found: next(one for one in found if (one.domain_name or "").removeprefix("*.") == base)
    )
    return aws.route53.Record(
        name,
        zone_id=zone_id,
        name=asked.apply(lambda one: one.resource_record_name or ""),
        type="CNAME",
        records=[asked.apply(lambda one: one.resource_record_value or "")],
        ttl=_TTL,
        # Each certificate of an account for a name asks for the same record: another stack may have made it.
        allow_overwrite=True,
        opts=opts,
    )
