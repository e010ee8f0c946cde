"""People log in at the load balancer before they reach the API.

Creates: three rules of the HTTPS listener. Some paths are open, as a calendar app and a monitor can't log in; a program
that shows an access token is left to the API, which checks it; and another script that calls the API is told 401 where
a browser would be led to the login.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from infra.settings import Oidc

_OPEN, _TOKENS, _SCRIPTS = 10, 15, 20  # priorities; the lower goes first
_API = "/api/*"
_COOKIE = "backlog-session"
#: What an access token is shown by (backlog_todos.access_tokens).
_TOKEN = aws.lb.ListenerRuleConditionArgs(
    http_header=aws.lb.ListenerRuleConditionHttpHeaderArgs(http_header_name="Authorization", values=["Bearer blg_*"])
)


@dataclass(frozen=True, kw_only=True)
class LoginArgs:
    """`open_paths` are patterns of paths that nobody logs in for; the rest reaches the target group after a login."""

    oidc: Oidc
    open_paths: Sequence[str]
    target_group_arn: pulumi.Input[str]


def login_rules(name: str, listener_arn: pulumi.Input[str], args: LoginArgs, opts: pulumi.ResourceOptions) -> None:
    """The exceptions from the listener's own action, which is `after_login(args, "authenticate")`."""
    exceptions: Sequence[tuple[str, int, Sequence[str], Sequence[Any], Sequence[Any]]] = (
        (f"{name}-open", _OPEN, args.open_paths, [], [_forward(args, None)]),
        (f"{name}-tokens", _TOKENS, [_API], [_TOKEN], [_forward(args, None)]),
        (f"{name}-scripts", _SCRIPTS, [_API], [], after_login(args, "deny")),
    )
    for label, priority, paths, more, actions in exceptions:
        aws.lb.ListenerRule(
            label,
            listener_arn=listener_arn,
            priority=priority,
            conditions=[
                aws.lb.ListenerRuleConditionArgs(
                    path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=list(paths))
                ),
                *more,
            ],
            actions=list(actions),
            opts=opts,
        )


def after_login(args: LoginArgs, strangers: Literal["authenticate", "deny"]) -> list[Any]:
    """Who is not logged in is led to the login, or told 401; who is goes on to the target group.

    The classes of a listener's actions and of a rule's have the same fields: these are plain mappings, which both take.
    """
    oidc = args.oidc
    return [
        {
            "type": "authenticate-oidc",
            "order": 1,
            "authenticate_oidc": {
                "issuer": oidc.issuer,
                "authorization_endpoint": oidc.authorization_endpoint,
                "token_endpoint": oidc.token_endpoint,
                "user_info_endpoint": oidc.user_info_endpoint,
                "client_id": oidc.client_id,
                "client_secret": pulumi.Output.secret(oidc.client_secret.get_secret_value()),
                "on_unauthenticated_request": strangers,
                "scope": "openid",
                "session_cookie_name": _COOKIE,
                "session_timeout": oidc.session_seconds,
            },
        },
        _forward(args, 2),
    ]


def _forward(args: LoginArgs, order: int | None) -> dict[str, Any]:
    return {
        "type": "forward",
        "target_group_arn": args.target_group_arn,
        **({"order": order} if order else {}),
    }
