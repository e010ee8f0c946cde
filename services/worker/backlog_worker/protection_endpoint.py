"""ECS's endpoint for the scale-in protection of one's own task.

Source: Amazon ECS Developer Guide, "Task scale-in protection endpoint"; ECS API Reference, UpdateTaskProtection.
"""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

_PATH = "/task-protection/v1/state"
#: Seconds for each of connecting and answering; the agent is on the same machine, and asks ECS.
_PATIENCE = 2


class Refused(Exception):
    """The task is not protected, or not released; says why."""


class ProtectionEndpoint:
    """The endpoint below `agent_uri`, which is what ECS sets as ECS_AGENT_URI."""

    def __init__(self, agent_uri: str) -> None:
        self._uri = urlsplit(agent_uri)

    def protect(self, minutes: int) -> None:
        """Protect the task for so many minutes from now.

        Raises:
            Refused: ECS says no (TASK_NOT_VALID, DEPLOYMENT_BLOCKED, ThrottlingException...), or there is no answer.
        """
        self._put({"ProtectionEnabled": True, "ExpiresInMinutes": minutes})

    def release(self) -> None:
        """End the protection.

        Raises:
            Refused: see above.
        """
        self._put({"ProtectionEnabled": False})

    def _put(self, wanted: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(self._uri.hostname or "", self._uri.port, timeout=_PATIENCE)
        try:
            connection.request(
                "PUT", f"{self._uri.path}{_PATH}", json.dumps(wanted), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(f"no answer: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        said = answer.get("protection") if isinstance(answer, dict) else None
        if not isinstance(said, dict) or said.get("ProtectionEnabled") is not wanted["ProtectionEnabled"]:
            raise Refused(f"HTTP {response.status}: {_why(answer)}")


def _why(answer: Any) -> str:
    """The failure's reason, or the error's code and message."""
    if isinstance(answer, dict):
        for kind in ("failure", "error"):
            if isinstance(said := answer.get(kind), dict):
                return " ".join(str(said[key]) for key in ("Reason", "Code", "Detail", "Message") if said.get(key))
    return "not an answer of ECS"
