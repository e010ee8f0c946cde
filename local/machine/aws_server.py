"""The embedded AWS itself, moto in one process: `python -m local.machine.aws_server PORT` (docs/adr/ says why moto)."""

import logging
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def main() -> None:
    """Serve on loopback until the process is told to end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each long poll would drown the rest
    run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=True)


if __name__ == "__main__":
    main()
