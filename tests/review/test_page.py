"""The review as an HTML file: what stands in it, and what a hostile program can't do with it."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review.finding import Finding, Section, Verdict
from infra.review.page import graph, write
from infra.review.page.lines import line
from infra.review.preview import Change, Preview, State
from infra.review.review import review

QUEUE, ALARM, STACK = "aws:sqs/queue:Queue", "aws:cloudwatch/metricAlarm:MetricAlarm", "pulumi:pulumi:Stack"


def urn(name, type_=QUEUE):
    return f"urn:pulumi:test::shop::{type_}::{name}"


def state(name, type_=QUEUE, **more):
    return State(**{"type": type_, "urn": urn(name, type_), "props": {}, **more})


def same(name, type_=QUEUE, **more):
    one = state(name, type_, **more)
    return Change(urn=one.urn, op="same", before=one, after=one)


def updated(before, after, *reasons):
    return Change(urn=after.urn, op="update", before=before, after=after, reasons=reasons)


def created(name, **more):
    one = state(name, **more)
    return Change(urn=one.urn, op="create", before=None, after=one)


def page(*changes, findings=()):
    return write(review(Preview("test", changes), findings))


def data(*changes, findings=()):
    return graph.of(Preview("test", changes), findings)


class Parsed(HTMLParser):
    """Elements, their attributes, and the text of scripts and styles."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.raw, self.open = [], {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open = dict(attrs).get("id", tag) if tag in ("script", "style") else ""

    def handle_endtag(self, _tag):
        self.open = ""

    def handle_data(self, text):
        if self.open:
            self.raw[self.open] = self.raw.get(self.open, "") + text


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover=alert(1) x="',
    "'); alert(1); ('",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "a\u2028b\u202ec\x00\x1b[31m\ud800",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_text(name):
    plain, hostile = (
        Parsed(
            page(
                updated(
                    state(given, props={given: "1"}, links={given: (urn("other"),)}),
                    state(given, props={given: given}, links={given: (urn("other"),)}),
                    given,
                ),
                same("other"),
                findings=[
                    Finding(
                        section=Section.COST, verdict=Verdict.LOOK, title=given, details=(given,), resource=urn(given)
                    )
                ],
            )
        )
        for given in ("plain", name)
    )
    shapes = [{(tag, *sorted(attributes)) for tag, attributes in found.elements} for found in (hostile, plain)]
    assert shapes[0] <= shapes[1] | {("li",)}
    assert [tag for tag, _ in hostile.elements].count("script") == 2
    assert hostile.raw["script"] == plain.raw["script"]
    assert len(json.loads(hostile.raw["data"])["edges"]) == 1
    assert not re.search("[<>&\u2028\u202e\x00\x1b]", hostile.raw["data"])


def test_the_policy_allows_what_stands_in_the_page_and_nothing_else():
    parsed = Parsed(page(created("jobs")))
    (policy,) = (found["content"] for tag, found in parsed.elements if found.get("http-equiv"))
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    for directive, element in (("script-src", "script"), ("style-src", "style")):
        assert allowed.pop(directive) == f"'sha256-{b64encode(sha256(parsed.raw[element].encode()).digest()).decode()}'"
    assert set(allowed.values()) == {"'none'"}
    for tag, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert all(attributes.get(name, "#").startswith("#") for name in ("href", "src", "action")), attributes


def test_the_script_never_writes_html():
    script = Parsed(page()).raw["script"]
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"):
        assert unsafe not in script


def test_without_a_script_all_findings_are_there():
    before, after = (state("jobs", props={"visibilityTimeoutSeconds": seconds}) for seconds in (60, 20))
    html = page(updated(before, after, "visibilityTimeoutSeconds"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html.split("<script")[0]))
    assert "visibility timeout (s) 60 -&gt; 20" in text
    assert "visibilityTimeoutSeconds 60 → 20" in text


def test_the_worst_section_is_first_whatever_it_is_about():
    findings = [
        Finding(section=Section.COST, verdict=Verdict.SAFE, title="cheap"),
        Finding(section=Section.BLIND_SPOTS, verdict=Verdict.DANGEROUS, title="blind"),
        Finding(section=Section.POLICY, verdict=Verdict.LOOK, title="rule", irreversible=True),
    ]
    html = page(findings=findings)
    assert re.findall('<section id="([a-z-]+)"', html) == ["blind-spots", "policy", "cost"]
    assert html.count("tag irreversible") == 1


def test_a_finding_leads_to_its_resource_only_where_there_is_one():
    known, unknown = (
        Finding(section=Section.COST, verdict=Verdict.LOOK, title="dear", resource=resource)
        for resource in (urn("jobs"), urn("nowhere"))
    )
    assert page(same("jobs"), findings=[known]).count('class="locate"') == 1
    assert page(same("jobs"), findings=[unknown]).count('class="locate"') == 0


def test_an_edge_says_by_which_property_and_whether_the_change_comes_by_it():
    key = Change(urn=urn("key"), op="replace", before=state("key"), after=state("key"))
    tags = updated(state("tags"), state("tags", props={"a": "2"}), "a")
    by = {"kmsKeyId": (key.urn,), "team": (tags.urn,)}

    def uses(name, reason, **after):
        before = {"kmsKeyId": "1", "team": "1", "n": "1"}
        sides = (state(name, props=props, links=by) for props in (before, {**before, **after}))
        return updated(*sides, reason)

    changes = [
        key,
        tags,
        uses("follows", "kmsKeyId", kmsKeyId="2"),
        uses("by-itself", "n", n="2"),
        uses("given-another", "team", team="2"),  # an update seldom makes other outputs
        uses("not-known", "team", team=UNKNOWN),
        same("waits", dependencies=(key.urn,)),
    ]
    edges = {(source, target): (by, carries) for source, target, by, _, carries in data(*changes)["edges"]}
    assert edges[0, 2] == (["kmsKeyId"], 1)
    assert [target for (_, target), (_, carries) in edges.items() if carries] == [2, 5]
    assert edges[0, 6] == ([], 0)


def test_a_dependency_that_comes_or_goes_is_told():
    one, other = same("one"), same("other")
    moved = updated(
        state("jobs", links={"target": (one.urn,)}), state("jobs", links={"target": (other.urn,)}), "target"
    )
    assert [edge[3] for edge in data(one, other, moved)["edges"]] == ["gone", "new"]


def test_what_is_not_there_or_goes_in_a_circle_is_no_mistake():
    found = data(
        same("one", dependencies=(urn("two"), urn("nowhere"), urn("one")), parent=urn("gone")),
        same("two", dependencies=(urn("one"),)),
    )
    assert [edge[:2] for edge in found["edges"]] == [[1, 0], [0, 1]]
    assert [one["parent"] for one in found["resources"]] == [-1, -1]
    assert data() == {"resources": [], "edges": []}


def test_the_stack_itself_is_no_resource_of_its_graph():
    root = same("shop-test", STACK, custom=False)
    part = same("part", "shop:index:Part", custom=False, parent=root.urn)
    found = data(root, part, same("jobs", parent=part.urn))["resources"]
    assert [(one["name"], one["parent"], one.get("component")) for one in found] == [
        ("part", -1, True),
        ("jobs", 0, None),
    ]


def test_what_drifted_is_marked_and_what_a_broken_update_left_is_not_drawn_twice():
    one = same("jobs")
    drifted = Change(urn=one.urn, op="refresh", before=one.before, after=state("jobs", outputs={"a": 1}))
    left = Change(urn=one.urn, op="delete", before=one.before, after=None, pending=True)
    (found,) = graph.of(Preview("test", (one, left), drift=(drifted,)), ())["resources"]
    assert (found["op"], found["drifted"]) == ("same", True)


def test_of_what_comes_nothing_secret_is_repeated():
    given = {
        "password": SECRET,
        "apiToken": "hunter2",
        "url": UNKNOWN,
        "containerDefinitions": json.dumps([{"environment": [{"name": "PASSWORD", "value": "hunter3"}]}]),
        "variables": {"PASSWORD": "hunter4"},
        "size": 20,
    }
    (resource,) = data(created("jobs", props=given))["resources"]
    assert "hunter" not in json.dumps(resource)
    assert ["size", None, "20", ""] in resource["differences"]
    assert ["url", None, "(known only after the update)", ""] in resource["differences"]


def test_five_thousand_changes_are_a_few_megabytes():
    text = "x" * 100
    changes = [
        updated(
            state(f"queue-{at}", props={"a": text, "b": at}),
            state(f"queue-{at}", props={"a": text + "y", "b": at + 1}, dependencies=(urn(f"queue-{at // 2}"),)),
            "a",
        )
        for at in range(5000)
    ]
    assert len(page(*changes)) < 6_000_000


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("size: 1 -> 2", ("size", "1", "2")),
        (
            'container api: environment LEVEL: "info" -> "debug"',
            ("container api: environment LEVEL", '"info"', '"debug"'),
        ),
        ('name: + "a -> b"', ("name", None, '"a -> b"')),
        ("tags: - (a secret)", ("tags", "(a secret)", None)),
        ("password: (a secret) -> (a secret)", ("password", "(a secret)", "(a secret)")),
        ('text: "say \\"a\\" -> b" -> "c"', ("text", '"say \\"a\\" -> b"', '"c"')),
        ('cidrs: ["a"] -> ["b"]', ("cidrs", '["a"]', '["b"]')),
        ("sqs/Queue jobs", ("sqs/Queue jobs", None, None)),
        ("see: https://example.org/a", ("see: https://example.org/a", None, None)),
        ("a: b -> c" + "x" * 5000, ("a: b -> c" + "x" * 5000, None, None)),
    ],
)
def test_a_line_is_read_by_its_sides(text, read):
    found = line(text)
    assert (found.text, found.before, found.after) == read
