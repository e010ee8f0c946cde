"""From a stack's configuration to `Settings`, or to every mistake in it at once."""

import json
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError

from infra.mistakes import Mistakes, sentences
from infra.settings.lab import LabSettings
from infra.settings.model import Model
from infra.settings.region import REGION
from infra.settings.stack import Settings

Read = TypeVar("Read", bound=Model)


def parse(config: Mapping[str, Any], secret: Collection[str] = ()) -> Settings:
    """Settings of the keys of the project's namespace, and `aws:region`; values of `secret` keys are never told.

    Raises:
        Mistakes: every key that is unknown, missing, of the wrong type, out of range or contradicts another.
    """
    return _parse(Settings, config, secret)


def parse_any(config: Mapping[str, Any]) -> Settings | LabSettings:
    """The same, for a stack that may have the queue practical alone."""
    return _parse(LabSettings, config, ()) if "only" in config else parse(config)


def load() -> Settings:
    """The settings of the stack that runs.

    Raises:
        pulumi.RunError: what `parse` found, a line each.
    """
    return _load(Settings)


def load_lab() -> LabSettings:
    """The same, of a stack that has the queue practical alone."""
    return _load(LabSettings)


def only_lab() -> bool:
    """Whether the stack that runs says that it has the queue practical alone."""
    return pulumi.Config().get("only") is not None


def _parse(model: type[Read], config: Mapping[str, Any], secret: Collection[str]) -> Read:
    try:
        return model.model_validate(dict(config), context={"secret": frozenset(secret)})
    except ValidationError as error:
        raise Mistakes(*sentences(error, model, secret)) from None


def _load(model: type[Read]) -> Read:
    namespace = f"{pulumi.get_project()}:"
    values = {
        key.removeprefix(namespace): _value(text)
        for key, text in {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}.items()
        if key.startswith(namespace)
    }
    secret = {key for key in values if runtime_config.is_config_secret(f"{namespace}{key}")}
    # As the provider itself finds it: the stack's configuration, else AWS_REGION.
    region = {REGION: aws.config.region} if aws.config.region else {}
    try:
        return _parse(model, {**values, **region}, secret)
    except Mistakes as mistakes:
        count = f"{len(mistakes.args)} mistake{'s' if len(mistakes.args) > 1 else ''}"
        lines = "\n".join(f"  - {sentence}" for sentence in mistakes.args)
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml has {count}:\n{lines}") from None


def _value(text: str) -> Any:
    """Lists and blocks reach a program as JSON; the rest stays text, which the types know how to read."""
    try:
        return json.loads(text) if text[:1] in ("[", "{") else text
    except ValueError:
        return text  # no block after all: its type says so
