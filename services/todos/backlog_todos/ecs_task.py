"""Which ECS task this process belongs to, as ECS itself tells each container."""

import http.client
import json
import os
from functools import cache
from urllib.parse import urlsplit

_PATIENCE = 1  # seconds; the metadata is served on the same machine


@cache
def identity() -> dict[str, str]:
    """`ecs_task`, the id that the console shows too; empty where there is no ECS, or it does not answer.

    Source: Amazon ECS Developer Guide, "Task metadata endpoint version 4" (ECS_CONTAINER_METADATA_URI_V4).
    """
    uri = urlsplit(os.environ.get("ECS_CONTAINER_METADATA_URI_V4", ""))
    if not uri.hostname:
        return {}
    connection = http.client.HTTPConnection(uri.hostname, uri.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{uri.path}/task")
        arn = json.loads(connection.getresponse().read())["TaskARN"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return {}
    finally:
        connection.close()
    return {"ecs_task": str(arn).rsplit("/", 1)[-1]}
