"""The file: the verdict and the findings as plain HTML, which needs no script; the graph and the table by script."""

import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from infra.review.finding import Finding, Section, Verdict
from infra.review.page import graph
from infra.review.page.lines import line
from infra.review.review import Review
from infra.review.visible import visible

_HERE: Final = Path(__file__).parent
#: In the order in which one needs the other; together they are one module.
_SCRIPTS: Final = (
    "elements.js",
    "stack.js",
    "layout.js",
    "view.js",
    "graph.js",
    "camera.js",
    "map.js",
    "details.js",
    "table.js",
    "page.js",
)
#: In the order of a legend: what goes first, what stays last.
OPS: Final = ("delete", "replace", "update", "create", "import", "forget", "read", "same")


#: Lines of details: of so few none is folded.
_FEW: Final = 12


@dataclass(frozen=True)
class _Told:
    """A section of the page: its findings with their position in the review."""

    section: Section
    findings: list[tuple[int, Finding]]

    @property
    def id(self) -> str:
        return self.section.name.lower().replace("_", "-")

    @property
    def short(self) -> str:
        """Its heading, as far as a name goes."""
        return re.split("[:,]", self.section.value)[0]

    @property
    def verdict(self) -> Verdict:
        return max(finding.verdict for _, finding in self.findings)


def write(review: Review) -> str:
    """The review as one HTML file. It asks nothing of anybody: its policy allows its own style and script alone."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    script = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    preview = review.preview
    data = {"stack": visible(preview.stack), **graph.of(preview, review.findings)}
    resources = [change for change in preview.by_urn.values() if change.state.custom]
    html = _template().render(
        review=review,
        sections=_sections(review),
        counts=Counter(finding.verdict for finding in review.findings),
        ops=Counter(change.op for change in resources),
        all_ops=OPS,
        drawn={resource["urn"]: resource["op"] for resource in data["resources"]},
        policy=_policy(script, style),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
        data=Markup(_embedded(data)),  # noqa: S704 - see there
        few=sum(len(finding.details) for finding in review.findings) <= _FEW,
        line=line,
    )
    return str(html)


def _sections(review: Review) -> list[_Told]:
    """Those with the worst findings first, otherwise in the order in which a review is read."""
    told = [_Told(section, _in_order(review, section)) for section in Section]
    return sorted((one for one in told if one.findings), key=lambda one: -one.verdict)


def _in_order(review: Review, section: Section) -> list[tuple[int, Finding]]:
    """Of two that are as bad, what is deleted goes before what is only updated."""
    ops = {change.urn: OPS.index(change.op) for change in review.preview.changes if change.op in OPS}
    found = [(at, finding) for at, finding in enumerate(review.findings) if finding.section is section]
    return sorted(found, key=lambda one: (-one[1].verdict, ops.get(one[1].resource, len(OPS))))


def _policy(script: str, style: str) -> str:
    """The page's own Content-Security-Policy. Source: CSP Level 3, hash-source."""
    script_hash, style_hash = (b64encode(sha256(text.encode()).digest()).decode() for text in (script, style))
    return (
        f"default-src 'none'; script-src 'sha256-{script_hash}'; style-src 'sha256-{style_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(data: Any) -> str:
    """JSON that can't end the element that it stands in, nor begin a comment in it.

    Source: HTML, "Restrictions for contents of script elements".
    """
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _template() -> Any:
    made = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_finalized, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["urn"] = visible
    return made.from_string((_HERE / "page.html").read_text(encoding="utf-8"))


def _finalized(value: Any) -> Any:
    """Whatever the template writes is visible; what is ours is left as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
