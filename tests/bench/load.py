"""A bounded load on loopback, by wrk."""

import re
import shutil
import subprocess
import sys
import tempfile
from statistics import median

CONNECTIONS = 8
_ROUNDS, _SECONDS = 3, 3
#: Counted in wrk's own thread, and told at the end.
_ONLY = """
wrong = 0
function setup(thread) thread:set("id", 1); only = thread end
function response(status) if status ~= {status} then wrong = wrong + 1 end end
function done() if only:get("wrong") > 0 then io.write("wrong answers: " .. only:get("wrong") .. "\\n") end end
"""


def per_second(
    url: str,
    *,
    method: str = "GET",
    body: str = "",
    headers: dict[str, str] | None = None,
    answers: int = 0,
    seconds: int = _SECONDS,
) -> float:
    """Requests a second, as counted in so many seconds.

    `answers` is the status that each has to have, where that is not any 2xx or 3xx.

    Raises:
        SystemExit: there is no wrk, or an answer was an error.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("bench: install wrk (Debian: apt install wrk; macOS: brew install wrk), then try again")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "{method}"\nwrk.body = [[{body}]]\n')
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            script.write(f"wrk.headers[{name!r}] = [[{value}]]\n")
        if answers:
            script.write(_ONLY.format(status=answers))
        script.flush()
        load = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name, url]
        said = subprocess.run(load, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "wrong answers" in said or "Socket errors" in said:
        sys.exit(f"bench: {method} {url} was not answered well:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None:
        sys.exit(f"bench: wrk said something else:\n{said}")
    return float(found[1])


def in_turns(ours: str, theirs: str, **what: str) -> tuple[float, float]:
    """The medians of a few rounds of both, in turns, so that a busy moment of the machine meets both."""
    rounds = [(per_second(ours, **what), per_second(theirs, **what)) for _ in range(_ROUNDS)]  # type: ignore[arg-type]
    return median(one for one, _ in rounds), median(other for _, other in rounds)
