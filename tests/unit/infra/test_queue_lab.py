"""The queue practical: what other people's clients of it look for, alone in a stack and beside the service."""

import json

import pulumi
import pytest

ACCOUNT = "210987654321"


@pytest.fixture
def lab(declare):
    return declare("lab")


def test_its_queues_have_the_practicals_names(lab):
    names = {queue.name: queue.inputs["name"] for queue in lab.all("Queue")}
    assert (names["lab-mailbox"], names["lab-fifo"]) == ("csse6400_prac", "csse6400_prac.fifo")
    fifo = lab.one("Queue", "lab-fifo").inputs
    assert (fifo["fifoQueue"], fifo["contentBasedDeduplication"]) == (True, True)


def test_its_outputs_are_arns_and_urls(lab):
    assert lab.exports.keys() == {
        "mailbox", "fifo", "topic", "lab_image", "monthly_floor",
        *(f"{queue}{kind}" for queue in ("mailbox", "fifo", "everyone", "alice") for kind in ("_url", "_dlq_url")),
    }  # fmt: skip
    assert lab.exports["mailbox"].startswith("arn:aws:sqs:")
    assert lab.exports["fifo_url"] == f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/lab-fifo-0123456"
    assert "@sha256:" in lab.exports["lab_image"]


def test_it_has_no_network_no_database_and_no_service_and_costs_a_key_a_month(lab):
    services = {resource.type.split(":")[1].split("/")[0] for resource in lab.resources}
    assert services == {"infra", "sqs", "sns", "kms", "ecr", "index"}
    assert lab.exports["monthly_floor"]["parts"] == {"keys": 1.0}
    assert lab.exports["monthly_floor"]["noPriceKnown"] == []


def test_every_queue_is_encrypted_refuses_plain_http_and_has_dead_letters(lab):
    queues = lab.all("Queue")
    assert all(queue.inputs["sqsManagedSseEnabled"] for queue in queues)
    policies = {policy.name: json.loads(policy.inputs["policy"]) for policy in lab.all("QueuePolicy")}
    assert policies.keys() == {queue.name for queue in queues}
    assert all(policy["Statement"][0]["Sid"] == "TlsOnly" for policy in policies.values())
    buried = {policy.name for policy in lab.all("RedrivePolicy")}
    assert buried == {queue.name for queue in queues if not queue.name.endswith("-dead-letters")}


def test_the_topic_fans_out_by_who_sent_it(lab):
    filters = {one.name: json.loads(one.inputs["filterPolicy"]) for one in lab.all("TopicSubscription")}
    assert filters == {"lab-everyone": {"client": [{"exists": True}]}, "lab-alice": {"client": ["alice"]}}
    for one in lab.all("TopicSubscription"):
        allowed = lab.json("QueuePolicy", one.name, "policy")["Statement"][1]
        assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": one.inputs["topic"]}}


def test_the_registrys_token_is_a_secret_and_goes_nowhere_else(lab):
    for image in lab.all("Image"):
        assert "registry" in image.secrets
    elsewhere = [resource.inputs for resource in lab.resources if not resource.type.endswith(":Image")]
    assert "registry-token" not in json.dumps([*elsewhere, lab.exports])


def test_the_service_may_have_it_beside_itself(declare):
    with_lab, without = declare("dev", lab=True), declare("dev")
    assert {"mailbox", "fifo", "url"} <= with_lab.exports.keys()
    names = {resource.urn for resource in with_lab.resources} - {resource.urn for resource in without.resources}
    assert any("QueueLab" in name for name in names)
    assert not any("QueueLab" in resource.urn for resource in without.resources)


def test_what_the_lab_alone_does_not_know_is_a_mistake(run_program):
    with pytest.raises(pulumi.RunError, match=r"Pulumi\.lab\.yaml has 2 mistakes:(.|\n)*only(.|\n)*database"):
        run_program("lab", {"backlog:database": "{}", "backlog:only": "api"})
