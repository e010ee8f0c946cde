"""What was declared in the embedded AWS, kept in a file: restarted, it has its queues, topics and secrets again.

Messages are not kept: the queue is a latency hint, and the database has every job.
"""

import io
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_SERVICES: Mapping[str, BackendDict[Any]] = {
    "sqs": sqs_backends,
    "sns": sns_backends,
    "secretsmanager": secretsmanager_backends,
}
#: The attributes of a service's backend that hold what was declared in it.
_DECLARED = {"sqs": ("queues",), "sns": ("topics", "subscriptions"), "secretsmanager": ("secrets",)}


class Declarations:
    """The file; `kept` puts it behind an application whose calls change what it holds."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def kept(self, application: Application) -> Application:
        """The application, which answers a call that declares something once that is written.

        Such calls come one after another: two would write one file, and the one what the other is changing.
        """

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if _of_messages(environ):
                return application(environ, start_response)
            with self._lock:
                body = list(application(environ, start_response))
                self.write()
            return body

        return answer

    def write(self) -> None:
        """Write what is declared now, in one step."""
        new = self._file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            _Pickler(handle).dump(
                [
                    (place, {name: getattr(backend, name) for name in _DECLARED[place[0]]})
                    for place, backend in _backends()
                ]
            )
        new.replace(self._file)

    def read(self) -> None:
        """Declare again what the file has; none yet is nothing."""
        if not self._file.is_file():
            return
        with self._file.open("rb") as handle:
            for place, declared in _Unpickler(handle).load():
                vars(_backend(place)).update(declared)


def _of_messages(environ: dict[str, Any]) -> bool:
    """SendMessage, ReceiveMessage and so on, by SQS's header; Publish, which SNS's clients say in the body."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return "Message" in target
    if "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return False
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return b"Action=Publish" in body


def _backends() -> Iterator[tuple[tuple[str, str, str], BaseBackend]]:
    for service, backends in _SERVICES.items():
        for account, region, backend in backends.iter_backends():
            yield (service, account, region), backend


def _backend(place: tuple[str, str, str]) -> BaseBackend:
    service, account, region = place
    backend: BaseBackend = _SERVICES[service][account][region]
    return backend


class _Pickler(pickle.Pickler):
    """Topics know their backend: of that, the place alone is written."""

    def persistent_id(self, thing: Any) -> Any:
        return next((place for place, backend in _backends() if backend is thing), None)


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, place: Any) -> Any:
        return _backend(place)
