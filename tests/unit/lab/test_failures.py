import pytest
from botocore import exceptions as aws
from botocore.exceptions import ClientError

from backlog_lab.failures import sentence


def refused(code, said="because", operation="SendMessage"):
    return ClientError({"Error": {"Code": code, "Message": said}}, operation)


@pytest.mark.parametrize(
    "code",
    ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist"],
)
def test_a_missing_queue_is_said_in_the_words_of_the_practical(code):
    assert sentence(refused(code), "nope") == "Unable to find a Queue by this name nope"


@pytest.mark.parametrize(
    ("failure", "begins"),
    [
        (aws.NoCredentialsError(), "No credentials: set AWS_ACCESS_KEY_ID"),
        (aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "No credentials (Partial"),
        (aws.ProfileNotFound(profile="lab"), "No credentials (The config profile (lab)"),
        (refused("ExpiredToken"), "No credentials that count: SQS does not accept these (ExpiredToken: because)"),
        (refused("InvalidClientTokenId"), "No credentials that count"),
        (aws.EndpointConnectionError(endpoint_url="http://sqs/"), "No network (Could not connect to the endpoint"),
        (aws.ConnectTimeoutError(endpoint_url="http://sqs/"), "No network (Connect timeout"),
        (aws.ReadTimeoutError(endpoint_url="http://sqs/"), "No network (Read timeout"),
        (aws.SSLError(endpoint_url="https://sqs/", error="self-signed"), "No network (SSL validation failed"),
        (
            refused("AccessDenied", "not\nyours"),
            "No permission: SendMessage on q is refused to these credentials (not yours)",
        ),
        (aws.NoRegionError(), "No region: give --region"),
        (refused("InvalidParameterValue"), "SQS refuses SendMessage on q: because (InvalidParameterValue)"),
        (KeyError("QueueUrl"), "What answers there does not speak as SQS does"),
        (ValueError("Invalid endpoint: http://a b"), "q cannot be used: Invalid endpoint: http://a b"),
        (aws.ParamValidationError(report="bad"), "q cannot be used: Parameter validation failed"),
    ],
)
def test_each_failure_is_one_line_that_says_what_is_wrong(failure, begins):
    said = sentence(failure, "q")
    assert said.startswith(begins)
    assert "\n" not in said
