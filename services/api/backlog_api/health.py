"""`python -m backlog_api.health`: exit code 0 when the API of this container answers."""

import http.client
import os
import sys


def main() -> int:
    """Ask for /api/v1/health."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "6400")), timeout=4)
    try:
        connection.request("GET", "/api/v1/health")
        status = connection.getresponse().status
    except OSError as error:
        sys.stderr.write(f"the API does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
