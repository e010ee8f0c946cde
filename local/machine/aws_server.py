"""The embedded AWS itself, moto in one process: `python -m local.machine.aws_server PORT FILE` (docs/adr/0002)."""

import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

from local.machine.declarations import Application, Declarations
from local.machine.faithful_sqs import CLIENT, mend


def main(port: int, file: Path) -> None:
    """Serve on loopback until the process is told to end, with all that was declared before."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each long poll would drown the rest
    mend()
    declarations = Declarations(file)
    declarations.read()
    application = _with_client(declarations.kept(DomainDispatcherApplication(create_backend_app)))
    run_simple("127.0.0.1", port, application, threaded=True)


def _with_client(application: Application) -> Application:
    """The application, which knows whose connection it answers."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        CLIENT.set(environ["werkzeug.socket"])
        return application(environ, start_response)

    return answer


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
