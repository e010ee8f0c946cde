"""What the way in is: ports, certificate and name, who may pass, and what is written down of it."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from infra.mistakes import Whole
from infra.settings.model import Model, Port
from infra.settings.region import RegionSettings

HTTP, HTTPS = 80, 443
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])")
_LONGEST = 64  # characters of a certificate's first name; ACM User Guide, "Certificate characteristics"


def _domain_name(name: str) -> str:
    """Source: RFC 1035, section 2.3.1, in lower case, as Route 53 keeps it."""
    if len(name) > _LONGEST or not _NAME.fullmatch(name.removeprefix("*.")):
        raise ValueError(f"must be a domain name of at most {_LONGEST} characters, as todos.example.com is, not {name}")
    return name


def _no_wildcard(name: str) -> str:
    if name.startswith("*"):
        raise ValueError(f"must be one name, not {name}: a wildcard belongs in alternativeNames")
    return name


_DomainName = Annotated[str, AfterValidator(_domain_name)]
_Https = Annotated[str, Field(pattern=r"^https://[^\s/?#@]+(/[^\s]*)?$")]


class Domain(Model):
    """The names that the load balancer is reached by; its certificate and DNS records are made and kept."""

    name: Annotated[_DomainName, AfterValidator(_no_wildcard)] = Field(description="name, as todos.example.com")
    zone_id: str = Field(pattern=r"^Z[A-Z0-9]{5,31}$", description="Route 53's id of the public hosted zone it is in")
    alternative_names: tuple[_DomainName, ...] = Field(
        default=(), max_length=9, description="further names in that zone; `*.example.com` stands for all below it"
    )

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (self.name, *self.alternative_names)

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        if repeated := sorted({name for name in self.names if self.names.count(name) > 1}):
            yield f"name and alternativeNames have {', '.join(repeated)} more than once"


class AccessLogs(Model):
    """The load balancer's access logs, in a bucket."""

    days: Whole = Field(default=90, ge=1, le=3_650, description="days that access logs are kept")


class Waf(Model):
    """The web firewall before the load balancer."""

    requests_per_five_minutes: Whole = Field(
        default=2_000, ge=10, le=2_000_000_000, description="requests of one address in five minutes; more are blocked"
    )


class Oidc(Model):
    """People log in at the load balancer, with an OpenID Connect provider that knows it as a client."""

    issuer: _Https = Field(description="the provider's `issuer`")
    authorization_endpoint: _Https = Field(description="the provider's `authorization_endpoint`")
    token_endpoint: _Https = Field(description="the provider's `token_endpoint`")
    user_info_endpoint: _Https = Field(description="the provider's `userinfo_endpoint`")
    client_id: str = Field(min_length=1, description="who the load balancer is at the provider")
    client_secret: SecretStr = Field(
        description="its secret: `pulumi config set --path --secret backlog:oidc.clientSecret`"
    )
    session_seconds: Whole = Field(default=43_200, ge=60, le=604_800, description="seconds until one logs in again")

    @field_validator("client_secret")
    @classmethod
    def _encrypted(cls, value: SecretStr, read: ValidationInfo) -> SecretStr:
        if "oidc" not in (read.context or {}).get("secret", ()):
            raise ValueError(
                "stands in clear in the configuration: set it by "
                "`pulumi config set --path --secret backlog:oidc.clientSecret`, and change it at the provider"
            )
        return value


class LoadBalancerSettings(RegionSettings):
    """The load balancer."""

    listener_port: Port = Field(default=HTTP, description="port of the load balancer; with HTTPS it has 80 and 443")
    certificate_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[\w-]+$",
        description="HTTPS with this certificate of ACM, for a name whose DNS is kept elsewhere",
    )
    domain: Domain | None = Field(default=None, description="HTTPS under a name in Route 53, with a certificate for it")
    access_logs: AccessLogs | None = Field(default=None, description="who asked for what, in a bucket")
    waf: Waf | None = Field(default=None, description="a web firewall: AWS's managed rules, and a limit per address")
    oidc: Oidc | None = Field(default=None, description="people log in before they reach the API")

    @property
    def https(self) -> bool:
        """Whether the load balancer speaks TLS."""
        return self.certificate_arn is not None or self.domain is not None

    @property
    def entrances(self) -> tuple[int, ...]:
        """The ports that the load balancer listens on."""
        return (HTTP, HTTPS) if self.https else (self.listener_port,)

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        if self.certificate_arn and self.domain:
            yield "certificateArn and domain: a domain gets its own certificate; leave one of them out"
        if self.certificate_arn and (place := self.certificate_arn.split(":")[3]) != self.region:
            yield f"certificateArn is in {place}, and the load balancer in aws:region {self.region}"
        if self.https and self.listener_port not in (HTTP, HTTPS):
            key = "certificateArn" if self.certificate_arn else "domain"
            yield f"listenerPort {self.listener_port} and {key}: with HTTPS the ports are {HTTP} and {HTTPS}"
        if self.listener_port == HTTPS and not self.https:
            yield f"listenerPort {HTTPS} needs certificateArn or domain: it is HTTPS's port"
        if self.oidc and not self.https:
            yield "oidc needs certificateArn or domain: AWS lets people log in over HTTPS alone"
