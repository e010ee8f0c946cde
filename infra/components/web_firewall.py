"""The web firewall before the load balancer: what nobody sends in good faith is refused before a task sees it.

Creates: web ACL (a limit for each address, AWS's managed rules), its association with the load balancer, and the log of
what it refused or would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_FIVE_MINUTES = 300  # seconds
_LIMIT = "requests-per-address"

#: AWS's managed rule groups, in the order that they are asked, with the rules of each that count and do not block: a
#: todo's text may be a path or an address, and a body with many todos is longer than the 8 KiB that the rule allows.
#: Source: AWS WAF Developer Guide, "AWS Managed Rules rule groups list".
_MANAGED: Sequence[tuple[str, Sequence[str]]] = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY", "GenericLFI_BODY", "GenericRFI_BODY")),
    ("AWSManagedRulesSQLiRuleSet", ()),
)


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """`requests` of one address in five minutes are let through, no more; the log is kept for `log_days`."""

    load_balancer_arn: pulumi.Input[str]
    requests: int
    log_days: int


class WebFirewall(pulumi.ComponentResource):
    """Attributes: `metric_name`, by which CloudWatch knows the web ACL."""

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:WebFirewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.metric_name = f"{pulumi.get_project()}-{pulumi.get_stack()}"
        acl = aws.wafv2.WebAcl(
            name,
            scope="REGIONAL",
            description="Backlog load balancer",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=[
                _limit(args.requests),
                *(_managed(at, group, counted) for at, (group, counted) in enumerate(_MANAGED, start=1)),
            ],
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(
                metric_name=self.metric_name, cloudwatch_metrics_enabled=True, sampled_requests_enabled=True
            ),
            opts=child,
        )
        # AWS knows both by what they belong to: the old one's deletion, coming last, would take the new one away.
        alone = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        aws.wafv2.WebAclAssociation(name, resource_arn=args.load_balancer_arn, web_acl_arn=acl.arn, opts=alone)
        # AWS WAF writes to no log group whose name begins otherwise; Pulumi's name begins with the logical one.
        logs = aws.cloudwatch.LogGroup(f"aws-waf-logs-{name}", retention_in_days=args.log_days, opts=child)
        aws.wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=[_redacted("authorization"), _redacted("cookie")],
            logging_filter=_BLOCKED_OR_COUNTED,
            opts=alone,
        )
        self.register_outputs({"metricName": self.metric_name})


def _limit(requests: int) -> aws.wafv2.WebAclRuleArgs:
    return aws.wafv2.WebAclRuleArgs(
        name=_LIMIT,
        priority=0,
        action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
        statement=aws.wafv2.WebAclRuleStatementArgs(
            rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                aggregate_key_type="IP", evaluation_window_sec=_FIVE_MINUTES, limit=requests
            )
        ),
        visibility_config=_visible(_LIMIT),
    )


def _managed(priority: int, group: str, counted: Sequence[str]) -> aws.wafv2.WebAclRuleArgs:
    count = aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
        count=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
    )
    return aws.wafv2.WebAclRuleArgs(
        name=group,
        priority=priority,
        override_action=_OWN_ACTIONS,
        statement=aws.wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS",
                name=group,
                rule_action_overrides=[
                    aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
                        name=rule, action_to_use=count
                    )
                    for rule in counted
                ]
                or None,
            )
        ),
        visibility_config=_visible(group),
    )


#: The SDK's class of an empty block is not typed.
_OWN_ACTIONS = aws.wafv2.WebAclRuleOverrideActionArgs(none=aws.wafv2.WebAclRuleOverrideActionNoneArgs())  # type: ignore[no-untyped-call]


def _visible(metric_name: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgs:
    return aws.wafv2.WebAclRuleVisibilityConfigArgs(
        metric_name=metric_name, cloudwatch_metrics_enabled=True, sampled_requests_enabled=True
    )


def _redacted(header: str) -> aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs:
    return aws.wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
        single_header=aws.wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
    )


#: Requests that passed are in the access logs, and are not paid for twice.
_BLOCKED_OR_COUNTED = aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgs(
    default_behavior="DROP",
    filters=[
        aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs(
            behavior="KEEP",
            requirement="MEETS_ANY",
            conditions=[
                aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs(
                    action_condition=aws.wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs(
                        action=action
                    )
                )
                for action in ("BLOCK", "COUNT")
            ],
        )
    ],
)
