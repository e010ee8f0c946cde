"""The connections that an instance class takes, and whether all pools of a stack fit in."""

import pytest

from infra.connections import RESERVED, Connections
from infra.database_class import max_connections, memory_gib
from infra.mistakes import Mistakes
from infra.settings import parse


@pytest.mark.parametrize(
    ("instance_class", "gib"),
    [
        ("db.t4g.micro", 1),
        ("db.t3.2xlarge", 32),
        ("db.m7g.large", 8),
        ("db.m6gd.16xlarge", 256),
        ("db.r8g.medium", 8),
        ("db.r6i.32xlarge", 1_024),
        ("db.c6gd.medium", 2),
        ("db.x2g.large", 32),
        ("db.x2iedn.xlarge", 128),
        ("db.x1.16xlarge", 976),
        ("db.x1e.xlarge", 122),
        ("db.z1d.large", 16),
    ],
)
def test_the_memory_of_a_class_is_what_aws_lists(instance_class, gib):
    assert memory_gib(instance_class) == gib


@pytest.mark.parametrize(
    "instance_class", ["db.q9.large", "db.m7g.huge", "db.t4g.4xlarge", "db.m7g.metal", "m7g.large"]
)
def test_a_class_that_nobody_knows_is_refused(instance_class):
    with pytest.raises(ValueError, match="is not known"):
        memory_gib(instance_class)


@pytest.mark.parametrize(("instance_class", "seen"), [("db.t4g.small", 181), ("db.m7g.large", 832)])
def test_the_most_connections_are_no_more_than_instances_were_seen_to_take(instance_class, seen):
    assert 0.9 * seen < max_connections(instance_class) <= seen


def test_more_than_five_thousand_connections_there_never_are():
    assert max_connections("db.r7g.4xlarge") == 5_000


def test_pools_that_fit_no_longer_while_two_releases_run_are_refused_by_name(written):
    small = {
        **written,
        "events": {"streams": ["sns", "kafka"]},
        "api": {"minCount": 1, "maxCount": 4, "processes": 2, "threads": 4},
    }
    small |= {"worker": {"minCount": 1, "maxCount": 2}, "database": {"instanceClass": "db.t4g.micro"}}
    jobs = written["job"]["jobsAtOnce"]
    steady = 4 * 2 * 4 + 2 * (jobs + 1 + 2)
    if 2 * steady + RESERVED <= 78:
        assert parse(small).connections.while_deploying == 2 * steady
        small["api"]["maxCount"] = 5
        steady += 8
    with pytest.raises(Mistakes) as found:
        parse(small)
    (sentence,) = found.value.args
    for told in (
        f"api.maxCount {small['api']['maxCount']}",
        "worker.maxCount 2",
        f"are {steady} connections",
        "the 78 ",
    ):
        assert told in sentence
    assert "database.instanceClass db.t4g.micro" in sentence


def test_the_last_one_that_fits_is_taken():
    limit = max_connections("db.t4g.micro")
    fits = {
        "api_tasks": 1,
        "processes": 1,
        "threads": (limit - RESERVED) // 2 - 2,
        "worker_tasks": 1,
        "jobs_at_once": 1,
        "streams": 0,
    }
    assert not list(Connections(**fits).contradictions("db.t4g.micro"))
    assert list(Connections(**{**fits, "jobs_at_once": 2}).contradictions("db.t4g.micro"))
    assert list(Connections(**{**fits, "streams": 1}).contradictions("db.t4g.micro"))
