"""A review for a terminal, or for a pipe: the verdict first, and what is safe in as few lines as it can be told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Final

from rich.console import Console
from rich.text import Text

from infra.review import counts
from infra.review.changes import counted
from infra.review.finding import Finding, Section, Verdict
from infra.review.review import Review
from infra.review.visible import cut, visible

_STYLES: Final = {Verdict.DANGEROUS: "bold red", Verdict.LOOK: "yellow", Verdict.SAFE: "green"}
#: Characters of a title and of a line.
_TITLE, _LINE = 1_000, 300
#: Lines of a finding, and of one among many; safe findings of a section that are told one by one.
_LINES, _LINES_OF_MANY, _MANY, _FEW = 12, 3, 10, 6
#: Columns: of the word before a finding, and of a text beside it at least.
_INDENT, _NARROWEST = 10, 20
#: Columns of a pipe: its lines are not broken, so that they can be searched.
_UNBROKEN: Final = 100_000


def write(review: Review, *, width: int | None = None, colour: bool = False, everything: bool = False) -> str:
    """The review as text; lines are broken at a width, and `everything` folds nothing."""
    into = StringIO()
    console = Console(
        file=into,
        width=width or _UNBROKEN,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    _Page(console, review, everything=everything).show()
    return "".join(f"{line.rstrip()}\n" for line in into.getvalue().splitlines())


class _Page:
    def __init__(self, console: Console, review: Review, *, everything: bool) -> None:
        self._console, self._review, self._everything = console, review, everything
        self._folded = False

    def show(self) -> None:
        """From what a reader needs first to what may be left unread."""
        self._head()
        for section in Section:
            if found := self._review.of(section):
                self._console.print()
                self._line(Text(section.value, "bold"))
                self._section(section, found)
        self._console.print()
        if self._folded:
            self._line(Text("Folded where it says so: ALL=1 shows it.", "dim"))
        self._line(Text(f"Fingerprint {self._review.fingerprint}", "dim"))

    def _head(self) -> None:
        review = self._review
        stack = visible(cut(review.preview.stack, _LINE)) or "a stack without a name"
        style = f"{_STYLES[review.verdict]} reverse"
        self._line(Text.assemble((f" {review.verdict.word.upper()} ", style), " ", (stack, "bold")))
        self._line(Text(f"{_cut(review.why, _TITLE)}."), 1)
        if review.findings:
            self._line(Text(f"{counts.verdicts(review.findings)}; {counts.sentence(review.preview)}"), 1)
        self._line(Text(_cut(review.origin.sentence, _LINE), "dim"), 1)

    def _section(self, section: Section, found: Sequence[Finding]) -> None:
        safe = [finding for finding in found if finding.verdict is Verdict.SAFE]
        grave = found[: len(found) - len(safe)]
        for finding in grave:
            self._finding(finding, _LINES if len(grave) <= _MANY else _LINES_OF_MANY)
        if self._everything or len(safe) <= _FEW:
            for finding in safe:
                self._finding(finding, _LINES)
            return
        self._folded = True
        if section is Section.CHANGES:
            self._item(Verdict.SAFE, f"{counted(len(safe), 'safe finding')}, folded:")
            for line in list(self._by_kind(safe))[:_LINES]:
                self._line(Text(line, "dim"), _INDENT)
            return
        for finding in safe[:_FEW]:
            self._item(Verdict.SAFE, _cut(finding.title, _TITLE))
        self._item(Verdict.SAFE, f"… and {len(safe) - _FEW:,} more, and what they say at length, folded")

    def _by_kind(self, found: Sequence[Finding]) -> Iterator[str]:
        """What changes, as numbers: `updated in place: 12 ecs/Service, 3 sqs/Queue`."""
        kinds = dict[str, Counter[str]]()
        for finding in found:
            change = self._review.preview.by_urn.get(finding.resource)
            if change is None:
                yield visible(cut(finding.title, _LINE))
            else:
                kind = finding.title.removeprefix(change.label)
                kinds.setdefault(kind, Counter())[change.label.removesuffix(f" {change.name}")] += 1
        for kind, types in kinds.items():
            told = ", ".join(f"{number:,} {type_}" for type_, number in types.most_common())
            yield f"{_cut(kind.removeprefix(' is ').strip(), _LINE)}: {_cut(told, _LINE)}"

    def _finding(self, finding: Finding, lines: int) -> None:
        undone = " (reverting does not undo it)" if finding.irreversible else ""
        self._item(finding.verdict, f"{_cut(finding.title, _TITLE)}{undone}")
        shown = len(finding.details) if self._everything else lines
        for line in finding.details[:shown]:
            self._line(Text(_cut(line, _LINE), "dim"), _INDENT)
        if len(finding.details) > shown:
            self._folded = True
            self._line(Text(f"… and {len(finding.details) - shown:,} more, folded", "dim"), _INDENT)

    def _item(self, verdict: Verdict, title: str) -> None:
        word = verdict.word if verdict is Verdict.SAFE else verdict.word.upper()
        style = "" if verdict is Verdict.SAFE else _STYLES[verdict]
        self._line(Text(title, style), _INDENT, Text(f"{word:<{_INDENT}}", style))

    def _line(self, text: Text, indent: int = 0, before: Text | None = None) -> None:
        """A text beside what stands before it, however many lines it has."""
        for line in text.wrap(self._console, max(_NARROWEST, self._console.width - indent), overflow="fold"):
            line.rstrip()
            self._console.print((before or Text(" " * indent)) + line, soft_wrap=True)
            before = None


def _cut(text: str, longest: int) -> str:
    return cut(visible(text), longest)
