"""The embedded AWS of a stack: starts it, and gives clients of its SQS, SNS and Secrets Manager."""

import sys
import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from local.machine.supervisor import Program, Supervisor, until

NAME = "aws"
_ACCESS_KEY = _SECRET_KEY = "embedded"  # noqa: S105 - moto asks for a key and takes any


class Emulator:
    """Clients of the embedded AWS; it is started at the first one."""

    def __init__(self, supervisor: Supervisor, port: int, region: str) -> None:
        self._supervisor = supervisor
        self.port = port
        self.region = region
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def agent_environment(self) -> dict[str, str]:
        """What ECS's agent gives a container beside its definition: credentials, here with the embedded endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    @property
    def sqs(self) -> Any:
        """The SQS of this stack."""
        return self._started("sqs")

    @property
    def sns(self) -> Any:
        """The SNS of this stack."""
        return self._started("sns")

    @property
    def secrets(self) -> Any:
        """The Secrets Manager of this stack."""
        return self._started("secretsmanager")

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            self.client("sqs").list_queues(MaxResults=1)
        except Exception:  # noqa: BLE001 - whatever it is, it is no answer
            return False
        return True

    def _started(self, service: str) -> Any:
        """A client of an embedded AWS that answers: one that was killed since the last call is started anew."""
        with self._lock:
            if not self.answers():
                file = self._supervisor.folder.root / "aws.declared"
                command = [sys.executable, "-m", "local.machine.aws_server", str(self.port), str(file)]
                self._supervisor.run(Program(NAME, command, stop_seconds=5))
                until(self.answers, f"the embedded AWS does not answer on 127.0.0.1:{self.port}")
        return self.client(service)

    @cache  # noqa: B019 - as many clients as services, for as long as the command runs
    def client(self, service: str) -> Any:
        """A client, whether the embedded AWS is up or not."""
        config = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 2})
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=_ACCESS_KEY,
            aws_secret_access_key=_SECRET_KEY,
            config=config,
        )
