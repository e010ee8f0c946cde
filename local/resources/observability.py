"""CloudWatch, EventBridge and budgets."""

import json
from collections.abc import Iterator

from infra.settings import RETENTION
from local.provider.naming import AutoName
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.table import Resource, resource


def _check_log_group(inputs: Bag) -> Iterator[Failure]:
    days = inputs.get("retentionInDays", 0)
    if not has_unknown(days) and int(days) not in (0, *RETENTION):
        yield Failure(
            "retentionInDays",
            f"CloudWatch Logs keeps no {days} days; it keeps {', '.join(map(str, RETENTION))}",
        )


def _check_dashboard(inputs: Bag) -> Iterator[Failure]:
    text = inputs.get("dashboardBody", "{}")
    if not has_unknown(text):
        try:
            json.loads(text)
        except ValueError as error:
            yield Failure("dashboardBody", f"is not JSON: {error}")


@resource("aws:cloudwatch/logGroup:LogGroup", auto_name=AutoName(longest=512), check=_check_log_group)
def log_group(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": r.arn("logs", f"log-group:{r.get('name')}"),
        "logGroupClass": "STANDARD",
    }


@resource("aws:cloudwatch/metricAlarm:MetricAlarm", auto_name=AutoName(longest=255))
@resource("aws:cloudwatch/compositeAlarm:CompositeAlarm")
def alarm(r: Resource) -> Bag:
    name = r.get("name") or r.get("alarmName")
    return {"id": name, "arn": r.arn("cloudwatch", f"alarm:{name}")}


@resource("aws:cloudwatch/dashboard:Dashboard", check=_check_dashboard)
def dashboard(r: Resource) -> Bag:
    name = r.get("dashboardName")
    return {"id": name, "dashboardArn": r.arn("cloudwatch", f"dashboard/{name}", region=False)}


@resource("aws:cloudwatch/eventRule:EventRule", auto_name=AutoName(longest=64))
def event_rule(r: Resource) -> Bag:
    return {"id": r.get("name"), "arn": r.arn("events", f"rule/{r.get('name')}")}


@resource("aws:cloudwatch/eventTarget:EventTarget", auto_name=AutoName("targetId", longest=64))
def event_target(r: Resource) -> Bag:
    return {"id": f"{r.get('rule')}-{r.get('targetId')}"}


@resource("aws:budgets/budget:Budget", auto_name=AutoName(longest=100))
def budget(r: Resource) -> Bag:
    return {
        "id": f"{r.account}:{r.get('name')}",
        "arn": r.arn("budgets", f"budget/{r.get('name')}", region=False),
        "accountId": r.account,
    }
