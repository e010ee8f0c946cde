"""`make review STACK=prod`: what a change of a stack does, and whether it is safe to approve.

0: the verdict is below what --fail-on names. 1: it is not. 2: nothing could be reviewed. 3: --check names another plan.
"""

import argparse
import gc
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.mistakes import Mistakes
from infra.review import costs, machine, markdown, page, policies, source, terminal
from infra.review.digest import NotAPreview
from infra.review.finding import Finding, Verdict
from infra.review.review import Review, review
from infra.review.saved import text_of
from infra.review.visible import visible

#: How a review is written, and the name of its file where there are several.
FORMATS: Final[Mapping[str, tuple[str, Callable[[Review], str]]]] = {
    "text": ("review.txt", terminal.write),
    "markdown": ("comment.md", markdown.write),
    "html": ("review.html", page.write),
    "json": ("review.json", machine.write),
}
_NEVER: Final = len(Verdict)
_FAIL_ON: Final = {"look": Verdict.LOOK, "dangerous": Verdict.DANGEROUS, "never": _NEVER}
_STACK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,2}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")
BELOW, AT_OR_ABOVE, UNREADABLE, ANOTHER = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    given = _parser().parse_args(arguments)
    try:
        found = _reviewed(given)
        _write(found, given.format, given.out, everything=given.all)
    except Mistakes as mistakes:
        return _refuse(mistakes.args)
    except (NotAPreview, costs.NotACostTable, _Wrong) as error:
        return _refuse([str(error)])
    except OSError as error:
        return _refuse([f"{error.filename or ''}: {error.strerror or error}".removeprefix(": ")])
    if given.check and given.check != found.fingerprint:
        _say(
            f"this is not the plan that was approved: that was {given.check}, and this is {found.fingerprint}. "
            "The program, its configuration or the stack changed since: read this review, and approve it anew."
        )
        return ANOTHER
    return AT_OR_ABOVE if found.verdict >= _FAIL_ON[given.fail_on] else BELOW


class _Wrong(ValueError):
    """The command was used wrongly; the sentence says how."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make review", description=__doc__.splitlines()[0])
    switch: dict[str, Any] = {"nargs": "?", "const": True, "default": False, "type": _switch, "metavar": "1"}
    parser.add_argument("--stack", type=_stack, help="its name")
    whence = parser.add_mutually_exclusive_group()
    whence.add_argument("--base", default="", help="a revision; main, as the remote has it, unless given")
    whence.add_argument("--live", **switch, help="over the stack as it is, with your credentials")
    whence.add_argument("--file", help="a saved digest of any program, `-` for standard input")
    parser.add_argument("--refresh", **{**switch, "default": True}, help="with --live: 0 does not ask what drifted")
    parser.add_argument("--events", help="a file of Pulumi's event stream: what policy packs said")
    parser.add_argument("--costs", help="a file: US dollars a month by URN or type, as JSON")
    parser.add_argument("--format", type=_formats, default=["text"], help=f"one, or several: {', '.join(FORMATS)}")
    parser.add_argument("--out", type=Path, help="a file; of several formats a folder")
    parser.add_argument("--all", **switch, help="in text, fold nothing")
    parser.add_argument("--fail-on", choices=_FAIL_ON, default="dangerous", help="the verdict that fails")
    parser.add_argument("--check", type=_fingerprint, help="the fingerprint that was approved")
    return parser


def _stack(text: str) -> str:
    if not _STACK.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no stack's name")
    return text


def _fingerprint(text: str) -> str:
    if not _FINGERPRINT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no fingerprint: it has 16 hexadecimal digits")
    return text


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")
    return text == "1"


def _formats(text: str) -> list[str]:
    found = list(dict.fromkeys(text.replace(",", " ").split()))
    if not found or not set(found) <= FORMATS.keys():
        raise argparse.ArgumentTypeError(f"{text!r}: there are {', '.join(FORMATS)}")
    return found


def _reviewed(given: argparse.Namespace) -> Review:
    if len(given.format) > 1 and not given.out:
        raise _Wrong("several formats need a folder: OUT=folder")
    prices = costs.table(text_of(given.costs)) if given.costs else {}
    said = _events(given.events) if given.events else []
    if given.file:
        taken = source.file(given.file, prices)
    elif not given.stack:
        raise _Wrong("name the stack (STACK=dev), or a saved digest (FILE=preview.json)")
    elif given.live:
        taken = source.live(given.stack, prices, refresh=given.refresh)
    elif "/" in given.stack:
        raise _Wrong(f"{given.stack} is a stack's name in Pulumi's backend; with a base it is that of its file")
    else:
        taken = source.compared(given.base, given.stack, prices)
    return review(taken.preview, [*taken.beside, *said], taken.origin)


def _events(file: str) -> list[Finding]:
    try:
        return list(policies.of_events(text_of(file)))
    except ValueError as error:
        raise _Wrong(f"{file}: {error}") from None


def _write(found: Review, formats: Sequence[str], out: Path | None, *, everything: bool) -> None:
    """To standard output, a file, or a file for each format in a folder; the verdict is told in any case."""
    if out is None:
        _print(_shown(found, everything=everything) if formats == ["text"] else FORMATS[formats[0]][1](found))
        return
    for name in formats:
        file, write = FORMATS[name]
        target = out / file if len(formats) > 1 else out
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(write(found), encoding="utf-8")
        _say(f"written to {target}")
    _print(f"{found.verdict.word}: {visible(found.why)}\nfingerprint {found.fingerprint}\n")


def _print(text: str) -> None:
    """What the terminal's encoding has no sign for is written out; whoever reads a pipe may stop before its end."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end


def _shown(found: Review, *, everything: bool) -> str:
    """For the terminal that it is written to; a pipe's lines are neither broken nor coloured."""
    if not sys.stdout.isatty():
        return terminal.write(found, everything=everything)
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return terminal.write(found, width=shutil.get_terminal_size().columns, colour=colour, everything=everything)


def _refuse(sentences: Sequence[str]) -> int:
    for sentence in sentences:
        _say(sentence)
    return UNREADABLE


def _say(sentence: str) -> None:
    sys.stderr.write(f"review: {visible(sentence)}\n")


if __name__ == "__main__":
    gc.disable()  # a digest's objects stay to the end: to look for garbage among them takes a fifth of the time
    sys.exit(main())
