"""Who has logged in at the load balancer, by the token that it signs for each request that it lets through.

Source: Elastic Load Balancing, "Authenticate users using an Application Load Balancer", on x-amzn-oidc-data: signed by
ES256, with the load balancer's ARN as `signer` in the header, and the public key of its `kid` at a region's address.
"""

import logging
import re
import threading
from collections.abc import Callable
from urllib.request import urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from backlog_api.access_settings import LoginSettings

HEADER = "X-Amzn-Oidc-Data"
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PATIENCE = 2  # seconds for the key of a load balancer that was not asked for before
_LARGEST = 10_000  # bytes of a key
_LEEWAY = 5  # seconds that the clocks may differ
_MOST = 100  # keys; a load balancer has one at a time
log = logging.getLogger(__name__)


class LoginUnknownError(Exception):
    """What signed a login cannot be learnt now: neither a yes nor a no."""


def _fetched(url: str) -> bytes:
    with urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - https, by AccessSettings' own text
        return bytes(answer.read(_LARGEST))


class Logins:
    """Checks the load balancer's tokens; keys are asked for once a process."""

    def __init__(self, settings: LoginSettings, fetch: Callable[[str], bytes] = _fetched) -> None:
        self._settings, self._fetch = settings, fetch
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._lock = threading.Lock()

    def subject(self, token: str) -> str | None:
        """Whom the load balancer let in (the provider's `sub`); None for a token that is not its own, or too old.

        Raises:
            LoginUnknownError: its key cannot be fetched.
        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("signer") != self._settings.signer or header.get("client") != self._settings.client:
                return None
            claims = jwt.decode(
                token,
                self._key(str(header.get("kid"))),
                algorithms=["ES256"],
                issuer=self._settings.issuer,
                leeway=_LEEWAY,
                options={"require": ["sub", "exp", "iss"], "verify_aud": False},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            log.info("a login is refused", extra={"detail": type(error).__name__})
            return None
        return str(claims["sub"])

    def _key(self, name: str) -> EllipticCurvePublicKey:
        if name in self._keys:
            return self._keys[name]
        if not _KEY_ID.fullmatch(name):
            raise jwt.InvalidTokenError("kid is none")
        try:
            pem = self._fetch(self._settings.keys_url + name)
        except OSError as error:
            log.warning("the load balancer's key cannot be fetched", extra={"detail": str(error)})
            raise LoginUnknownError from error
        key = load_pem_public_key(pem)
        if not isinstance(key, EllipticCurvePublicKey):
            raise jwt.InvalidTokenError("its key is of another kind")
        with self._lock:
            if len(self._keys) >= _MOST:
                self._keys.clear()
            self._keys[name] = key
        return key
