"""Where domain events go, and who is told of them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from infra.settings.model import Model

#: The types of the events (docs/events/); the services' own list is backlog_todos.events.TYPES.
EventType = Literal["todo.created", "todo.updated", "todo.completed", "todo.deleted", "calendar.published"]


class SubscriptionSettings(Model):
    """One subscription to the topic of domain events."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=30)] = Field(
        description="its name, and that of its queue; kept when the list changes"
    )
    protocol: Literal["sqs", "email", "https"] = Field(
        description="how SNS delivers: to a queue of its own that the stack makes, by mail, or by HTTPS"
    )
    endpoint: str | None = Field(default=None, description="the address of the mail, or the URL; none with sqs")
    types: tuple[EventType, ...] = Field(default=(), description="which events; all of them when it is empty")
    filter_on: Literal["MessageAttributes", "MessageBody"] = Field(
        default="MessageAttributes", description="where SNS looks for the type: both hold it"
    )
    raw: bool = Field(default=False, description="deliver the event alone, without SNS's envelope; not by mail")

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        if self.protocol == "sqs" and self.endpoint is not None:
            yield f"{self.name}: protocol sqs makes a queue of its own: leave endpoint out"
        if self.protocol == "email" and "@" not in (self.endpoint or ""):
            yield f"{self.name}: protocol email needs a mail address as its endpoint, not {self.endpoint}"
        if self.protocol == "https" and not (self.endpoint or "").startswith("https://"):
            yield f"{self.name}: protocol https needs an https:// URL as its endpoint, not {self.endpoint}"
        if self.protocol == "email" and self.raw:
            yield f"{self.name}: raw does not go with protocol email: a mail is text in SNS's own words"


class EventsSettings(Model):
    """Domain events: what happened to todos and calendars, told at least once."""

    streams: tuple[Literal["sns", "kafka"], ...] = Field(
        default=("sns",),
        description="where domain events go: sns, kafka (MSK Serverless, about $550 a month), or both; with `[]` none "
        "are written. Workers tell them: with worker.minCount 0 they wait until one runs",
    )
    kafka_login: Literal["iam", "none"] = Field(
        default="iam", description="how the worker logs in to Kafka; none on one machine, where it is loopback"
    )
    subscriptions: tuple[SubscriptionSettings, ...] = Field(default=(), description="who is told of them by SNS")

    def called_services(self) -> tuple[str, ...]:
        """What tasks call in AWS for their sake, by the names of the services' endpoints."""
        return tuple(stream for stream in self.streams if stream == "sns")

    def contradictions(self) -> Iterator[str]:
        """See Model."""
        yield from super().contradictions()
        if len(set(self.streams)) < len(self.streams):
            yield f"streams {list(self.streams)} names one twice"
        names = [subscription.name for subscription in self.subscriptions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            yield f"subscriptions: {', '.join(twice)} is the name of more than one"
        if self.subscriptions and "sns" not in self.streams:
            yield f"subscriptions ({', '.join(names)}) are of SNS's topic, and streams {list(self.streams)} has no sns"
