"""Pulumi.STACK.yaml as it was written: what it says, on which line, and all that is wrong with its form."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from infra.mistakes import Mistakes
from local.folder import CHECKOUT

#: What Pulumi knows at the top of the file (Pulumi's documentation, "Stack settings file reference").
_BLOCKS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
#: Whose settings a stack of this project has: the project's own (added to these), the providers', and this machine's.
_NAMESPACES = ("aws", "docker", "local", "pulumi")


@dataclass(frozen=True)
class StackFile:
    """A stack's configuration, and the line of each key; `config` holds what stands under `config:`."""

    name: str
    project: str
    config: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def told(self, sentences: Iterator[str]) -> Iterator[str]:
        """The sentences about this file, in the order of its lines, with file and line in front.

        Each begins with the key that it is about, without the project's namespace: `database.port: ...`.
        """
        placed = [(self._line(sentence), sentence) for sentence in sentences]
        for line, sentence in sorted(placed, key=lambda found: found[0]):
            yield f"{self.name}, line {line}: {sentence}" if line else f"{self.name}: {sentence}"

    def over(self, block: str, key: str, value: Any) -> "StackFile":
        """This file with another value of a key of a block, as if it were written there."""
        name = f"{self.project}:{block}"
        written = self.config.get(name)
        return replace(
            self, config={**self.config, name: {**(written if isinstance(written, dict) else {}), key: value}}
        )

    def _line(self, sentence: str) -> int:
        """The line of the longest key that the sentence begins with: a missing one is told at its block; 0 is none."""
        about = [key for key in self.lines if re.match(rf"{re.escape(key)}[.: ]", sentence)]
        return self.lines[max(about, key=len)] if about else 0


def read(stack: str, folder: Path = CHECKOUT) -> StackFile:
    """The file of a stack.

    Raises:
        Mistakes: there is no such stack, or the file is not what Pulumi takes for one.
    """
    name = f"Pulumi.{stack}.yaml"
    path = folder / name
    if not re.fullmatch(r"[\w-][\w.-]*", stack) or not path.is_file():
        stacks = sorted(file.name.split(".", 1)[1].removesuffix(".yaml") for file in folder.glob("Pulumi.*.yaml"))
        raise Mistakes(f"there is no stack {stack!r}: {name} does not exist; there are {', '.join(stacks)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Mistakes(f"{name} can't be read: {error.strerror}") from None
    try:
        tree = yaml.compose(text := content.decode(), Loader=yaml.SafeLoader)
        written = yaml.safe_load(text)
        placed, twice = list(_lines(tree)), list(_twice(name, tree))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Mistakes(
            f"{name}, line {line}: byte {content[error.start]:#04x} is not UTF-8; save the file in UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Mistakes(f"{name}, line {mark.line + 1 if mark else 1}: this is no YAML: {error.problem}") from None
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # a control character, an alias of itself
        raise Mistakes(f"{name}: this is no YAML: {' '.join(str(error).split())}") from None
    project = str(yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    lines = {re.sub(rf"^(config\.)?({project}:)?", "", key): line for key, line in placed}
    file = StackFile(name, project, (written.get("config") if isinstance(written, dict) else None) or {}, lines)
    if found := [*twice, *file.told(_shape(written, project))]:
        raise Mistakes(*found)
    return file


def _shape(written: Any, project: str) -> Iterator[str]:
    """What is not a stack file's: its blocks, and the keys of `config`."""
    if written is None:
        return  # an empty file; each setting that is missing will be told
    if not isinstance(written, dict):
        yield f"this is no stack file: it must begin with a line `config:`, and not be {_kind(written)}"
        return
    for block in written:
        if block not in _BLOCKS:
            yield f"{block}: Pulumi knows no such block{_near(block, _BLOCKS)}"
    config = written.get("config")
    if config is not None and not isinstance(config, dict):
        yield f"config: must be lines `{project}:key: value`, and not {_kind(config)}"
        return
    namespaces = (project, *_NAMESPACES)
    for key in config or {}:
        namespace, colon, _ = str(key).partition(":")
        if not colon:
            yield f"{key}: a key has its namespace in front: {project}:{key}"
        elif namespace not in namespaces:
            yield f"{key}: there is no namespace {namespace} here{_near(namespace, namespaces)}"


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", bool: "true or false"}.get(type(value), f"{value!r}")


def _near(word: Any, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(word), known, n=1)
    return f"; did you mean {near[0]}?" if near else f": {', '.join(known)}"


def _lines(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
    """The path of each key, and its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                here = f"{path}.{key.value}" if path else key.value
                yield here, key.start_mark.line + 1
                yield from _lines(value, here)


def _twice(name: str, node: yaml.Node | None) -> Iterator[str]:
    """A key that a block has twice: Pulumi refuses it, PyYAML would take the last."""
    if isinstance(node, yaml.MappingNode):
        first = dict[str, int]()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first:
                yield f"{name}, line {line}: {key.value} is on line {first[key.value]} already; take one of them out"
            if isinstance(key, yaml.ScalarNode):
                first.setdefault(key.value, line)
            yield from _twice(name, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(name, value)
