"""The mended SQS transport, without a queue."""

import socket

import pytest
from kombu import Connection
from kombu.asynchronous import Hub, set_event_loop
from kombu.asynchronous.http import Request

from backlog_worker import sqs


@pytest.fixture
def hub():
    hub = Hub()
    set_event_loop(hub)
    yield hub
    set_event_loop(None)
    hub.close()


@pytest.fixture
def channel(hub, monkeypatch):  # noqa: ARG001 - it is kombu's event loop meanwhile
    """A channel to a queue where nobody listens."""
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "x"}.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    options = {
        "region": "eu-central-1",
        "wait_time_seconds": 20,
        "predefined_queues": {"jobs": {"url": f"http://127.0.0.1:{port}/1/jobs"}},
        "client-config": {"connect_timeout": 1, "retries": {"total_max_attempts": 1}},
    }
    with Connection(transport=sqs.Transport, transport_options=options) as connection:
        channel = connection.channel()
        yield channel
        channel.qos._delivered.clear()


def deliver(channel, tag="receipt"):
    """A message is at work, and there is room for no other."""
    channel.basic_qos(0, 1, False)
    info = {
        "exchange": "jobs",
        "routing_key": "jobs",
        "sqs_message": {"ReceiptHandle": tag},
        "sqs_queue": "http://x/jobs",
    }
    payload = {"body": "", "properties": {"delivery_tag": tag, "delivery_info": info}, "headers": {}}
    channel.exchange_declare("jobs", "direct")
    channel.queue_bind("jobs", "jobs", "jobs")
    channel.qos.append(channel.message_to_python(payload), tag)
    assert not channel.qos.can_consume()


def test_a_message_that_cannot_be_deleted_makes_room_for_another(channel):
    deliver(channel)
    channel.basic_ack("receipt")
    assert channel.qos.can_consume()


@pytest.mark.parametrize("requeue", [True, False])
def test_a_message_that_cannot_be_given_back_makes_room_for_another(channel, requeue):
    deliver(channel)
    channel.basic_reject("receipt", requeue=requeue)
    assert channel.qos.can_consume()


def test_a_message_that_is_given_back_is_visible_at_once(channel, monkeypatch):
    calls = []

    class Client:
        def change_message_visibility(self, **call):
            calls.append(call)

    monkeypatch.setattr(channel, "sqs", lambda **_: Client())
    deliver(channel)
    channel.basic_reject("receipt", requeue=True)
    assert [(call["ReceiptHandle"], call["VisibilityTimeout"]) for call in calls] == [("receipt", 0)]


@pytest.mark.filterwarnings("ignore:IOCTLFUNCTION:DeprecationWarning", "ignore:socket_all:DeprecationWarning")
def test_a_connection_that_says_nothing_is_given_up(hub):
    client = sqs.Client(hub)
    answers = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        client.add_request(Request(url, method="POST", body=b"x", request_timeout=1, on_ready=answers.append))
        loop = hub.create_loop()
        while not answers:
            next(loop)
    assert answers[0].code == 599
    client.close()


def test_a_poll_may_take_longer_than_sqs_holds_it(channel):
    connection = channel.asynsqs("jobs")
    assert connection.get_http_connection().timeout > channel.wait_time_seconds
    assert channel.asynsqs("jobs") is connection
