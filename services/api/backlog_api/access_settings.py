"""Who may ask, how often, and what is believed of whoever passes requests on."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

from backlog_todos.settings import Reader

KINDS = ("open", "token", "login")
_SIGNER = re.compile(r"arn:aws[a-z-]*:elasticloadbalancing:(?P<region>[a-z0-9-]+):\d{12}:loadbalancer/app/[\w/-]+")
#: In partition aws. Source: Elastic Load Balancing, "Authenticate users using an Application Load Balancer".
_KEYS = "https://public-keys.auth.elb.{region}.amazonaws.com/"
_LOOPBACK = re.compile(r"127\.\d+\.\d+\.\d+|::1|localhost")


@dataclass(frozen=True)
class LoginSettings:
    """Whose logins are believed: a load balancer's, with a provider that knows it as `client`; where its keys are."""

    signer: str
    issuer: str
    client: str
    keys_url: str

    @classmethod
    def read(cls, read: Reader) -> Self:
        """Read LOGIN_SIGNER (the load balancer's ARN), LOGIN_ISSUER, LOGIN_CLIENT and LOGIN_KEYS_URL.

        The last is for partitions of AWS whose keys are elsewhere.
        """
        signer = read.text("LOGIN_SIGNER")
        known = _SIGNER.fullmatch(signer)
        if signer and not known:
            read.complain(f"LOGIN_SIGNER must be the ARN of an application load balancer, not {signer!r}")
        usual = _KEYS.format(region=known["region"]) if known else "-"
        return cls(signer, read.text("LOGIN_ISSUER"), read.text("LOGIN_CLIENT"), read.text("LOGIN_KEYS_URL", usual))


@dataclass(frozen=True)
class AccessSettings:
    """Who may ask: anybody (`open`), who has a token, or who has logged in at the load balancer.

    `requests_per_minute` of one client are answered in each process, `burst` of them at once; 0 is any number. What a
    proxy in `proxies` says of a request is believed. `on_loopback`: only this machine can ask.
    """

    kind: str
    login: LoginSettings | None
    requests_per_minute: int
    burst: int
    proxies: tuple[IPv4Network | IPv6Network, ...]
    on_loopback: bool

    @classmethod
    def read(cls, read: Reader) -> Self:
        """Read ACCESS (closed unless it says otherwise), RATE_LIMIT_PER_MINUTE, RATE_LIMIT_BURST and PROXIES.

        PROXIES are networks, with commas between them. LOGIN_... are read where ACCESS is login.
        """
        kind = read.one_of("ACCESS", KINDS, "token")
        return cls(
            kind=kind,
            login=LoginSettings.read(read) if kind == "login" else None,
            requests_per_minute=read.number("RATE_LIMIT_PER_MINUTE", 0, 1_000_000, 0),
            burst=read.number("RATE_LIMIT_BURST", 1, 1_000_000, 100),
            proxies=_networks(read, "PROXIES"),
            on_loopback=_LOOPBACK.fullmatch(read.text("HOST", "127.0.0.1")) is not None,
        )


def _networks(read: Reader, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for text in filter(None, (read.optional(name) or "").split(",")):
        try:
            found.append(ip_network(text.strip()))
        except ValueError:
            read.complain(f"{name} must be networks such as 10.0.0.0/16, not {text!r}")
    return tuple(found)
