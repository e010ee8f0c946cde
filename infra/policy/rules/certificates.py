"""ACM."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule

CERTIFICATE = "aws:acm/certificate:Certificate"
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_STRONG = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


@rule(
    "acm-renewed", CERTIFICATE, control="ACM.1", severity=Severity.MEDIUM,
    why="A certificate that ends takes the whole API with it.",
    mend="Set validation_method to DNS, so that ACM renews it, and add an alarm on its DaysToExpiry.",
)  # fmt: skip
def renewed(certificate: Resource, stack: Stack) -> Iterator[str]:
    if certificate.get("validationMethod") != "DNS":
        yield "is not renewed by itself"
    if not any(alarm.get("metricName") == "DaysToExpiry" for alarm in stack.of(_ALARM)):
        yield "ends without anyone being told"


@rule(
    "acm-key", CERTIFICATE, control="ACM.2", severity=Severity.HIGH,
    why="Short keys can be computed.",
    mend="Leave key_algorithm out, or set it to one of 2048 bits of RSA or more, or of ECDSA.",
)  # fmt: skip
def key(certificate: Resource, _: Stack) -> Iterator[str]:
    if (algorithm := certificate.get("keyAlgorithm", "RSA_2048")) not in _STRONG:
        yield f"has a weak key ({algorithm})"
