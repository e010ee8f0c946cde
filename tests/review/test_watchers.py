"""Watchers, by hand-made previews."""

from infra.policy.resources import UNKNOWN
from infra.review import watchers
from infra.review.finding import Verdict
from tests.review.hand_built import preview, state, urn

QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
queue = state(QUEUE, "jobs", {})
topic = state(TOPIC, "alarms", {})


def alarm(name="deep", **props):
    links = {"dimensions": (urn(QUEUE, "jobs"),), "alarmActions": (urn(TOPIC, "alarms"),)}
    return state(watchers.ALARM, name, {"alarmActions": ["arn"], **props}, links)


def titles(before, after):
    return [(found.verdict, found.title) for found in watchers.find(preview(before, after))]


def test_an_alarm_of_what_stays_is_missed():
    missed = "cloudwatch/MetricAlarm deep is deleted: nobody is told of what was watched"
    assert titles([queue, topic, alarm()], [queue, topic]) == [(Verdict.LOOK, missed)]


def test_an_alarm_of_what_goes_is_not():
    assert titles([queue, topic, alarm()], [topic]) == []


def test_many_are_said_once():
    (found,) = watchers.find(preview([queue, alarm("one"), alarm("two")], [queue]))
    assert found.title == "2 cloudwatch/MetricAlarms are deleted: nobody is told of what was watched"
    assert found.details == ("cloudwatch/MetricAlarm one", "cloudwatch/MetricAlarm two")


def test_an_alarm_that_is_switched_off_tells_nobody():
    assert titles([alarm()], [alarm(actionsEnabled=False)])
    assert titles([alarm()], [alarm(alarmActions=[])])
    assert titles([alarm(actionsEnabled=False)], [alarm(actionsEnabled=False, threshold=2)]) == []


def test_of_actions_that_are_not_known_nothing_is_said():
    assert titles([alarm()], [alarm(alarmActions=UNKNOWN)]) == []
