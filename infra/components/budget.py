"""Somebody is told before the month's bill tells them.

Creates: a monthly budget of what carries the stack's tag, with two notifications to the topic that alarms go to.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.observability import Alarms

_FORECAST, _SPENT = 80, 100  # percent of the budget


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """`monthly_usd` of what carries the tag `stack` with the stack's name (aws:defaultTags)."""

    monthly_usd: float
    alarms: Alarms


class Budget(pulumi.ComponentResource):
    """The tag must be activated as a cost allocation tag once in the account that pays, else nothing is counted.

    Source: AWS Cost Management User Guide, "Managing your costs with AWS Budgets"; AWS Billing User Guide, "Activating
    user-defined cost allocation tags".
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Budget", name, None, opts)
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{args.monthly_usd:.2f}",
            limit_unit="USD",
            cost_filters=[
                aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:stack${pulumi.get_stack()}"])
            ],
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[args.alarms.topic_arn],
                )
                for kind, percent in (("ACTUAL", _SPENT), ("FORECASTED", _FORECAST))
            ],
            # AWS tries the topic when the budget is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.alarms]),
        )
        self.register_outputs({})


def warn_below_floor(monthly_usd: float, floor_usd: float) -> None:
    """A budget that the stack is over while nobody uses it tells every month. Prices are dated, so it is a warning."""
    if monthly_usd < floor_usd:
        pulumi.log.warn(
            f"budget.monthlyUsd {monthly_usd:g} is below what the stack costs unused, {floor_usd:g} US dollars a month "
            "(output monthly_floor): it will tell every month"
        )
