"""The variables of whoever runs a command: those for Pulumi, AWS and proxies would steer the embedded cloud too."""

import contextlib
import os
import re
from collections.abc import Iterator

#: Their backend, passphrase, profile and endpoint are for AWS; here all is loopback, and set by us.
_THEIRS = re.compile(r"(PULUMI|AWS)_.*|(HTTPS?|ALL|NO|FTP|GRPC)_PROXY", re.IGNORECASE)


@contextlib.contextmanager
def of_our_own() -> Iterator[None]:
    """This process, and what it starts, without those variables, as long as the context lasts."""
    theirs = {name: value for name, value in os.environ.items() if _THEIRS.fullmatch(name)}
    for name in theirs:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(theirs)
