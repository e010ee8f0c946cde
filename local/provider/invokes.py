"""The few questions that a program may ask of AWS; a preview without credentials is answered from configuration."""

import base64
from collections.abc import Callable

from local.provider.properties import Bag, secret

_SYNTHESISED_PASSWORD = "not-a-password-nothing-is-pushed"  # noqa: S105 - nobody accepts it; the embedded cloud pushes no image


def invoke(token: str, args: Bag, *, region: str, account: str) -> Bag:
    """Answer an invoke.

    Raises:
        LookupError: a question that the embedded cloud cannot answer without pretending.
    """
    answer = _ANSWERS.get(token)
    if answer is None:
        raise LookupError(
            f"the embedded cloud answers no {token}: take the value from configuration, or add it to {__name__}"
        )
    return answer(args, region, account)


def _ecr_token(args: Bag, region: str, account: str) -> Bag:
    registry = args.get("registryId") or account
    token = base64.b64encode(f"AWS:{_SYNTHESISED_PASSWORD}".encode()).decode()
    return {
        "id": region,
        "authorizationToken": secret(token),
        "password": secret(_SYNTHESISED_PASSWORD),
        "userName": "AWS",
        "proxyEndpoint": f"https://{registry}.dkr.ecr.{region}.amazonaws.com",
        "expiresAt": "2026-01-01T12:00:00Z",
        "registryId": registry,
        "region": region,
    }


def _caller(args: Bag, region: str, account: str) -> Bag:  # noqa: ARG001 - all answers have one shape
    return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:root", "userId": account}


_ANSWERS: dict[str, Callable[[Bag, str, str], Bag]] = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": _ecr_token,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
}
