"""The review of stacks' changes: how fast it is on a large one, what it takes, and how often it is right."""

import importlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.review import digest
from infra.review.finding import Verdict
from infra.review.review import review
from local.engine import Engine
from local.folder import CHECKOUT, StackFolder
from tests.bench.figures import Figure
from tests.review.pairs import Pair
from tests.review.previewed import digest_of
from tests.servers import Servers

_RESOURCES = 5_000
_MB = 1_000_000
_URN = re.compile(r"(urn:pulumi:[^:\"]+::[^:\"]+::(?!pulumi:pulumi:Stack::)[^:\"]+(?::[^:\"]+)*::[^:\"]+)")
#: What the cloud makes up, in hexadecimal; a number is none.
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{7,}(?![0-9A-Za-z])")
_FORMATS = "text markdown html json"


def measure(_: Servers) -> list[Figure]:
    """A preview of thousands of resources in a fresh process; then each pair's verdict, which is printed too."""
    return [*_large(), *_verdicts()]


def _large() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="backlog-bench-") as root:
        file, number = Path(root) / "preview.json", _RESOURCES
        file.write_text(grown(_prod(), number), encoding="utf-8")
        mb = file.stat().st_size / _MB
        begun = time.process_time()
        json.loads(file.read_text(encoding="utf-8"))
        parsed = time.process_time() - begun
        took, memory = _reviewed(file, Path(root) / "written")
    what = f"review of a preview of {number:,} resources ({mb:.0f} MB), all formats, in a fresh process"
    yield Figure(what, f"{took:.2f} s", f"{parsed:.2f} s (JSON alone)", took, unit="s of a processor", at_most=3)
    yield Figure(
        "memory of that process at most", f"{memory:.0f} MB", f"{mb:.0f} MB of text", memory, "MB", at_most=500
    )


def _prod() -> str:
    """This project's own largest stack over a nearly empty one: most of its resources come, and some change."""
    with tempfile.TemporaryDirectory(prefix="backlog-bench-") as root:
        engine = Engine("prod", StackFolder(Path(root)))
        with engine.opened() as stack:
            stack.up()
        return engine.digest()


def grown(text: str, resources: int) -> str:
    """A digest many times over, with names and identities of their own; every tenth resource is made to change."""
    found = json.loads(text)
    first, *steps = found["steps"]
    times = -(-resources // len(steps))
    body = json.dumps(steps)
    several = [step for at in range(times) for step in json.loads(_another(body, at))][:resources]
    for at, step in enumerate(several):
        if at % 10 == 0 and step.get("oldState") and step.get("newState"):
            _change(step, at)
    return json.dumps({**found, "steps": [first, *several]}, indent=4, ensure_ascii=False)


def _another(text: str, at: int) -> str:
    named = _URN.sub(rf"\1-{at}", text)
    return _IDENTITY.sub(lambda found: f"{(int(found[0], 16) + at) % 16 ** len(found[0]):0{len(found[0])}x}", named)


def _change(step: dict[str, dict[str, dict[str, str]]], at: int) -> None:
    """A property more, with a sign that makes the whole text four bytes wide; now and then a replacement, or an end."""
    step["newState"]["inputs"] = {**step["newState"].get("inputs", {}), "description": f"changed {at} 🦊"}
    step |= {"op": "update", "diffReasons": ["description"]}  # type: ignore[dict-item]
    if at % 70 == 0:
        step |= {"op": "replace", "replaceReasons": ["description"]}  # type: ignore[dict-item]
    elif at % 110 == 0:
        step["op"] = "delete"  # type: ignore[assignment]
        del step["newState"]


def _reviewed(file: Path, into: Path) -> tuple[float, float]:
    """Seconds of processor time, as others may use this machine too; and megabytes at most."""
    command = [sys.executable, "-m", "infra.review", "--file", str(file), "--format", _FORMATS, "--out", str(into)]
    # By a process between: a child's memory is counted from what its parent had when it was made.
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, *command, "--fail-on", "never"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    used = json.loads(done.stdout.splitlines()[-1])
    return used["seconds"], used["memory"] * (1 if sys.platform == "darwin" else 1_024) / _MB


_WATCH = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss}))
"""


@dataclass(frozen=True)
class Judged:
    """A pair's verdict, and the review's."""

    name: str
    expected: Verdict
    got: Verdict


def _verdicts() -> list[Figure]:
    modules = sorted(file.stem for file in (CHECKOUT / "tests/review/pairs").glob("[a-z]*.py"))
    todo = [(module, at) for module in modules for at in range(len(_pairs(module)))]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as processes:
        judged = list(processes.map(_judged, todo))
    _show(judged)
    dangerous = [one for one in judged if one.expected is Verdict.DANGEROUS]
    caught = [one for one in dangerous if one.got is Verdict.DANGEROUS]
    others = [one for one in judged if one.expected is not Verdict.DANGEROUS]
    alarms = [one for one in others if one.got is Verdict.DANGEROUS]
    exact = [one for one in judged if one.got is one.expected]
    return [
        Figure(
            "dangerous changes that are called so (recall)",
            f"{len(caught)} of {len(dangerous)}",
            "",
            100 * len(caught) / max(1, len(dangerous)),
            unit="%",
            at_least=100,
        ),
        Figure("others that are called dangerous", f"{len(alarms)} of {len(others)}", "", len(alarms), "", at_most=0),
        Figure(
            "verdicts that are a careful engineer's",
            f"{len(exact)} of {len(judged)}",
            "",
            100 * len(exact) / max(1, len(judged)),
            unit="%",
        ),
    ]


def _pairs(module: str) -> Sequence[Pair]:
    found: Sequence[Pair] = importlib.import_module(f"tests.review.pairs.{module}").PAIRS
    return found


def _judged(which: tuple[str, int]) -> Judged:
    module, at = which
    pair = _pairs(module)[at]
    got = review(digest.read(digest_of(pair.before, pair.after))).verdict
    return Judged(f"{module}: {pair.name}", pair.verdict, got)


def _show(judged: Sequence[Judged]) -> None:
    table = Table("pair", "expected", "got", "", box=None, pad_edge=False, header_style="bold")
    for one in judged:
        wrong = "" if one.got is one.expected else "[bold red]differs[/]"
        table.add_row(one.name, one.expected.word, one.got.word, wrong)
    Console(width=160).print(table)
