"""The way in: an application load balancer, with HTTPS where there is a certificate or a name to make one for.

Creates: load balancer, target group with the API's health check, listener; and where configured the HTTPS listener (the
other one then leads to it), a certificate and DNS records (certificate.py), rules of the login (login.py), a bucket of
access logs (access_logs.py) and a web firewall (web_firewall.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.access_logs import AccessLogs, AccessLogsArgs
from infra.components.certificate import Certificate, CertificateArgs, slug
from infra.components.login import LoginArgs, after_login, login_rules
from infra.components.network import Network
from infra.components.web_firewall import WebFirewall, WebFirewallArgs
from infra.settings import HTTP, HTTPS, Domain, LoadBalancerSettings

#: TLS 1.3, and 1.2 with forward secrecy and authenticated ciphers alone (FSBP ELB.17).
_TLS = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
_HSTS = "max-age=31536000"  # seconds: a year. Of names below this one nothing is known, and so nothing is said


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """`target_port` is what a task listens on; `open_paths` are patterns of paths that need no login.

    The web firewall's log is kept for `log_days`; a target that goes has `deregistration_seconds` to finish.
    """

    network: Network
    security_group_id: pulumi.Input[str]
    settings: LoadBalancerSettings
    target_port: int
    health_path: str
    open_paths: Sequence[str]
    deregistration_seconds: int
    log_days: int
    protect: bool


class LoadBalancer(pulumi.ComponentResource):
    """Attributes: `url`, `arn`, `target_group_arn`, `suffix` and `target_group_suffix` (for metrics).

    For alarms, where there is one: `certificate_arn`, and `web_firewall_metric`, the web ACL's name in CloudWatch.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:LoadBalancer", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self._balancer = self._made()
        self._targets = aws.lb.TargetGroup(
            name,
            vpc_id=args.network.vpc_id,
            port=args.target_port,
            protocol="HTTP",
            target_type="ip",
            # A request that builds a page of thousands of todos takes longer than one that ticks a single one. AWS
            # allows no slow start with it; the health check lets no cold task in.
            load_balancing_algorithm_type="least_outstanding_requests",
            deregistration_delay=args.deregistration_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=args.health_path, matcher="200", interval=10, timeout=5, healthy_threshold=2, unhealthy_threshold=3
            ),
            opts=self._child,
        )
        self.certificate_arn: pulumi.Input[str] | None = settings.certificate_arn
        if settings.domain:
            certificate = Certificate(name, CertificateArgs(domain=settings.domain), opts=self._child)
            self.certificate_arn = certificate.arn
        if self.certificate_arn is None:
            self._listener(name, settings.listener_port, [self._forward()])
        else:
            to_https = {"protocol": "HTTPS", "port": str(HTTPS), "status_code": "HTTP_301"}
            self._listener(name, HTTP, [{"type": "redirect", "redirect": to_https}])
            self._encrypted(self.certificate_arn)
        self.web_firewall_metric: str | None = None
        if settings.waf:
            firewall = WebFirewallArgs(
                load_balancer_arn=self._balancer.arn,
                requests=settings.waf.requests_per_five_minutes,
                log_days=args.log_days,
            )
            self.web_firewall_metric = WebFirewall(name, firewall, opts=self._child).metric_name
        self.url = self._url()
        self.suffix, self.target_group_suffix = self._balancer.arn_suffix, self._targets.arn_suffix
        self.arn, self.target_group_arn = self._balancer.arn, self._targets.arn
        self.register_outputs({"url": self.url})

    def _made(self) -> aws.lb.LoadBalancer:
        args, settings = self._args, self._args.settings
        logs = None
        if settings.access_logs:
            to = AccessLogsArgs(vpc_arn=args.network.vpc_arn, days=settings.access_logs.days, protect=args.protect)
            logs = AccessLogs(f"{self._name}-access-logs", to, opts=self._child)
        return aws.lb.LoadBalancer(
            self._name,
            load_balancer_type="application",
            subnets=args.network.public_subnet_ids,
            security_groups=[args.security_group_id],
            # Seconds; gunicorn keeps a connection for 75, so that it is never the API that hangs up first.
            idle_timeout=60,
            drop_invalid_header_fields=True,
            # `strictest` would refuse old calendar apps; what smuggles requests is refused by this one too.
            desync_mitigation_mode="defensive",
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.bucket, enabled=True) if logs else None,
            enable_deletion_protection=args.protect,
            # AWS refuses a load balancer before the way to the internet is there, and to remove the way before it.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[args.network, *([logs] if logs else [])], protect=args.protect
            ),
        )

    def _encrypted(self, certificate_arn: pulumi.Input[str]) -> None:
        """The HTTPS listener, with the login before it where there is one, and the names that lead to it."""
        settings, name = self._args.settings, f"{self._name}-https"
        tls = {"ssl_policy": _TLS, "certificate_arn": certificate_arn}
        if settings.oidc:
            login = LoginArgs(oidc=settings.oidc, open_paths=self._args.open_paths, target_group_arn=self._targets.arn)
            listener = self._listener(name, HTTPS, after_login(login, "authenticate"), **tls)
            login_rules(self._name, listener.arn, login, self._child)
        else:
            self._listener(name, HTTPS, [self._forward()], **tls)
        if settings.domain:
            self._lead_here(settings.domain)

    def _lead_here(self, domain: Domain) -> None:
        for each in domain.names:
            aws.route53.Record(
                f"alias-{slug(each)}",
                zone_id=domain.zone_id,
                name=each,
                type="A",
                aliases=[
                    aws.route53.RecordAliasArgs(
                        name=self._balancer.dns_name, zone_id=self._balancer.zone_id, evaluate_target_health=True
                    )
                ],
                opts=self._child,
            )

    def _listener(self, name: str, port: int, actions: Sequence[Any], **tls: pulumi.Input[str]) -> aws.lb.Listener:
        return aws.lb.Listener(
            name,
            load_balancer_arn=self._balancer.arn,
            port=port,
            protocol="HTTPS" if tls else "HTTP",
            ssl_policy=tls.get("ssl_policy"),
            certificate_arn=tls.get("certificate_arn"),
            routing_http_response_strict_transport_security_header_value=_HSTS if tls else None,
            default_actions=list(actions),
            opts=self._child,
        )

    def _forward(self) -> dict[str, Any]:
        return {"type": "forward", "target_group_arn": self._targets.arn}

    def _url(self) -> pulumi.Output[str]:
        """Under the configured name, else the load balancer's own; a port that is not the scheme's is named."""
        settings = self._args.settings
        if settings.domain:
            return pulumi.Output.from_input(f"https://{settings.domain.name}/")
        port = "" if settings.https or settings.listener_port == HTTP else f":{settings.listener_port}"
        scheme = "https" if settings.https else "http"
        return pulumi.Output.format("{0}://{1}{2}/", scheme, self._balancer.dns_name, port)
