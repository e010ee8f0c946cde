"""The rules that tell of the way in: a web firewall that refuses much, a certificate that nobody renewed."""

from infra.components.alarm import Rule
from infra.components.load_balancer import LoadBalancer
from infra.components.metrics import of_certificate, of_web_firewall

_BLOCKED = 100  # requests a minute; scanners that come by send fewer
_DAYS_LEFT = 30  # ACM has renewed what it issued itself before; what was imported still can be replaced in time


def entrance(load_balancer: LoadBalancer, region: str) -> dict[str, Rule]:
    """Those of what the load balancer has; none where it has neither."""
    rules = {}
    if load_balancer.web_firewall_metric:
        rules["blocked-requests"] = Rule(
            meaning=f"The web firewall blocks more than {_BLOCKED} requests a minute.",
            runbook="blocked-requests",
            metrics={
                "blocked": of_web_firewall(
                    load_balancer.web_firewall_metric, region, "BlockedRequests", "Blocked requests"
                )
            },
            threshold=_BLOCKED,
            minutes=5,
            breaching=5,
        )
    if load_balancer.certificate_arn is not None:
        rules["certificate-expiry"] = Rule(
            meaning=f"The certificate ends in less than {_DAYS_LEFT} days.",
            runbook="certificate-expiry",
            metrics={"days": of_certificate(load_balancer.certificate_arn, "DaysToExpiry", "Days left")},
            threshold=_DAYS_LEFT,
            below=True,
            minutes=1,
            breaching=1,
        )
    return rules
