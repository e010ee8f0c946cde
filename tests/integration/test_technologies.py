"""One contract over technologies, each on its real server: order, loss, crashes, poison, fan-out, equal messages."""

import pytest

from local.lab import contract
from local.lab.running import running

AMAZON = ("sqs", "sqs-fifo", "sns-sqs")
SERVERS = ("rabbitmq", "valkey", "kafka")
#: Where what one sender sends comes in its order, whoever receives it.
ORDERED = {"sqs-fifo", "kafka"}


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param((), marks=pytest.mark.xdist_group("lab-amazon"), id="aws"),),
        *(pytest.param((kind,), marks=pytest.mark.xdist_group(f"lab-{kind}"), id=kind) for kind in SERVERS),
    ],
)
def started(request):
    """The technologies of one kind of server; only that is started, and SQS when it is asked."""
    with running(request.param) as made:
        yield [each for each in made if (each.key in AMAZON) == (not request.param)]


def test_nothing_is_lost_and_nothing_comes_twice_while_all_goes_well(started):
    for technology in started:
        found = contract.order(technology)
        assert (found.lost, found.duplicates) == (0, 0), technology.title
        assert found.per_second > 0
        disordered = {"sqs", "sns-sqs"}  # as far as one receiver can tell
        assert (found.one_receiver > 0) == (technology.key in disordered), technology.title
        if technology.key in ORDERED:
            assert found.two_receivers == 0, technology.title


def test_what_a_receiver_had_in_hand_when_it_was_killed_comes_to_another(started):
    for technology in started:
        assert contract.seconds_until_redelivered(technology) > 0


def test_a_message_that_always_fails_ends_with_the_dead_letters_and_holds_no_other_up(started):
    for technology in started:
        found = contract.poison(technology)
        assert (found.receives, found.buried, found.others) == (3, True, 2), technology.title


def test_every_subscriber_gets_every_message_where_there_are_subscribers(started):
    for technology in started:
        alone = technology.key in ("sqs", "sqs-fifo")
        assert contract.fan_out(technology, 10) == (None if alone else [10, 10]), technology.title


def test_equal_messages_are_one_message_to_a_fifo_queue_alone(started):
    for technology in started:
        assert contract.copies(technology, 10) == (10 if technology.key == "sqs-fifo" else 20), technology.title


def test_a_server_that_is_not_installed_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr("local.machine.servers.Server.find", lambda _: None)
    with (
        pytest.raises(Exception, match=r"RabbitMQ is not installed .* apt install rabbitmq-server"),
        running(["rabbitmq"]),
    ):
        pass
