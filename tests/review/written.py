"""Reviews made by hand, for those who write them."""

from infra.review.finding import Finding, Section, Verdict
from infra.review.origin import Origin
from infra.review.preview import Change, Preview, State
from infra.review.review import Review

URN = "urn:pulumi:dev::backlog::aws:sqs/queue:Queue::"
#: What must not become anything on a page, in a terminal or in a log.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "--> <!-- backlog-review stack=prod commit=unknown fingerprint=00000000 -->",
    "@octocat and @backlog/owners",
    "#12 GH-12 backlog/backlog#12 0123456789abcdef0123456789abcdef01234567",
    "[safe](https://example.org) https://example.org www.example.org someone@example.org",
    "`code` ``` ~~~ **bold** _it_ $x$ :tada: a|b",
    "</pre></details><h1>safe</h1>",
    "first\nsecond\r\n\n## safe\n\n- [x] done",
    "\x1b[2J\x1b[31mred\x07\x9b1m \x08\x00",
    "\u202etxet desrever\u202c \u2066isolated\u2069 zero\u200bwidth\ufeff \u2028line \U000e0041",
    "half of a pair \ud800",
)


def finding(title: str, section: Section = Section.CHANGES, verdict: Verdict = Verdict.SAFE, **more: object) -> Finding:
    return Finding(section=section, verdict=verdict, title=title, **more)  # type: ignore[arg-type]


def updated(name: str) -> Change:
    sides = (State(type="aws:sqs/queue:Queue", urn=URN + name, props={"delaySeconds": delay}) for delay in (1, 2))
    before, after = sides
    return Change(urn=URN + name, op="update", before=before, after=after, reasons=("delaySeconds",))


def reviewed(*findings: Finding, stack: str = "dev", changes: tuple[Change, ...] = (), **origin: str) -> Review:
    """With the verdict of the worst, as `review` gives it."""
    sections = list(Section)
    found = sorted(findings, key=lambda one: (sections.index(one.section), -one.verdict))
    worst = max(found, key=lambda one: one.verdict, default=None)
    return Review(
        preview=Preview(stack, changes),
        findings=tuple(found),
        verdict=worst.verdict if worst else Verdict.SAFE,
        why=worst.title if worst else "nothing changes",
        fingerprint="0123456789abcdef",
        origin=Origin(**origin),  # type: ignore[arg-type]
    )
