"""One issue for each stack says that it drifted, for as long as it does."""

import pytest

from operations.drift import Drifted, report
from operations.drift_issue import main
from operations.github_api import LONGEST

GONE = Drifted("aws:sqs/queue:Queue", "jobs", ())
CHANGED = Drifted("aws:rds/instance:Instance", "database", ("backupRetentionPeriod", "multiAz"))


@pytest.fixture
def tell(tmp_path):
    """`tell(prod=[GONE])`: the command, of what was found of each stack."""

    def run(**found):
        for stack, drifted in found.items():
            (tmp_path / f"{stack}.md").write_text(report(stack, drifted))
        return main([str(tmp_path)])

    return run


def states(github):
    return [(issue["title"], issue["state"]) for issue in github.issues]


def test_a_stack_that_drifted_gets_an_issue_and_one_that_did_not_gets_none(github, tell):
    assert tell(dev=[], prod=[GONE, CHANGED]) == 0
    assert states(github) == [("Stack prod drifted", "open")]
    body = github.issues[0]["body"]
    assert "`jobs (aws:sqs/queue:Queue): gone`" in body
    assert "`database (aws:rds/instance:Instance): changed: backupRetentionPeriod, multiAz`" in body


def test_the_next_night_edits_it_and_the_night_after_closes_it(github, tell):
    tell(prod=[GONE])
    tell(prod=[CHANGED])
    assert states(github) == [("Stack prod drifted", "open")]
    assert "gone" not in github.issues[0]["body"].replace("gone or changed", "")
    tell(prod=[])
    assert states(github) == [("Stack prod drifted", "closed")]
    tell(prod=[])
    assert [comment["body"] for of in github.comments.values() for comment in of] == ["Nothing drifts any more."]


def test_an_issue_of_somebody_else_is_left_alone(github, tell):
    github.issue("mine", report("prod", [GONE]), user={"login": "mallory"})
    tell(prod=[CHANGED])
    assert states(github) == [("mine", "open"), ("Stack prod drifted", "open")]


def test_a_report_that_is_none_is_told_and_the_others_count(github, tell, tmp_path, capsys):
    (tmp_path / "aaa.md").write_text("not a report")
    assert tell(prod=[GONE]) == 1
    assert "aaa.md is not a report of drift" in capsys.readouterr().err
    assert states(github) == [("Stack prod drifted", "open")]


def test_more_than_an_issue_can_hold_is_cut_between_lines(github, tell):
    tell(prod=[Drifted("aws:sqs/queue:Queue", f"queue-{number}", ("name",) * 20) for number in range(1_000)])
    body = github.issues[0]["body"]
    assert len(body) <= LONGEST
    assert body.splitlines()[-3].endswith("`")
    assert "There is more" in body
