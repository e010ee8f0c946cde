"""Resources from the program: Pulumi's engine brings the stack up in the embedded cloud, where nothing is made."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.policy import from_state
from infra.policy.resources import Stack
from local import stack_file
from local.engine import Engine, the_program
from local.folder import StackFolder
from local.stack_settings import settings_of


def declared(stack: str, config: Mapping[str, Any] | None = None, program: Callable[[], None] = the_program) -> Stack:
    """What a stack declares, every value known; `config` overrides its file's.

    Raises:
        Mistakes: there is no such stack, or all that is wrong with its file.
    """
    file = stack_file.read(stack)
    settings_of(replace(file, config={**file.config, **(config or {})}))
    folder = StackFolder(Path(tempfile.mkdtemp(prefix="backlog-")))
    try:
        engine = Engine(stack, folder, config=config or {}, program=program)
        with engine.opened() as opened:
            opened.up()
        return from_state.read({"deployment": engine.state()})
    finally:
        folder.remove()
