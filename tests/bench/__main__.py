"""`python -m tests.bench [NAME ...]`: measures, prints a table and writes it to .backlog/bench.json.

Every figure is a ratio of two things measured in one run, in turns, on the same servers; or says that it is not.
"""

import importlib
import sys
from pathlib import Path

from tests.bench.figures import Figure, show, write
from tests.servers import running_servers

NAMES = ("requests", "builds", "bursts", "feeds", "memory", "images", "review")
_WRITTEN = Path(".backlog") / "bench.json"


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; 1 when a goal is not met."""
    if unknown := set(names) - set(NAMES):
        sys.stderr.write(f"bench: there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}\n")
        return 2
    figures: list[Figure] = []
    with running_servers() as servers:
        for name in names or NAMES:
            sys.stderr.write(f"bench: {name}\n")
            figures += importlib.import_module(f"tests.bench.{name}").measure(servers)
    show(figures)
    write(figures, _WRITTEN)
    sys.stderr.write(f"bench: written to {_WRITTEN}\n")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
