"""The comment of a pull request: what it says, what it never becomes, and how long it may be."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from infra.review.finding import Section, Verdict
from infra.review.markdown import LONGEST, inline, write
from infra.review.visible import visible
from operations.github_api import LONGEST as OF_A_COMMENT
from operations.review_comment import _MENTION, _TOO_LONG, Run, _body
from operations.review_marker import Marker, marker
from operations.reviewed_plan import main as reviewed_plan
from tests.review.written import HOSTILE, finding, reviewed

#: What the writer itself makes.
_TAGS = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "b", "ul", "li", "pre", "code"}
_RENDER = MarkdownIt("commonmark").enable("table")


class _Page(HTMLParser):
    """The tags of a page, and its text outside of code, where GitHub makes something of words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.said, self.comments, self._code = set(), [], [], 0
        self.literal = []
        self.feed(_RENDER.render(text))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"open", "style"}, attrs
        self._code += tag in ("pre", "code")

    def handle_endtag(self, tag):
        self._code -= tag in ("pre", "code")

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        (self.literal if self._code else self.said).append(data)


def test_the_first_line_is_the_marker_of_the_comment():
    text = write(reviewed(how="compared", commit="a" * 40, base="b" * 40))
    assert marker(text) == Marker("dev", "a" * 40, "0123456789abcdef")


@pytest.mark.parametrize("commit", ["", f"{'a' * 40}-dirty", "main"])
def test_a_commit_that_is_not_all_of_it_is_not_named(commit):
    assert marker(write(reviewed(commit=commit))).commit == "unknown"


@pytest.mark.parametrize("stack", ["", "dev-eu", "dev\n<!-- ", "d" * 1_000, "🦊"])
def test_another_programs_stack_has_a_marker_that_is_nobodys(stack):
    assert marker(write(reviewed(stack=stack))).stack == "unknown"


def test_the_verdict_is_said_before_all_else():
    text = write(
        reviewed(
            finding("a queue is updated"),
            finding("the database is lost", Section.DATA_LOSS, Verdict.DANGEROUS, irreversible=True),
        )
    )
    lines = text.splitlines()
    assert lines[1] == "## 🛑 dev: dangerous"
    assert lines[3] == "the database is lost."
    assert "- 🛑 the database is lost (reverting does not undo it)" in lines
    assert "<details open><summary>🛑 <b>Data loss</b>: 1 dangerous</summary>" in lines
    assert "<details><summary>✅ <b>Changes, resource by resource</b>: 1 safe</summary>" in lines


def test_a_table_counts_what_each_section_found():
    text = write(reviewed(finding("one"), finding("two"), finding("worse", Section.COST, Verdict.LOOK)))
    assert "| Cost |  | 1 |  |" in text
    assert "| Changes, resource by resource |  |  | 2 |" in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_name_or_a_value_becomes_anything(hostile):
    text = write(reviewed(finding(hostile, Section.EXPOSURE, Verdict.LOOK, details=(hostile, "after")), stack=hostile))
    page = _Page(text)
    assert page.tags <= _TAGS
    assert len(page.comments) == 1
    said = "".join(page.said)
    assert not re.search(
        r"[@#<>\x00-\x09\x0b-\x1f\u200b\u202e\ud800]|https?:|www\.|GH-|[0-9a-f]{40}|:\w+:|\$|`|\*", said
    )
    # It is all there, to be read.
    literal = "".join(page.literal)
    assert visible(hostile) in literal
    assert text.encode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_line_is_one_paragraph_with_all_its_words(hostile):
    page = _Page(inline(hostile))
    assert page.tags <= {"p", "code"}
    words = re.sub(r"\s+", "", "".join([*page.said, *page.literal]))
    assert sorted(words) == sorted(re.sub(r"\s+", "", visible(hostile)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "rds/Instance database is replaced: its data are lost",
            "rds/Instance database is replaced: its data are lost",
        ),
        ("JOB_MAX goes (s) 60 -> 90, 5% more", "`JOB_MAX` goes (s) 60 -&gt; 90, 5% more"),
        ("a `b` c", "a `` `b` `` c"),
        ("1. first", "`1`. first"),
        ("- first", "`-` first"),
        ("Tom & Jerry", "Tom &amp; Jerry"),
    ],
)
def test_words_stay_words_and_names_are_code(text, written):
    assert inline(text) == written


def many(number, section, verdict, size=200):
    return [
        finding(f"{at} {'word ' * (size // 5)}", section, verdict, details=("x" * size,) * 3) for at in range(number)
    ]


def posted(text):
    return _MENTION.sub("@\u200b", text)


def test_what_does_not_fit_is_dropped_from_the_least_important_and_named():
    text = write(
        reviewed(
            *many(40, Section.DATA_LOSS, Verdict.DANGEROUS),
            *many(400, Section.CHANGES, Verdict.SAFE),
            *many(3, Section.NOISE, Verdict.SAFE),
        )
    )
    assert len(text) <= LONGEST
    assert "<b>Data loss</b>: 40 dangerous" in text
    assert "<b>Noise</b>" in text
    assert "<b>Changes, resource by resource</b>" not in text
    assert text.rstrip().endswith(
        "Left out, as a comment has 65,536 characters: “Changes, resource by resource” (400 findings)."
    )


def test_of_too_many_dangers_as_many_are_told_as_fit():
    text = write(reviewed(*many(2_000, Section.DATA_LOSS, Verdict.DANGEROUS)))
    assert LONGEST - 3_000 < len(text) <= LONGEST
    told = text.count("- 🛑")
    assert f"{2_000 - told:,} findings of “Data loss”" in text


def test_details_go_before_dangers_do():
    text = write(reviewed(*many(150, Section.DATA_LOSS, Verdict.DANGEROUS)))
    assert text.count("- 🛑") == 150
    assert "the details of “Data loss”" in text


def test_the_limit_holds_when_the_comment_breaks_mentions():
    text = write(reviewed(*(finding("@a " * 190, Section.EXPOSURE, Verdict.DANGEROUS) for _ in range(300))))
    assert len(posted(text)) <= LONGEST


def test_the_workflows_take_the_longest_that_is_written(tmp_path, capsys):
    file = tmp_path / "comment.md"
    found = many(2_000, Section.DATA_LOSS, Verdict.DANGEROUS) + [finding("@a " * 190, Section.COST)] * 100
    file.write_text(write(reviewed(*found)), encoding="utf-8")
    run = Run(10**9, 1, "c" * 40, "backlog/backlog", f"https://github.com/{'o' * 39}/{'r' * 100}/actions/runs/{10**9}")
    body = _body(file, "dev", run)
    assert len(body) <= OF_A_COMMENT
    assert _TOO_LONG not in body
    assert reviewed_plan([str(file)]) == 0
    assert capsys.readouterr().out == "0123456789abcdef\n"


def test_a_long_value_is_cut_and_says_how_long_it_was():
    text = write(reviewed(finding("t", details=("v" * 5_000,))))
    assert f"{'v' * 300}… (5,000 characters)" in text
