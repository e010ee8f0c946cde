"""What is wrong with a configuration, in sentences for whoever wrote it; and the numbers that it is written with."""

import re
from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.alias_generators import to_camel

#: Mistakes of which a sentence tells keys and no value.
_OF_KEYS = ("extra_forbidden", "unexpected_keyword_argument", "missing", "missing_argument")
_SUBJECT = re.compile(r"^(Value error, |Input |String )")


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {str(value).lower()}")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


#: Numbers for which YAML's `true` does not pass as 1. Text that is a number is one: `pulumi config set` stores text.
Whole = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool)]


class Contradictions(ValueError):
    """Values that disagree, a sentence for each pair; `args` are the sentences."""

    def __str__(self) -> str:
        return "; ".join(self.args)


class Mistakes(Exception):
    """Everything that is wrong, a sentence each; `args` are the sentences."""


def sentences(error: ValidationError, model: type[BaseModel], secret: Collection[str] = ()) -> Iterator[str]:
    """Each mistake that validation found, with the place where it is written and what would be right.

    Of the settings that are `secret`, the place alone is told.
    """
    for mistake in error.errors():
        where = ".".join(str(step) for step in mistake["loc"])
        prefix = f"{where}: " if where else ""
        found = mistake.get("ctx", {}).get("error")
        if mistake["loc"][:1] and mistake["loc"][0] in secret and mistake["type"] not in _OF_KEYS:
            yield f"{prefix}is wrong; it is a secret, so that its value is not shown"
        elif isinstance(found, Contradictions):
            yield from (f"{prefix}{sentence}" for sentence in found.args)
        else:
            yield f"{prefix}{_reason(mistake, model)}"


def _reason(mistake: Any, model: type[BaseModel]) -> str:
    match mistake["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            *block, name = mistake["loc"]
            near = get_close_matches(str(name), _names(model, block), n=1)
            return "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
        case "missing" | "missing_argument":
            return "is missing"
        case "string_pattern_mismatch":
            return f"{mistake['input']!r} is not of the form {mistake['ctx']['pattern']}"
        case "dataclass_type" | "model_type":
            return f"must be a block of settings, not {mistake['input']!r}"
        case "value_error":
            return _SUBJECT.sub("", str(mistake["msg"]))
    return f"{_SUBJECT.sub('', mistake['msg'])}, not {mistake['input']!r}"


def _names(model: Any, block: list[Any]) -> list[str]:
    """The settings that a block, given by its path, has."""
    if is_dataclass(model):
        return [to_camel(field.name) for field in fields(model)]
    for name, field in model.model_fields.items():
        if block and to_camel(name) == block[0]:
            return _names(_block(field.annotation), block[1:])
    return [to_camel(name) for name in model.model_fields]


def _block(annotation: Any) -> Any:
    """The block itself, where it may be left out (`Block | None`)."""
    return next((kind for kind in get_args(annotation) if kind is not type(None)), annotation)
