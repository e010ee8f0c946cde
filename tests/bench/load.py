"""A bounded load on loopback, by wrk."""

import re
import shutil
import subprocess
import sys
import tempfile
from statistics import median

#: Twice as many as the server has threads: none of them waits for the client.
CONNECTIONS = 16
#: Of what is measured in turns, so that a busy moment of the machine meets all of it; the median counts.
ROUNDS, _SECONDS = 3, 3
_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


def per_second(
    url: str,
    *,
    method: str = "GET",
    body: str = "",
    headers: dict[str, str] | None = None,
    at_most: int = 0,
    seconds: int = _SECONDS,
) -> float:
    """Requests a second, as counted in so many seconds.

    `at_most` is how many bytes an answer may have on the average, where that tells whether it is the one that is meant:
    a look at each of them would cost wrk as much as the request.

    Raises:
        SystemExit: there is no wrk, an answer was an error, or they were larger.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("bench: install wrk (Debian: apt install wrk; macOS: brew install wrk), then try again")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "{method}"\nwrk.body = [[{body}]]\n')
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            script.write(f"wrk.headers[{name!r}] = [[{value}]]\n")
        script.flush()
        load = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name, url]
        said = subprocess.run(load, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"bench: {method} {url} was not answered well:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    read = re.search(r"(\d+) requests in .*, ([\d.]+)([KMG]?B) read", said)
    if rate is None or read is None:
        sys.exit(f"bench: wrk said something else:\n{said}")
    if at_most and float(read[2]) * _UNITS[read[3]] > at_most * int(read[1]):
        sys.exit(f"bench: {method} {url} was answered at greater length than {at_most} bytes:\n{said}")
    return float(rate[1])


def in_turns(ours: str, theirs: str, **what: str) -> tuple[float, float]:
    """The medians of a few rounds of both, in turns, so that a busy moment of the machine meets both."""
    rounds = [(per_second(ours, **what), per_second(theirs, **what)) for _ in range(ROUNDS)]  # type: ignore[arg-type]
    return median(one for one, _ in rounds), median(other for _, other in rounds)
