"""Many clients at once, each with its own connection."""

import http.client
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

Ask = Callable[[str, str, Any], tuple[int, Any]]


def asking(url: str) -> Ask:
    """A client of a server: method, path and body (as JSON) -> status and answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    return ask


def put_all(url: str, paths: Iterable[str], body: Any, clients: int) -> None:
    """PUT the body to every path, by so many clients at once.

    Raises:
        AssertionError: an answer that is not 200.
    """
    everything = [*paths]
    shares = [everything[at::clients] for at in range(clients)]

    def work(share: list[str]) -> None:
        ask = asking(url)
        for path in share:
            status, answer = ask("PUT", path, body)
            assert status == 200, answer

    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(work, share) for share in shares]:
            done.result()
