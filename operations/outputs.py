"""A stack that is up, as a command finds it: its outputs, and clients of the AWS that it is in.

The outputs are what `pulumi stack output` says, of the backend that the CLI is logged in to; of stack `local`, and of
stack `lab` while it is up on this machine, of the backend in its folder. AWS is reached with the credentials and the
endpoint of the environment; a stack on this machine has its own emulator.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.engine import stack_config
from local.folder import CHECKOUT, StackFolder, folder_of
from local.lab.place import STACK as LAB
from local.lab.place import lab_folder
from local.machine.emulator import Emulator
from local.machine.supervisor import Supervisor
from local.stack_settings import MachineSettings

LOCAL = "local"

#: botocore's: a service that is away is said to be away (seconds).
_CLIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})

#: What a call of AWS raises; each is one line for the person who called.
AwsError = (BotoCoreError, ClientError)


class NotDeployed(Exception):
    """The stack has no outputs that can be read, in a sentence that says why."""


@dataclass(frozen=True)
class Deployed:
    """A stack. `emulated` says that its AWS is the emulator of this machine, which lacks some of AWS's calls."""

    stack: str
    outputs: Mapping[str, Any]
    emulated: bool = False
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """A client of boto3 for the stack's AWS.

        Raises:
            NotDeployed: no region is known.
        """
        mine = self.variables
        region = mine.get("AWS_REGION") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise NotDeployed(f"the region of stack {self.stack} is not known: set AWS_REGION")
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=mine.get("AWS_ENDPOINT_URL"),
            aws_access_key_id=mine.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=mine.get("AWS_SECRET_ACCESS_KEY"),
            config=_CLIENT,
        )

    def text(self, output: str) -> str:
        """An output that is a text.

        Raises:
            NotDeployed: there is none of that name; the sentence names those that there are.
        """
        found = self.outputs.get(output)
        if not isinstance(found, str):
            raise NotDeployed(f"stack {self.stack} has no output {output}; it has {', '.join(sorted(self.outputs))}")
        return found


def deployed(stack: str, folder: StackFolder | None = None) -> Deployed:
    """The stack of that name; `folder` is where stack `local` lives, if not in the checkout.

    Raises:
        NotDeployed: it is not up, or Pulumi can't say.
    """
    region = str(stack_config(stack).get("aws:region", ""))
    if stack != LOCAL and not (stack == LAB and lab_folder().project.is_dir()):
        return Deployed(stack, _outputs(stack, CHECKOUT, {}), variables={"AWS_REGION": region})
    folder = folder or (lab_folder() if stack == LAB else folder_of(stack))
    if not folder.project.is_dir():
        raise NotDeployed(f"stack {stack} is not up on this machine: `make up` brings it up")
    backend = {
        "PULUMI_BACKEND_URL": folder.backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": folder.secret("passphrase"),
    }
    outputs = _outputs(stack, folder.project, backend)
    # The emulator listens where its queues are; where jobs are in another broker, where the file says.
    default = MachineSettings.model_fields["aws_port"].default
    port = urlsplit(outputs.get("queue_url", outputs.get("mailbox_url", ""))).port or int(
        stack_config(stack).get("local:awsPort", default)
    )
    emulator = Emulator(Supervisor(folder), port, region)
    return Deployed(stack, outputs, emulated=True, variables=emulator.agent_environment())


def _outputs(stack: str, folder: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    command = ["pulumi", "stack", "output", "--json", "--stack", stack, "--non-interactive"]
    quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true", **variables}
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, cwd=folder, env={**os.environ, **quiet}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise NotDeployed("there is no `pulumi` on PATH; the commands of `make` find the one that it made") from None
    if done.returncode:
        raise NotDeployed(f"pulumi knows no outputs of stack {stack}: {' '.join(done.stderr.split())}")
    outputs: dict[str, Any] = json.loads(done.stdout)
    if not outputs:
        raise NotDeployed(f"stack {stack} has no outputs: `pulumi up -s {stack}` makes them")
    return outputs
