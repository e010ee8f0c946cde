"""Resources from the program: Pulumi's engine brings the stack up in the embedded cloud, where nothing is made."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.policy import from_state
from infra.policy.resources import Stack
from local.engine import Engine, stack_config, the_program
from local.folder import StackFolder


def declared(stack: str, config: Mapping[str, Any] | None = None, program: Callable[[], None] = the_program) -> Stack:
    """What a stack declares, every value known; `config` overrides its file's.

    Raises:
        ValueError: there is no such stack.
    """
    if not stack_config(stack):
        raise ValueError(f"there is no such stack: Pulumi.{stack}.yaml does not exist")
    folder = StackFolder(Path(tempfile.mkdtemp(prefix="backlog-")))
    try:
        with Engine(stack, folder, config=config or {}, program=program).opened() as opened:
            opened.up()
            return from_state.read({"deployment": opened.export_stack().deployment})
    finally:
        folder.remove()
