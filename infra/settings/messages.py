"""What all queues have in common."""

from typing import Literal

from pydantic import Field

from infra.settings.model import Model


class MessagesSettings(Model):
    """How messages are kept."""

    encryption: Literal["sqs", "kms"] = Field(
        default="sqs",
        description="what encrypts queues: keys of SQS's own, or one of the stack's ($1 a month; its use is logged)",
    )
