"""Which technology it is: by the scheme of its URL, and a topic of SNS by its ARN."""

from urllib.parse import urlsplit

from backlog_lab.failures import LabError
from backlog_lab.queue import Queue
from backlog_lab.technologies.mailbox import Mailbox, Terms
from backlog_lab.technologies.topic import Topic

#: All but SQS, and what their clients are installed by.
SCHEMES = ("amqp", "amqps", "redis", "rediss", "kafka")
_HOW = "install backlog-lab[technologies]"


def opened(name: str, endpoint_url: str | None, region: str | None, terms: Terms) -> Mailbox:
    """A queue by its name.

    Raises:
        LabError: it is not there, or can't be reached.
    """
    scheme = urlsplit(endpoint_url or "").scheme
    if scheme not in SCHEMES:
        return (
            Topic(name, endpoint_url, region) if _topic(name) else Queue(name, endpoint_url, region, terms.visibility)
        )
    url = str(endpoint_url)
    # A client is imported where it is used: the lab's image has none of them.
    try:
        match "redis" if scheme.startswith("redis") else scheme.removesuffix("s"):
            case "amqp":
                from backlog_lab.technologies.rabbitmq import RabbitMq  # noqa: PLC0415

                return RabbitMq(url, name, terms)
            case "redis":
                from backlog_lab.technologies.valkey import Valkey  # noqa: PLC0415

                return Valkey(url, name, terms)
            case _:
                from backlog_lab.technologies.kafka import Kafka  # noqa: PLC0415

                return Kafka(url, name, terms)
    except ModuleNotFoundError as missing:
        raise LabError(f"{scheme} needs the package {missing.name}, which is not installed: {_HOW}") from None


def _topic(name: str) -> bool:
    return name.startswith("arn:") and ":sns:" in name
