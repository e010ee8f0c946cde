"""A review in a terminal, in a narrow one, without colours, in a pipe."""

import re
import unicodedata

import pytest
from rich.cells import cell_len

from infra.review.finding import Section, Verdict
from infra.review.terminal import write
from infra.review.visible import visible
from tests.review.written import HOSTILE, finding, reviewed, updated

LOST = finding("the database is lost", Section.DATA_LOSS, Verdict.DANGEROUS, irreversible=True, details=("of 3 TB",))
SLOW = finding("the worker is slower", Section.CONTRACT, Verdict.LOOK)


def test_the_verdict_and_its_reason_come_first():
    lines = write(reviewed(SLOW, LOST, how="compared", commit="a" * 40, base="b" * 40)).splitlines()
    assert lines[:4] == [
        " DANGEROUS  dev",
        " the database is lost.",
        " 1 dangerous, 1 to look at; 0 changes",
        " aaaaaaa over bbbbbbb, synthesised: the stack itself was not looked at",
    ]
    assert lines[5:8] == [
        "Data loss",
        "DANGEROUS the database is lost (reverting does not undo it)",
        "          of 3 TB",
    ]
    assert lines[-1] == "Fingerprint 0123456789abcdef"


def test_nothing_is_said_at_length_where_nothing_changes():
    assert write(reviewed()).splitlines()[:2] == [" SAFE  dev", " nothing changes."]


def many_changes(number=400):
    changes = tuple(updated(f"queue-{at}") for at in range(number))
    return reviewed(
        LOST, *(finding(f"{one.label} is updated in place", resource=one.urn) for one in changes), changes=changes
    )


def test_of_many_changes_only_the_kinds_are_told_and_how_to_see_all():
    text = write(many_changes(), width=80)
    assert len(text.splitlines()) < 20
    assert "safe      400 safe findings, folded:\n          updated in place: 400 sqs/Queue\n" in text
    assert "ALL=1 shows it" in text
    assert "queue-7 " not in text


def test_everything_is_shown_when_asked_for():
    text = write(many_changes(), everything=True)
    assert text.count(" is updated in place\n") == 400
    assert "ALL=1" not in text


def test_what_is_not_safe_is_never_folded():
    looks = [finding(f"look {at}", Section.CHANGES, Verdict.LOOK) for at in range(100)]
    text = write(reviewed(*looks, *(finding(f"safe {at}", Section.COST) for at in range(100))))
    assert text.count("LOOK      look ") == 100
    assert "safe 5\n" in text
    assert "safe 6\n" not in text
    assert "… and 94 more" in text


def test_of_many_the_details_are_short():
    found = [finding(f"{at}", Section.DOWNTIME, Verdict.LOOK, details=("line",) * 9) for at in range(11)]
    assert write(reviewed(*found)).count("          line\n") == 33
    assert write(reviewed(*found[:10])).count("          line\n") == 90


def test_long_details_are_folded_with_their_number():
    text = write(reviewed(finding("a", Section.COST, details=tuple(f"line {at}" for at in range(50)))))
    assert "… and 38 more, folded" in text


def test_lines_are_broken_beside_the_verdict_at_the_width():
    text = write(reviewed(finding("word " * 60, Section.COST, Verdict.LOOK), finding("w" * 300)), width=80)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= 80
    at = lines.index("Cost")
    assert lines[at + 1].startswith("LOOK      word")
    assert lines[at + 2].startswith("          word")


def test_a_pipes_lines_are_not_broken():
    assert f"LOOK      {('word ' * 60).strip()}\n" in write(reviewed(finding("word " * 60, Section.COST, Verdict.LOOK)))


def test_colours_are_for_terminals_alone():
    assert "\x1b[" in write(reviewed(LOST), width=80, colour=True)
    assert "\x1b[" not in write(reviewed(LOST), width=80)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", write(reviewed(LOST, SLOW), width=80, colour=True))
    assert plain.split() == write(reviewed(LOST, SLOW), width=80).split()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_moves_no_cursor_and_hides_nothing(hostile):
    review = reviewed(finding(hostile, Section.EXPOSURE, Verdict.DANGEROUS, details=(hostile,)), stack=hostile)
    text = write(review)
    assert not [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign != "\n"]
    assert f"DANGEROUS {visible(hostile).strip()}\n" in text
    assert f"          {visible(hostile)}\n" in text


def test_what_is_not_seen_is_all_that_unicode_calls_so():
    unseen = [
        chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert not [sign for sign in unseen if visible(sign) == sign]
    assert visible("Grüße, 世界: 🦊 naïve") == "Grüße, 世界: 🦊 naïve"
    assert visible("a\n\x1b\u202e\U000e0041") == r"a\n\x1b\u202e\U000e0041"
