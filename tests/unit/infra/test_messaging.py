"""The queue of jobs, its dead letters, and the alarms: their numbers are the contract's."""


def test_the_queue_has_the_contracts_numbers(stack, configured):
    job = configured.job
    queue, dead = stack.one("Queue", "jobs").inputs, stack.one("Queue", "jobs-dead-letters").inputs
    assert queue["visibilityTimeoutSeconds"] == job.visibility_timeout_seconds
    assert queue["messageRetentionSeconds"] == job.message_retention_seconds
    assert dead["messageRetentionSeconds"] == job.dlq_retention_seconds > job.message_retention_seconds
    assert queue["receiveWaitTimeSeconds"] == 20


def test_a_message_is_kept_for_as_long_as_many_long_attempts_may_take(declare):
    """The stacks' own jobs are over long before SQS's four days; these are not."""
    stack = declare("dev", job={"attempts": 900, "hardLimitSeconds": 600})
    assert stack.one("Queue", "jobs").inputs["messageRetentionSeconds"] > 900 * 600
    assert stack.json("RedrivePolicy", "jobs", "redrivePolicy")["maxReceiveCount"] == 900


def test_a_job_that_always_fails_goes_to_the_dead_letters(stack, configured):
    redrive = stack.json("RedrivePolicy", "jobs", "redrivePolicy")
    assert redrive == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:210987654321:Queue/jobs-dead-letters-0123456",
        "maxReceiveCount": configured.job.max_receive_count,
    }


def test_only_the_queue_of_jobs_may_leave_dead_letters_there(dev):
    allowed = dev.json("RedriveAllowPolicy", "jobs-dead-letters", "redriveAllowPolicy")
    assert allowed == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": ["arn:aws:sqs:us-east-1:210987654321:Queue/jobs-0123456"],
    }


def test_both_queues_are_encrypted_and_refuse_plain_http(stack):
    for name in ("jobs", "jobs-dead-letters"):
        assert {"sqsManagedSseEnabled", "kmsMasterKeyId"} & stack.one("Queue", name).inputs.keys()
        (statement,) = stack.json("QueuePolicy", name, "policy")["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Resource"].endswith(f"/{name}-0123456")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_key_of_the_stacks_own_is_for_who_sends_and_receives(declare):
    stack = declare("dev", messages={"encryption": "kms"})
    key = "arn:aws:kms:us-east-1:210987654321:Key/messages-0123456"
    for name in ("jobs", "jobs-dead-letters"):
        queue = stack.one("Queue", name).inputs
        assert queue["kmsMasterKeyId"] == key
        assert "sqsManagedSseEnabled" not in queue  # SQS takes one of the two
    for role in ("api-task", "worker-task"):
        uses = [s for s in stack.json("RolePolicy", role, "policy")["Statement"] if s["Resource"] == key]
        assert [set(statement["Action"]) for statement in uses] == [{"kms:Decrypt", "kms:GenerateDataKey"}]


def test_policies_are_resources_of_their_own(stack):
    """Inline, a queue and its dead-letter queue would each need the other first."""
    assert not any({"policy", "redrivePolicy", "redriveAllowPolicy"} & q.inputs.keys() for q in stack.all("Queue"))


def test_alarms_are_the_contracts_and_link_a_runbook(stack, configured):
    late, dead = stack.one("MetricAlarm", "late-jobs").inputs, stack.one("MetricAlarm", "dead-letters").inputs
    assert (late["metricName"], late["threshold"]) == (
        "ApproximateAgeOfOldestMessage",
        configured.job.oldest_message_alarm_seconds,
    )
    assert (dead["metricName"], dead["threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert late["dimensions"] == {"QueueName": "jobs-0123456"}
    assert dead["dimensions"] == {"QueueName": "jobs-dead-letters-0123456"}
    for alarm in (late, dead):
        assert "docs/runbooks/" in alarm["alarmDescription"]
        assert alarm["alarmActions"] == alarm["okActions"] == [stack.exports["alarm_topic"]]
        assert alarm["treatMissingData"] == "notBreaching"
