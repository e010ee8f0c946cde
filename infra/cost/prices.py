"""List prices in US dollars, on demand, without free tier, for two regions.

Where a figure is `about`, no list was at hand for that region: it is us-east-1's, times the ratio of a class whose
price is known in both.
Sources: the pricing pages of AWS Fargate, Amazon VPC, Elastic Load Balancing, Amazon RDS, AWS Secrets Manager, AWS KMS,
Amazon CloudWatch, AWS WAF, Amazon MQ, Amazon ElastiCache, Amazon MSK, Amazon SQS and Amazon SNS, as third parties
printed them in 2025 and 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AS_OF = "2026-11-24"
REGIONS = ("us-east-1", "ap-southeast-2")
HOURS = 730  # in a month, as AWS's calculator has it

#: What Spot asks of the on-demand price. AWS says "up to 70 % off"; the market moves, so a third is an assumption.
SPOT = 1 / 3


@dataclass(frozen=True)
class Price:
    """What one unit costs: an hour, or a month, of a thing or of a GB."""

    usd: float
    about: bool = False


def _both(usd: float, sydney: float, *, about: bool = False) -> tuple[Price, Price]:
    return Price(usd), Price(sydney, about)


def _everywhere(usd: float) -> tuple[Price, Price]:
    return Price(usd), Price(usd)


#: Ratio of Sydney's prices to Virginia's: db.m5.large with PostgreSQL, cache.m5.large, mq.m5.large.
_RDS, _CACHE, _MQ = 1.28, 1.25, 1.25


def _by_ratio(usd: float, ratio: float) -> tuple[Price, Price]:
    return _both(usd, round(usd * ratio, 4), about=True)


#: A unit's name: its price in each of REGIONS.
_PRICES: Mapping[str, tuple[Price, Price]] = {
    "fargate ARM64 vCPU-hour": _both(0.03238, 0.03885),
    "fargate ARM64 GB-hour": _both(0.00356, 0.00426),
    "fargate X86_64 vCPU-hour": _both(0.04048, 0.04856),
    "fargate X86_64 GB-hour": _both(0.004445, 0.00532),
    "NAT gateway hour": _both(0.045, 0.059),
    "public IPv4 address hour": _everywhere(0.005),
    "interface endpoint and zone hour": _both(0.01, 0.013),
    "load balancer hour": _both(0.0225, 0.0252),
    "rds db.t4g.micro hour": _by_ratio(0.016, _RDS),
    "rds db.t4g.small hour": _by_ratio(0.032, _RDS),
    "rds db.t4g.medium hour": _by_ratio(0.065, _RDS),
    "rds db.t4g.large hour": _by_ratio(0.129, _RDS),
    "rds db.m7g.large hour": _by_ratio(0.168, _RDS),
    "rds db.m7g.xlarge hour": _by_ratio(0.337, _RDS),
    "rds db.r7g.large hour": _by_ratio(0.239, _RDS),
    "rds storage GB-month": _both(0.115, 0.138),
    "secret month": _everywhere(0.40),
    "KMS key month": _everywhere(1.0),
    "alarm metric month": _everywhere(0.10),
    "metric month": _everywhere(0.30),
    "dashboard month": _everywhere(3.0),
    "web ACL month": _everywhere(5.0),
    "web ACL rule month": _everywhere(1.0),
    "mq mq.t3.micro hour": _by_ratio(0.02704, _MQ),
    "mq mq.m5.large hour": _by_ratio(0.288, _MQ),
    "mq mq.m7g.medium hour": _by_ratio(0.1534, _MQ),
    "mq mq.m7g.large hour": _by_ratio(0.3067, _MQ),
    "valkey cache.t4g.micro hour": _by_ratio(0.0128, _CACHE),
    "valkey cache.t4g.small hour": _by_ratio(0.0256, _CACHE),
    "valkey cache.m7g.large hour": _by_ratio(0.1264, _CACHE),
    # A request of SQS or SNS carries up to ten messages, and 64 KiB.
    "sqs standard million requests": _both(0.40, 0.40, about=True),
    "sqs fifo million requests": _both(0.50, 0.50, about=True),
    "sns million publishes": _both(0.50, 0.50, about=True),
    "kafka serverless cluster hour": _both(0.75, 0.94, about=True),
}


def price(unit: str, region: str) -> Price | None:
    """What a unit costs; none where it is not known, which is not nothing."""
    known = _PRICES.get(unit)
    return known[REGIONS.index(region)] if known and region in REGIONS else None
