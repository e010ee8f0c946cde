"""A review as the comment of a pull request.

Names and values are anybody's: nothing in them may become a link, a mention, a reference or markup on the page.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from infra.review import counts
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.review import Review
from infra.review.visible import cut, visible
from operations.github_api import LONGEST as _OF_A_COMMENT
from operations.review_marker import Marker

#: Characters; the comment's own lines come to it (operations/review_comment.py).
LONGEST: Final = _OF_A_COMMENT - 1_024
_ICONS: Final = {Verdict.DANGEROUS: "🛑", Verdict.LOOK: "👀", Verdict.SAFE: "✅"}
#: Where there is no room for all, what a reader misses least comes last.
_MISSED_LEAST: Final = (
    Section.CAUSES,
    Section.COST,
    Section.POLICY,
    Section.BLIND_SPOTS,
    Section.CHANGES,
    Section.NOISE,
)
_TITLE, _LINE, _NAME, _LINES = 600, 300, 100, 40  # characters of each; lines of a finding
_UNKNOWN: Final = "unknown"


def write(review: Review) -> str:
    """The marker, the verdict, a table of what was found, and each section, folded unless it is dangerous."""
    head = "\n".join(_head(review))
    room = LONGEST - _length(head)
    blocks, dropped = dict[Section, str](), list[str]()
    for section in sorted((one for one in Section if review.of(one)), key=lambda one: _importance(review, one)):
        block, left_out = _fitting(section, review.of(section), room - _NOTE)
        if block:
            blocks[section] = block
            room -= _length(block)
        if left_out:
            dropped.append(left_out)
    note = f"\nLeft out, as a comment has {_OF_A_COMMENT:,} characters: {'; '.join(dropped)}.\n" if dropped else ""
    return "".join([head, *(blocks[section] for section in Section if section in blocks), note])


#: Characters kept for the note of what was left out: at most a sentence for each section.
_NOTE: Final = 2_000


def _head(review: Review) -> Iterator[str]:
    stack, commit = review.preview.stack, review.origin.commit
    yield str(
        Marker(
            stack if re.fullmatch("[a-z]{1,20}", stack) else _UNKNOWN,
            commit if re.fullmatch("[0-9a-f]{7,40}", commit) else _UNKNOWN,
            review.fingerprint,
        )
    )
    name = inline(cut(stack, _NAME)) or "a stack without a name"
    yield f"## {_ICONS[review.verdict]} {name}: {review.verdict.word}"
    yield ""
    yield f"{_sentence(review.why)}."
    yield ""
    whence = inline(cut(review.origin.sentence, _LINE))
    yield f"{counts.sentence(review.preview)}. Fingerprint `{review.fingerprint}`: {whence}."
    yield ""
    if not review.findings:
        return
    yield f"| | {' | '.join(_ICONS[verdict] + ' ' + word for verdict, word in _COLUMNS.items())} |"
    yield "|---|---:|---:|---:|"
    for section in Section:
        if found := review.of(section):
            numbers = counts.of_verdicts(found)
            yield f"| {section.value} | {' | '.join(str(numbers.get(verdict, '')) for verdict in _COLUMNS)} |"
    yield ""


_COLUMNS: Final = {Verdict.DANGEROUS: "dangerous", Verdict.LOOK: "look", Verdict.SAFE: "safe"}


def _importance(review: Review, section: Section) -> tuple[int, int, int]:
    worst = max(finding.verdict for finding in review.of(section))
    missed = _MISSED_LEAST.index(section) + 1 if section in _MISSED_LEAST else 0
    return -worst, missed, list(Section).index(section)


def _fitting(section: Section, found: Sequence[Finding], room: int) -> tuple[str, str]:
    """The section in the fullest form that there is room for, and what of it is left out."""
    for lines, left_out in ((_LINES, ""), (0, f"the details of “{section.value}”")):
        block = _block(section, found, lines)
        if _length(block) <= room:
            return block, left_out
    if found[0].verdict is Verdict.SAFE:
        return "", f"“{section.value}” ({counted(len(found), 'finding')})"
    kept, size = list[Finding](), _length(_block(section, found[:1], 0))
    for finding in found:
        size += _length("".join(_item(finding, 0)))
        if size > room:
            break
        kept.append(finding)
    rest = f"{counted(len(found) - len(kept), 'finding')} of “{section.value}”"
    return (_block(section, kept, 0) if kept else ""), rest


def _block(section: Section, found: Sequence[Finding], lines: int) -> str:
    opened = " open" if found[0].verdict is Verdict.DANGEROUS else ""
    summary = f"{_ICONS[found[0].verdict]} <b>{section.value}</b>: {counts.verdicts(found)}"
    items = (line for finding in found for line in _item(finding, lines))
    return f"\n<details{opened}><summary>{summary}</summary>\n\n{''.join(items)}\n</details>\n"


def _item(finding: Finding, lines: int) -> Iterator[str]:
    undone = " (reverting does not undo it)" if finding.irreversible else ""
    yield f"- {_ICONS[finding.verdict]} {_sentence(finding.title)}{undone}\n"
    if finding.details and lines:
        shown = [_literal(line) for line in finding.details[:lines]]
        if more := len(finding.details) - len(shown):
            shown.append(f"… and {more:,} more")
        # A block of HTML that begins with <pre> holds no Markdown, and ends with it. Source: CommonMark 0.31, 4.6.
        yield f"  <pre>{_break(shown)}</pre>\n"


def _break(lines: Iterable[str]) -> str:
    return "\n  ".join(lines)


def _literal(line: str) -> str:
    """As the text of an HTML element in which GitHub makes neither mentions nor references."""
    return escape(cut(visible(line), _LINE), quote=False).replace("@", "&#64;")


def _sentence(text: str) -> str:
    return inline(cut(visible(text), _TITLE))


#: A word of which neither Markdown nor GitHub makes anything.
_WORD: Final = re.compile(r"(?!www\.)(?!GH-)(?![0-9a-f]{7,40}\b)[^\W_]+(?:[/'.,;+%-][^\W_]+)*%?|->|[-+–—=/…&]+")  # noqa: RUF001
#: A word between brackets and the signs of a sentence.
_PARTS: Final = re.compile(r"(?P<before>[(“]*)(?P<word>[^()]*?)(?P<after>[)”.,;:…?!]*)")
#: What begins a list, or a heading, where it begins a line.
_BEGINS: Final = re.compile(r"[-+=]+|[0-9]+[.)]")


def inline(text: str) -> str:
    """A line of text as a line of Markdown: words as they are, names with signs in them as code."""
    said, name = list[str](), ""
    for at, token in enumerate(visible(text).split()):
        parts = _PARTS.fullmatch(token)
        before, word, after = parts.groups() if parts else ("", token, "")
        plain = (not word or _WORD.fullmatch(word)) and (at or not _BEGINS.fullmatch(token))
        if name and (plain or before):
            said.append(_code(name))
            name = ""
        if plain:
            said.append(escape(token, quote=False))
        elif after or before:
            said.append(before + _code(f"{name} {word}".lstrip()) + after)
            name = ""
        else:
            name = f"{name} {word}".lstrip()
    return " ".join([*said, _code(name)] if name else said)


def _code(text: str) -> str:
    """A code span: a fence of more backticks than stand anywhere in the text. Source: CommonMark 0.31, 6.1."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _length(text: str) -> int:
    """Characters, as they are posted: a mention is broken by one more (operations/review_comment.py)."""
    return len(text) + text.count("@")
