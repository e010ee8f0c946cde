"""What makes a grant dangerous: everything, everywhere, or the way to more rights than were given.

Sources: AWS Service Authorization Reference; Rhino Security Labs, "AWS IAM Privilege Escalation"; AWS managed policies.
"""

import re
from collections.abc import Iterable
from typing import Final

from infra.policy.rules.identity import ESCALATION, NO_RESOURCE
from infra.review.grants import ALL, Conditions, Grant, Span, fits

#: Actions by which rights are taken that nobody gave, beside those of the policies' rule; each with what it does.
_TAKES: Final = {
    **dict.fromkeys(ESCALATION, "it can give itself every right"),
    "iam:deleterolepermissionsboundary": "it can take away what limits a role",
    "iam:deleteuserpermissionsboundary": "it can take away what limits a user",
    "iam:putrolepermissionsboundary": "it can change what limits a role",
    "iam:putuserpermissionsboundary": "it can change what limits a user",
    "iam:deleterolepolicy": "it can take away what a role is denied",
    "iam:detachrolepolicy": "it can take away what a role is denied",
    "iam:addroletoinstanceprofile": "it can run a machine with any role that it may pass",
    "iam:createopenidconnectprovider": "it can let in who logs in elsewhere",
    "iam:updateopenidconnectproviderthumbprint": "it can let in who logs in elsewhere",
    "iam:createsamlprovider": "it can let in who logs in elsewhere",
    "iam:updatesamlprovider": "it can let in who logs in elsewhere",
    "lambda:updatefunctioncode": "it can run what it likes under the function's role",
    "lambda:addpermission": "it can open functions to others",
    "lambda:addlayerversionpermission": "it can open layers to others",
    "ssm:sendcommand": "it can run commands on machines, as root",
    "ec2:modifyinstanceattribute": "it can run what it likes on machines, as root",
    "ecs:executecommand": "it can run commands in containers under the task's role",
    "glue:updatedevendpoint": "it can run what it likes under the endpoint's role",
    "codebuild:updateproject": "it can run what it likes under the project's role",
    "cloudformation:setstackpolicy": "it can change what protects a stack",
    "kms:putkeypolicy": "it can give itself the key",
    "kms:schedulekeydeletion": "it can destroy the key, and all that it encrypts",
    "s3:putbucketpolicy": "it can open the bucket to anyone",
    "s3:deletebucketpolicy": "it can take away what guards the bucket",
    "s3:putbucketacl": "it can open the bucket to anyone",
    "s3:putbucketpublicaccessblock": "it can open the bucket to anyone",
    "s3:putaccountpublicaccessblock": "it can let buckets be opened to anyone",
    "s3:putaccesspointpolicy": "it can open the bucket to anyone",
    "secretsmanager:putresourcepolicy": "it can give the secret to anyone",
    "sns:addpermission": "it can open topics to others",
    "sqs:addpermission": "it can open queues to others",
    "ecr:setrepositorypolicy": "it can open repositories to others",
    "organizations:detachpolicy": "it can take away what limits accounts",
    "organizations:leaveorganization": "it can take the account out of its organisation",
    "cloudtrail:stoplogging": "it can do things that nobody sees",
    "cloudtrail:deletetrail": "it can do things that nobody sees",
}
#: Reading these of everything is to have every secret, or all data.
_SECRETS: Final = {
    "secretsmanager:getsecretvalue": "every secret",
    "secretsmanager:batchgetsecretvalue": "every secret",
    "ssm:getparameter": "every parameter, secret ones too",
    "ssm:getparameters": "every parameter, secret ones too",
    "ssm:getparametersbypath": "every parameter, secret ones too",
    "kms:decrypt": "all that any key encrypts",
    "s3:getobject": "every object of every bucket",
    "dynamodb:getitem": "every table",
    "dynamodb:batchgetitem": "every table",
    "dynamodb:query": "every table",
    "dynamodb:scan": "every table",
    "dynamodb:getrecords": "every table",
    "rds-db:connect": "every database",
    "rds-data:executestatement": "every database",
}
#: Actions that are given on everything by AWS's own policies of what runs code, as they can't be told apart, or do
#: nothing to what is there. Source: AWSLambdaBasicExecutionRole, AWSLambdaVPCAccessExecutionRole,
#: AmazonSSMManagedInstanceCore, AWSXRayDaemonWriteAccess.
_ORDINARY: Final = frozenset(NO_RESOURCE) | {
    "logs:createloggroup",
    "logs:createlogstream",
    "logs:putlogevents",
    "ec2:createnetworkinterface",
    "ec2:deletenetworkinterface",
    "ec2:assignprivateipaddresses",
    "ec2:unassignprivateipaddresses",
    "ssm:updateinstanceinformation",
    "ssmmessages:*",
    "ec2messages:*",
    "sts:getcalleridentity",
    "sts:tagsession",
    "iam:createservicelinkedrole",
    "elasticfilesystem:clientmount",
    "appconfig:startconfigurationsession",
}
_READS: Final = re.compile(
    r"(get|list|describe|batchget|batchcheck|head|lookup|search|query|scan|select|view|check|estimate|preview|read|"
    r"discover|detect|filter|simulate|validate|verify|conditioncheck|test)"
)
#: Keys that a condition may be on without saying which resource, or for whom. Source: IAM User Guide, global keys.
_NARROW_NOTHING: Final = {
    "aws:requestedregion",
    "aws:securetransport",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:currenttime",
    "aws:useragent",
}
#: Services whose ARNs begin with a name and not with a kind: `arn:aws:s3:::bucket/key`, `arn:aws:sqs:…:queue`.
_NO_KIND: Final = ("s3", "sqs", "sns", "execute-api")


def danger(grant: Grant) -> str:
    """Why an identity must not be given this without a thought; empty where it is narrow."""
    action, everywhere = grant.action, everything(grant.resource)
    service, _, name = action.pattern.partition(":")
    if action.pattern == "*":
        return _whole(grant)
    if action.pattern in _ORDINARY:
        return ""
    if name.strip("*") == "" and service not in ("iam", "sts", "organizations"):
        return f"every action of {service}, those of tomorrow too{', on everything' if everywhere else ''}"
    if found := next((why for known, why in _TAKES.items() if action.covers(Span(known))), ""):
        return "" if "${aws:username}" in grant.resource.pattern else found
    if action.covers(_PASS) and (everywhere or not _says(grant.conditions, ("iam:passedtoservice",))):
        return f"it can run things under {'any' if everywhere else 'another'} role"
    if everywhere and action.covers(_ASSUME):
        return "it can take any role that lets it"
    if not everywhere or narrowed(grant.conditions):
        return ""
    if read := next((what for known, what in _SECRETS.items() if action.covers(Span(known))), ""):
        return f"it can read {read}"
    return "" if _harmless(action.pattern) else "it is not held to certain resources"


_PASS: Final = Span("iam:passrole")
_ASSUME: Final = Span("sts:assumerole")


def _whole(grant: Grant) -> str:
    if grant.action.but:
        return "every action but some, those of tomorrow too"
    return "it can do everything" if everything(grant.resource) else "every action, those of tomorrow too"


def _harmless(action: str) -> bool:
    service, _, name = action.partition(":")
    return (
        any(fits(known, action) for known in _ORDINARY)
        or bool(_READS.match(re.split(r"[*?]", name)[0]))
        or (service == "logs" and name in ("createlog*", "putlog*"))
    )


def everything(resource: Span) -> bool:
    """Whether a resource is named by nothing of its own: `*`, all queues of an account, all but some."""
    if resource.but:
        return True
    if not resource.pattern.startswith("arn:"):
        return not resource.pattern.strip("*?:/") or not re.sub(r"^arn:aws[^:]*", "", resource.pattern).strip("*?:/")
    parts = resource.pattern.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004 - an ARN has six parts: this one's wildcard stands for the last ones
        return resource.pattern.endswith("*")
    service, name = parts[2], parts[5]
    if service not in _NO_KIND:
        name = re.sub(r"^/?[A-Za-z-]+[/:](?=.)", "", name)
    return bool(re.match(r"[*?]+(?:$|[/:])", name))


def narrowed(conditions: Conditions) -> bool:
    """Whether a condition says for which resources, or for whom."""
    return any(
        key not in _NARROW_NOTHING
        and "not" not in operator
        and not operator.endswith(("ifexists", "null"))
        and "*" not in values
        for operator, key, values in conditions
    )


def _says(conditions: Conditions, keys: Iterable[str]) -> bool:
    return narrowed(frozenset(one for one in conditions if one[1] in keys))


#: AWS's managed policies that give all of something, by name; others that end in FullAccess are told by that.
_BROAD: Final = {
    "AdministratorAccess": "it can do everything",
    "PowerUserAccess": "it can do everything but manage who may do what",
    "IAMFullAccess": "it can give itself every right",
    "AmazonEKSClusterAdminPolicy": "it can do everything in the cluster",
    "AmazonEKSAdminPolicy": "it can do almost everything in the cluster",
    "ReadOnlyAccess": "it can read almost everything, data too",
    "SystemAdministrator": "it can do almost everything",
    "NetworkAdministrator": "it can change every network",
    "DatabaseAdministrator": "it can change and delete every database",
    "DataScientist": "it can change all data",
    "SecretsManagerReadWrite": "it can read and change every secret",
    "AmazonS3ReadOnlyAccess": "it can read every object of every bucket",
    "AmazonDynamoDBReadOnlyAccess": "it can read every table",
    "AmazonSSMReadOnlyAccess": "it can read every parameter, secret ones too",
    "AmazonEC2RoleforSSM": "it can read and write every object of every bucket",
    "AWSKeyManagementServicePowerUser": "it can make and give away keys",
}
_FULL = re.compile(r"(?:Amazon|AWS)?(.*?)_?(?:Console)?FullAccess(?:V2|_v2)?$")
#: Source: the managed policies' documents, where all of them is one grant.
_DOCUMENTS: Final = {
    "AdministratorAccess": ("*",),
    "IAMFullAccess": ("iam:*",),
    "AmazonDynamoDBFullAccess": ("dynamodb:*", "dax:*"),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonSNSFullAccess": ("sns:*",),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AmazonSSMFullAccess": ("ssm:*",),
    "CloudWatchLogsFullAccess": ("logs:*",),
}


def danger_of_managed(arn: str) -> str:
    """Why a managed policy is dangerous, by its name; empty for a narrow one, and for one that is not AWS's."""
    if arn.split(":")[4:5] != ["aws"]:
        return ""
    name = arn.rsplit("/", 1)[-1]
    if name in _BROAD:
        return _BROAD[name]
    full = _FULL.match(name)
    return f"it can do everything with {full[1] or 'it'}, on every resource" if full else ""


def document_of(arn: str) -> frozenset[Grant]:
    """What a managed policy of AWS's is known to allow; nothing where it is not known here."""
    if arn.split(":")[4:5] != ["aws"]:
        return frozenset()
    return frozenset(
        Grant(allows=True, who=Span(""), action=Span(action), resource=ALL)
        for action in _DOCUMENTS.get(arn.rsplit("/", 1)[-1], ())
    )
