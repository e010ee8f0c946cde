"""The queue that all queues of the project are: standard or FIFO, by any name."""

import pulumi
import pytest

from infra.components.queue import Fifo, Queue, QueueArgs


@pytest.fixture
def made(run_component):
    """The inputs of both queues."""

    def make(**arguments):
        stack = run_component(lambda: Queue("work", QueueArgs(**arguments)))
        return stack.one("Queue", "work").inputs, stack.one("Queue", "work-dead-letters").inputs

    return make


def test_a_standard_queue_says_nothing_of_fifo(made):
    for queue in made():
        assert not {"fifoQueue", "contentBasedDeduplication", "deduplicationScope", "name"} & queue.keys()
        assert queue["sqsManagedSseEnabled"] is True


def test_a_fifo_queues_dead_letter_queue_is_fifo_too(made):
    for queue in made(fifo=Fifo()):
        assert (queue["fifoQueue"], queue["contentBasedDeduplication"]) == (True, True)
        assert (queue["deduplicationScope"], queue["fifoThroughputLimit"]) == ("queue", "perQueue")


def test_high_throughput_is_counted_by_group(made):
    queue, _ = made(fifo=Fifo(high_throughput=True, content_based_deduplication=False))
    assert (queue["deduplicationScope"], queue["fifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    assert queue["contentBasedDeduplication"] is False


@pytest.mark.parametrize(("fifo", "ending"), [(None, ""), (Fifo(), ".fifo")])
def test_a_fixed_name_ends_as_its_kind_demands(made, fifo, ending):
    queue, dead = made(fifo=fifo, physical_name="csse6400_prac")
    assert (queue["name"], dead["name"]) == (f"csse6400_prac{ending}", f"csse6400_prac_dead_letters{ending}")


def test_dead_letters_that_would_be_gone_first_are_refused(made):
    with pytest.raises(ValueError, match="work: retention_seconds 600 must be below dlq_retention_seconds 600"):
        made(retention_seconds=600, dlq_retention_seconds=600)


def test_attributes_are_of_both_queues(run_component):
    found = {}

    def program():
        queue = Queue("work", QueueArgs())
        pulumi.Output.all(queue.url, queue.dlq_url).apply(lambda urls: found.update(urls=urls))

    run_component(program)
    assert [url.rsplit("/", 1)[-1] for url in found["urls"]] == ["work-0123456", "work-dead-letters-0123456"]
