"""All technologies, running for as long as a block lasts, in a folder that goes with it."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.folder import StackFolder
from local.lab.servers import KINDS, LabServers, Ports
from local.lab.technologies import Technology, technologies
from local.machine.emulator import Emulator
from local.machine.ports import free_port
from local.machine.supervisor import Supervisor

_REGION = "us-east-1"


@contextlib.contextmanager
def running(kinds: Sequence[str] = KINDS) -> Iterator[list[Technology]]:
    """Start SQS and SNS, and servers of these kinds; this process, and what it starts, finds them by its environment.

    Raises:
        ResourceError: a server is not installed; what to install.
    """
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        folder = StackFolder(Path(root) / "lab")
        folder.make()
        supervisor = Supervisor(folder)
        ports = Ports(*(free_port() for _ in range(3)))
        aws = Emulator(supervisor, ports.aws, _REGION)
        before = dict(os.environ)
        try:
            urls = LabServers(folder, ports).started(kinds)
            os.environ.update(aws.agent_environment() | urls)
            yield technologies(aws, urls)
        finally:
            os.environ.clear()
            os.environ.update(before)
            supervisor.shut_down()
