"""Previews of the real engine: a program is brought up in the embedded cloud, and another is previewed over it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from infra.review import digest
from infra.review.preview import Preview
from local.engine import Engine
from local.folder import StackFolder
from tests.review.pairs import Program


@contextlib.contextmanager
def brought_up(before: Program, after: Program, stack: str = "test") -> Iterator[Engine]:
    """The engine of a stack where `before` is up, with `after` as its program."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        config = Path(root) / "config"
        config.mkdir()
        project = yaml.safe_dump({"name": "backlog", "runtime": "python"})
        (config / "Pulumi.yaml").write_text(project, encoding="utf-8")
        engine = Engine(stack, StackFolder(Path(root) / "stack"), {}, before, {"aws:region": "eu-central-1"}, config)
        with engine.opened() as opened:
            opened.up()
        engine.program = after
        yield engine


def digest_of(before: Program, after: Program, *, refresh: bool = False, stack: str = "test") -> str:
    """The digest of the preview of `after` where `before` is up."""
    with brought_up(before, after, stack) as engine:
        return engine.digest(refresh=refresh)


def previewed(before: Program, after: Program) -> Preview:
    """The preview as the review reads it."""
    return digest.read(digest_of(before, after))
