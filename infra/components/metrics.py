"""CloudWatch's names for what is watched: one entry for a metric, used by alarms, dashboard and scaling alike.

Sources: the metrics pages of Elastic Load Balancing (Application Load Balancers), AWS WAF, AWS Certificate Manager,
Amazon SQS, Amazon SNS, Amazon RDS and CloudWatch Container Insights (Amazon ECS).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

_Name = pulumi.Input[str]
MINUTE = 60  # seconds; how often each of these metrics is reported, but for those of certificates
_DAY = 86_400  # seconds


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of one thing. `statistic` is CloudWatch's (Sum, Average, Maximum, p99 ...), `period` in seconds."""

    namespace: str
    name: str
    statistic: str
    label: str
    dimensions: Mapping[str, _Name]
    period: int = MINUTE


def of_queue(queue: _Name, name: str, label: str, statistic: str = "Maximum") -> Metric:
    """A metric of an SQS queue, by the queue's name."""
    return Metric(namespace="AWS/SQS", name=name, statistic=statistic, label=label, dimensions={"QueueName": queue})


def of_topic(topic: _Name, name: str, label: str, statistic: str = "Sum") -> Metric:
    """A metric of an SNS topic, by the topic's name."""
    return Metric(namespace="AWS/SNS", name=name, statistic=statistic, label=label, dimensions={"TopicName": topic})


def of_service(cluster: _Name, service: _Name, name: str, label: str, statistic: str = "Average") -> Metric:
    """A metric that Container Insights has of an ECS service."""
    dimensions = {"ClusterName": cluster, "ServiceName": service}
    return Metric(namespace="ECS/ContainerInsights", name=name, statistic=statistic, label=label, dimensions=dimensions)


def of_database(identifier: _Name, name: str, label: str, statistic: str = "Average") -> Metric:
    """A metric of an RDS instance, by its identifier."""
    dimensions = {"DBInstanceIdentifier": identifier}
    return Metric(namespace="AWS/RDS", name=name, statistic=statistic, label=label, dimensions=dimensions)


def of_web_firewall(web_acl: _Name, region: str, name: str, label: str, statistic: str = "Sum") -> Metric:
    """A metric of all rules of a web ACL, by the ACL's own metric name."""
    dimensions = {"WebACL": web_acl, "Region": region, "Rule": "ALL"}
    return Metric(namespace="AWS/WAFV2", name=name, statistic=statistic, label=label, dimensions=dimensions)


def of_certificate(arn: _Name, name: str, label: str, statistic: str = "Minimum") -> Metric:
    """A metric of a certificate, which ACM reports twice a day."""
    return Metric(
        namespace="AWS/CertificateManager",
        name=name,
        statistic=statistic,
        label=label,
        dimensions={"CertificateArn": arn},
        period=_DAY,
    )


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """A load balancer and its target group, by the ends of their ARNs, which are their names in CloudWatch."""

    suffix: _Name
    target_group_suffix: _Name

    def metric(self, name: str, label: str, statistic: str) -> Metric:
        """What the targets did."""
        dimensions = {"LoadBalancer": self.suffix, "TargetGroup": self.target_group_suffix}
        return Metric(
            namespace="AWS/ApplicationELB", name=name, statistic=statistic, label=label, dimensions=dimensions
        )

    def own_errors(self) -> Metric:
        """5xx of the balancer itself, as when no target is there; they belong to no target group."""
        return Metric(
            namespace="AWS/ApplicationELB",
            name="HTTPCode_ELB_5XX_Count",
            statistic="Sum",
            label="Balancer's 5xx",
            dimensions={"LoadBalancer": self.suffix},
        )

    def errors(self) -> Metric:
        """5xx of the API."""
        return self.metric("HTTPCode_Target_5XX_Count", "API's 5xx", "Sum")

    def requests(self) -> Metric:
        """Requests that reached a target."""
        return self.metric("RequestCount", "Requests", "Sum")

    def latency(self, statistic: str) -> Metric:
        """Seconds until a target answered."""
        return self.metric("TargetResponseTime", f"Latency {statistic}", statistic)
