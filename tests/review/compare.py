"""`python -m tests.review.compare` writes docs/review-compared.md: Pulumi's diff beside the review, change by change.

Both are of the real engine; what each states is looked for in its text by the words that stand here.
"""

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.review import digest, terminal
from infra.review.finding import Verdict
from infra.review.review import review
from local.cli import Cli
from tests.review.previewed import brought_up

DOCUMENT = Path(__file__).parents[2] / "docs" / "review-compared.md"


@dataclass(frozen=True)
class Asked:
    """What whoever approves must know, and the words, of either, that would say so."""

    question: str
    words: str


@dataclass(frozen=True)
class Case:
    """A pair, by the module and the name that it has, and what is to be known of it."""

    module: str
    pair: str
    asked: Sequence[Asked]


CASES = (
    Case(
        "stores",
        "a database is unprotected and replaced at once",
        (
            Asked("it is replaced", r"replace"),
            Asked("because of which property", r"replaced for:? engine"),
            Asked("its rows are gone", r"rows"),
            Asked("no snapshot is left", r"snapshot"),
            Asked("nothing refuses it any more", r"🔓|protect"),
            Asked("it can't be taken back", r"reverting does not undo"),
        ),
    ),
    Case(
        "services",
        "an image is bumped where no task need be healthy",
        (
            Asked("another image", r"sha256|digest"),
            Asked("which service runs it", r"(?i)ecs/service"),
            Asked("how many tasks are concerned", r"\b2 tasks"),
            Asked("there is a gap without any task", r"gap"),
            Asked("which setting makes it so", r"minimum healthy|deploymentMinimumHealthyPercent"),
        ),
    ),
    Case(
        "exposure",
        "a database gets a public address behind an open group",
        (
            Asked("which property", r"publiclyAccessible"),
            Asked("that the internet reaches it, and not only that it has an address", r"internet reaches"),
            Asked("on which port", r"\b5432\b"),
            Asked("what kept it off before", r"no way from the internet"),
        ),
    ),
    Case(
        "queues",
        "a queue hides messages for less than the worker counts on",
        (
            Asked("the number", r"60 (=>|->) 20"),
            Asked("whose number it disagrees with", r"TaskDefinition worker"),
            Asked("what happens to jobs", r"second worker"),
        ),
    ),
    Case(
        "permissions",
        "a statement is split, renamed and reordered",
        (
            Asked("the policy's text differs", r"(?i)policy"),
            Asked("that nobody may do more or less than before", r"needs no care"),
        ),
    ),
)


@dataclass(frozen=True)
class Compared:
    """A case, with what `pulumi preview --diff` and the review print of it."""

    case: Case
    verdict: Verdict
    diff: str
    review: str


def main() -> int:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"written to {DOCUMENT}\n")
    return 0


def document() -> str:
    """What the file should hold."""
    found = [_compared(case) for case in CASES]
    return "\n".join([*_head(found), *(line for one in found for line in _section(one))])


def _compared(case: Case) -> Compared:
    pairs = importlib.import_module(f"tests.review.pairs.{case.module}").PAIRS
    (pair,) = (pair for pair in pairs if pair.name == case.pair)
    cli = Cli(preview=("--diff", "--color=never"))
    with brought_up(pair.before, pair.after) as engine:
        with engine.opened(cli) as stack:
            stack.preview()
        found = review(digest.read(engine.digest()))
    return Compared(case, found.verdict, cli.printed, terminal.write(found))


_HEAD = """\
# The review beside `pulumi preview --diff`

Written by `python -m tests.review.compare`; a test says when it is out of date. Both are of Pulumi's engine on the same
two programs (tests/review/pairs/). A question counts as answered where the text has words that answer it, which stand
in tests/review/compare.py; the texts are below, to be judged. How much time it saves was not measured. The diff is the
better one for whole values, and for each property of what is new: the review folds both.

| change | verdict | lines of the diff | of the review | answered by the diff | by the review |
|---|---|---:|---:|---:|---:|"""


def _head(found: Sequence[Compared]) -> Iterator[str]:
    yield _HEAD
    for one in found:
        lines = f"{_lines(one.diff)} | {_lines(one.review)}"
        answers = " | ".join(
            f"{sum(_says(text, asked) for asked in one.case.asked)} of {len(one.case.asked)}"
            for text in (one.diff, one.review)
        )
        yield f"| [{one.case.pair}](#{_anchor(one.case.pair)}) | {one.verdict.word} | {lines} | {answers} |"
    yield ""


def _section(one: Compared) -> Iterator[str]:
    yield f"## {one.case.pair[0].upper()}{one.case.pair[1:]}"
    yield ""
    yield "| | `--diff` | review |"
    yield "|---|---|---|"
    for asked in one.case.asked:
        diff, ours = ("says it" if _says(text, asked) else "" for text in (one.diff, one.review))
        yield f"| {asked.question} | {diff} | {ours} |"
    yield ""
    yield "`pulumi preview --diff`, without the lines of identities:"
    yield ""
    yield from _quoted(line for line in one.diff.splitlines() if not re.match(r" *\[(urn|id|provider)=", line))
    yield "The review:"
    yield ""
    yield from _quoted(
        line for line in one.review.splitlines() if not line.startswith((" a preview from", "Fingerprint"))
    )


def _quoted(lines: Iterator[str]) -> Iterator[str]:
    yield "```text"
    yield from "\n".join(lines).strip("\n").splitlines()
    yield "```"
    yield ""


def _says(text: str, asked: Asked) -> bool:
    return re.search(asked.words, text) is not None


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(main())
