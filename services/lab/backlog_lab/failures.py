"""What went wrong, in one line for a person."""

from botocore import exceptions as aws
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

_MISSING = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NonExistentQueue"}
_FORBIDDEN = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "KMS.AccessDeniedException"}
_STRANGERS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_HOW_TO_SIGN_IN = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in with `aws sso login`"


class LabError(Exception):
    """Ends the command; its text is what the person is told."""


def sentence(failure: Exception, queue: str) -> str:
    """The line that says what was wrong, where, and what to do; `queue` is the name that was asked for."""
    if isinstance(failure, ClientError):
        return _refusal(failure, queue)
    match failure:
        case aws.NoRegionError():
            return "No region: give --region, or set AWS_REGION"
        case aws.NoCredentialsError():
            return f"No credentials: {_HOW_TO_SIGN_IN}"
        case (
            aws.PartialCredentialsError()
            | aws.CredentialRetrievalError()
            | aws.ProfileNotFound()
            | aws.TokenRetrievalError()
            | aws.SSOError()
        ):
            return f"No credentials ({_line(failure)}): {_HOW_TO_SIGN_IN}"
        case aws.HTTPClientError() | aws.ConnectionError():
            return f"No network ({_line(failure)}): check the connection, --endpoint-url and --region"
        case ResponseParserError() | KeyError():
            return "What answers there does not speak as SQS does: check --endpoint-url and AWS_ENDPOINT_URL"
        case _:
            return f"{queue} cannot be used: {_line(failure)}"


def _refusal(failure: ClientError, queue: str) -> str:
    """SQS has answered, and the answer is no."""
    error = failure.response.get("Error", {})
    code = str(error.get("Code", "unknown")).rsplit("#", 1)[-1]
    said = " ".join(str(error.get("Message") or "no reason given").split())
    if code in _MISSING:
        return f"Unable to find a Queue by this name {queue}"
    if code in _FORBIDDEN:
        return f"No permission: {failure.operation_name} on {queue} is refused to these credentials ({said})"
    if code in _STRANGERS:
        return f"No credentials that count: SQS does not accept these ({code}: {said}); {_HOW_TO_SIGN_IN}"
    return f"SQS refuses {failure.operation_name} on {queue}: {said} ({code})"


def _line(failure: Exception) -> str:
    return " ".join(str(failure).split()).rstrip(".")
