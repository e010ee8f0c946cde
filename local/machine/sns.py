"""SNS topics and subscriptions, in the embedded AWS."""

from botocore.exceptions import ClientError

from local.machine.emulator import Emulator
from local.provider.properties import Bag
from local.resources import Resource

#: Pulumi's property -> SNS's attribute (SNS API Reference, SetSubscriptionAttributes).
_SUBSCRIPTION = {
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
}


class Topics:
    """aws.sns.Topic."""

    def __init__(self, aws: Emulator) -> None:
        self._aws = aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        fifo = {
            "FifoTopic": "true",
            "ContentBasedDeduplication": str(bool(outputs.get("contentBasedDeduplication"))).lower(),
        }
        arn = self._aws.sns.create_topic(Name=outputs["name"], Attributes=fifo if outputs.get("fifoTopic") else {})[
            "TopicArn"
        ]
        return {**outputs, "id": arn, "arn": arn}

    def alive(self, state: Bag) -> bool:
        try:
            self._aws.sns.get_topic_attributes(TopicArn=state["id"])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NotFound", "ResourceNotFound"):
                return False
            raise
        return True

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        return {**outputs, "arn": old["arn"]}

    def delete(self, state: Bag) -> None:
        self._aws.sns.delete_topic(TopicArn=state["id"])


class Subscriptions:
    """aws.sns.TopicSubscription."""

    def __init__(self, aws: Emulator) -> None:
        self._aws = aws

    def create(self, resource: Resource, outputs: Bag) -> Bag:
        arn = self._aws.sns.subscribe(
            TopicArn=outputs["topic"],
            Protocol=outputs["protocol"],
            Endpoint=outputs["endpoint"],
            Attributes=_attributes(resource.inputs),
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return {**outputs, "id": arn, "arn": arn}

    def alive(self, state: Bag) -> bool:
        try:
            self._aws.sns.get_subscription_attributes(SubscriptionArn=state["id"])
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NotFound", "ResourceNotFound"):
                return False
            raise
        return True

    def update(self, resource: Resource, old: Bag, outputs: Bag) -> Bag:
        for name, value in _attributes(resource.inputs).items():
            self._aws.sns.set_subscription_attributes(
                SubscriptionArn=old["id"], AttributeName=name, AttributeValue=value
            )
        return {**outputs, "arn": old["arn"]}

    def delete(self, state: Bag) -> None:
        if self.alive(state):
            self._aws.sns.unsubscribe(SubscriptionArn=state["id"])


def _attributes(inputs: Bag) -> dict[str, str]:
    values = {attribute: inputs.get(name) for name, attribute in _SUBSCRIPTION.items()}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }
