"""What the load balancer says of a request: whose it is, and whether it came by HTTPS. Nobody else is believed."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def register(app: Flask, networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
    """Take the last address of X-Forwarded-For, and X-Forwarded-Proto, from a peer in one of the networks.

    The last is what the load balancer saw; those before it are what the client said.
    """
    if not networks:
        return
    plain, forwarded = app.wsgi_app, ProxyFix(app.wsgi_app, x_for=1, x_proto=1)

    @lru_cache(maxsize=256)
    def believed(peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in networks)

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return (forwarded if believed(environ.get("REMOTE_ADDR", "")) else plain)(environ, start_response)

    app.wsgi_app = serve  # type: ignore[method-assign]
