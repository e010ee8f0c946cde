"""Who holds which policies: what a stack's resources say of identities, and of resources with their own policies.

Source: pulumi_aws 7, the resources' documentation.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.policy.resources import Hidden
from infra.policy.rules.statements import many
from infra.review.preview import State

ROLE: Final = "aws:iam/role:Role"
USER: Final = "aws:iam/user:User"
GROUP: Final = "aws:iam/group:Group"
MANAGED: Final = "aws:iam/policy:Policy"
FUNCTION: Final = "aws:lambda/function:Function"

#: Property with the role that a resource runs under: how that is said.
UNDER: Final = {
    "iamInstanceProfile": "instance profile",
    "executionRoleArn": "execution role",
    "iamRoleArn": "role",
    "instanceRoleArn": "role",
    "jobRoleArn": "role",
    "nodeRoleArn": "role",
    "role": "role",
    "roleArn": "role",
    "serviceRole": "role",
    "serviceRoleArn": "role",
    "taskRoleArn": "task role",
}
#: What a policy does: gives its holder rights, limits them, says who may take a role, or who may use a resource.
Kind = Literal["identity", "boundary", "trust", "resource"]


@dataclass(frozen=True)
class Written:
    """A policy as a resource of the stack gives it to somebody.

    Attributes:
        holder: URN of the identity or resource; for one that is not of this stack what the program calls it.
        value: its document, or Hidden; of a managed policy that is not of this stack a `Managed`.
        source: the resource whose text it is.
    """

    holder: str
    kind: Kind
    value: Any
    source: State


@dataclass(frozen=True)
class Managed:
    """A managed policy by its ARN, that is not of this stack."""

    arn: str

    @property
    def name(self) -> str:
        """Its last part: `AdministratorAccess`."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def of_aws(self) -> bool:
        """Whether AWS keeps it, for every account."""
        return self.arn.split(":")[4:5] == ["aws"]


#: Type: the property that says whose, the type of that one, the property with the document.
_INLINE: Final = {
    "aws:iam/rolePolicy:RolePolicy": ("role", ROLE, "policy"),
    "aws:iam/userPolicy:UserPolicy": ("user", USER, "policy"),
    "aws:iam/groupPolicy:GroupPolicy": ("group", GROUP, "policy"),
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": (
        "permissionSetArn",
        "aws:ssoadmin/permissionSet:PermissionSet",
        "inlinePolicy",
    ),
}
#: Type: the properties that say whose, each with its type, and the property with ARNs of managed policies.
_ATTACHED: Final[Mapping[str, tuple[tuple[tuple[str, str], ...], str]]] = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ((("role", ROLE),), "policyArn"),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ((("user", USER),), "policyArn"),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ((("group", GROUP),), "policyArn"),
    "aws:iam/policyAttachment:PolicyAttachment": ((("roles", ROLE), ("users", USER), ("groups", GROUP)), "policyArn"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ((("roleName", ROLE),), "policyArns"),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": ((("userName", USER),), "policyArns"),
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": ((("groupName", GROUP),), "policyArns"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ((("principalArn", ROLE),), "policyArn"),
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": (
        (("permissionSetArn", "aws:ssoadmin/permissionSet:PermissionSet"),),
        "managedPolicyArn",
    ),
    ROLE: ((("", ROLE),), "managedPolicyArns"),
}
#: Type: the property with the document of a resource, and the one that says of which; empty for itself.
_RESOURCE: Final = {
    "aws:apigateway/restApi:RestApi": ("policy", ""),
    "aws:apigateway/restApiPolicy:RestApiPolicy": ("policy", "restApiId"),
    "aws:backup/vaultPolicy:VaultPolicy": ("policy", "backupVaultName"),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": ("policy", "eventBusName"),
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": ("accessPolicy", "destinationName"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("policyDocument", ""),
    "aws:codeartifact/domainPermissions:DomainPermissions": ("policyDocument", "domain"),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": ("policyDocument", "repository"),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": ("policy", "resourceArn"),
    "aws:ecr/registryPolicy:RegistryPolicy": ("policy", ""),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": ("policy", "fileSystemId"),
    "aws:elasticsearch/domain:Domain": ("accessPolicies", ""),
    "aws:elasticsearch/domainPolicy:DomainPolicy": ("accessPolicies", "domainName"),
    "aws:glue/resourcePolicy:ResourcePolicy": ("policy", ""),
    "aws:kinesis/resourcePolicy:ResourcePolicy": ("policy", "resourceArn"),
    "aws:kms/externalKey:ExternalKey": ("policy", ""),
    "aws:kms/key:Key": ("policy", ""),
    "aws:kms/keyPolicy:KeyPolicy": ("policy", "keyId"),
    "aws:kms/replicaKey:ReplicaKey": ("policy", ""),
    "aws:msk/clusterPolicy:ClusterPolicy": ("policy", "clusterArn"),
    "aws:opensearch/domain:Domain": ("accessPolicies", ""),
    "aws:opensearch/domainPolicy:DomainPolicy": ("accessPolicies", "domainName"),
    "aws:s3/accessPoint:AccessPoint": ("policy", ""),
    "aws:s3/bucket:Bucket": ("policy", ""),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:s3/bucketV2:BucketV2": ("policy", ""),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": ("policy", "accessPointArn"),
    "aws:secretsmanager/secret:Secret": ("policy", ""),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", "secretArn"),
    "aws:ses/identityPolicy:IdentityPolicy": ("policy", "identity"),
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": ("policy", "emailIdentity"),
    "aws:sns/topic:Topic": ("policy", ""),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", "arn"),
    "aws:sqs/queue:Queue": ("policy", ""),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", "queueUrl"),
}


class Holders:
    """The policies of one side of a change, by whom they are of.

    Attributes:
        attached: URNs of the managed policies that the stack gives to somebody.
    """

    def __init__(self, states: Iterable[State], formerly: Iterable[State] = ()) -> None:
        """`formerly` are the same resources as they were: an identity that is not shown yet is what it was."""
        self._states = {state.urn: state for state in states if state.custom}
        self._names = dict[tuple[str, str], str]()
        self._known = dict[str, str]()
        for state in [*self._states.values(), *formerly]:
            if state.urn in self._states:
                self._index(state)
        self.of = defaultdict[str, list[Written]](list)
        self.attached = set[str]()
        for state in self._states.values():
            for written in self._written(state):
                self.of[written.holder].append(written)

    def _index(self, state: State) -> None:
        for name in (state.raw("name"), state.outputs.get("name"), state.id):
            if isinstance(name, str) and name:
                self._names.setdefault((state.type, name), state.urn)
        for name in (state.id, state.outputs.get("arn"), state.outputs.get("url")):
            if isinstance(name, str) and name:
                known = self._known.setdefault(name, state.urn)
                self._known[name] = state.urn if known == state.urn else ""  # two of one name are told apart by type

    def state(self, urn: str) -> State | None:
        """The resource of a URN on this side."""
        return self._states.get(urn)

    def _written(self, state: State) -> Iterator[Written]:
        if inline := _INLINE.get(state.type):
            prop, type_, document = inline
            for holder in self.named(state, prop, type_):
                yield Written(holder, "identity", state.raw(document), state)
        if attached := _ATTACHED.get(state.type):
            props, arns = attached
            for prop, type_ in props:
                for holder in self.named(state, prop, type_) if prop else [state.urn]:
                    for value, source in self._managed(state, arns):
                        yield Written(holder, "identity", value, source)
        if state.type == ROLE:
            yield from self._of_role(state)
        if state.type in (ROLE, USER) and state.raw("permissionsBoundary") is not None:
            for value, source in self._managed(state, "permissionsBoundary"):
                yield Written(state.urn, "boundary", value, source)
        if found := _RESOURCE.get(state.type):
            document, owner = found
            if (value := state.raw(document)) not in (None, ""):
                yield Written(self._owner(state, owner) if owner else state.urn, "resource", value, state)
        if speaks := _SPOKEN.get(state.type):
            owner, say = speaks
            yield Written(self._owner(state, owner), "resource", say(state), state)

    def _of_role(self, role: State) -> Iterator[Written]:
        yield Written(role.urn, "trust", role.raw("assumeRolePolicy"), role)
        inline = role.raw("inlinePolicies")
        for one in many(inline):
            value = one.get("policy") if isinstance(one, Mapping) else one
            if value not in (None, ""):
                yield Written(role.urn, "identity", value, role)

    def named(self, state: State, prop: str, type_: str) -> list[str]:
        """The resources of a type that a property names; those of the stack by their URN."""
        given = many(state.raw(prop))
        linked = [urn for urn in state.links.get(prop, ()) if type_of(urn) == type_]
        if linked and (len(given) <= 1 or any(isinstance(one, Hidden) for one in given)):
            return linked
        if any(isinstance(one, Hidden) for one in given):
            return [f"those of {state.urn}"]
        return [self._names.get((type_, str(one))) or self._known.get(str(one)) or str(one) for one in given]

    def _managed(self, state: State, prop: str) -> Iterator[tuple[Any, State]]:
        """What the managed policies of a property say, and which resource says it: those of the stack themselves."""
        given = many(state.raw(prop))
        linked = [urn for urn in state.links.get(prop, ()) if urn in self._states and self._states[urn].type == MANAGED]
        if linked and any(isinstance(one, Hidden) for one in given):
            given = [*linked, *(one for one in given if isinstance(one, str) and one not in self._known)]
        elif len(linked) == len(given) == 1:
            given = linked
        for one in given:
            urn = one if isinstance(one, str) and one in self._states else self._known.get(str(one), "")
            policy = self._states.get(urn)
            if policy is not None and policy.type == MANAGED:
                self.attached.add(urn)
                yield policy.raw("policy"), policy
            elif one not in (None, ""):
                yield Managed(one) if isinstance(one, str) else one, state

    def unattached(self) -> Iterator[Written]:
        """Managed policies of the stack that it gives to nobody: who has them is not known here."""
        for state in self._states.values():
            if state.type == MANAGED and state.urn not in self.attached:
                yield Written(state.urn, "identity", state.raw("policy"), state)

    def _owner(self, state: State, prop: str) -> str:
        """The resource that a policy is of: by its URN where it is of this stack."""
        linked = [urn for urn in state.links.get(prop, ()) if urn in self._states]
        if linked:
            return linked[0]
        given = state.raw(prop)
        if not isinstance(given, str):
            return state.urn
        by_name = (self._names.get((type_, given)) for type_ in _OWNERS.get(state.type, ()))
        return self._known.get(given) or next((urn for urn in by_name if urn), given)


def type_of(urn: str) -> str:
    """The type that a URN has: of what a preview does not show too."""
    return urn.split("::")[2].rsplit("$", 1)[-1] if urn.count("::") >= 3 else ""  # noqa: PLR2004


#: The types that a policy's resource may be named by where it is no identity or ARN of one.
_OWNERS: Final = {
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("aws:ecr/repository:Repository",),
    "aws:lambda/permission:Permission": (FUNCTION,),
    "aws:s3/bucketPolicy:BucketPolicy": ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"),
}


def _lambda_permission(state: State) -> Any:
    conditions = {
        "AWS:SourceArn": state.raw("sourceArn"),
        "AWS:SourceAccount": state.raw("sourceAccount"),
        "aws:PrincipalOrgID": state.raw("principalOrgId"),
        "lambda:FunctionUrlAuthType": state.raw("functionUrlAuthType"),
    }
    return _statement(state.raw("principal"), state.raw("action"), conditions)


def _kms_grant(state: State) -> Any:
    operations = state.raw("operations")
    if isinstance(operations, Hidden):
        return operations
    constraints = many(state.raw("constraints"))
    actions = [f"kms:{operation}" for operation in many(operations)]
    return _statement(state.raw("granteePrincipal"), actions, {"kms:EncryptionContext": constraints or None})


def _layer_permission(state: State) -> Any:
    return _statement(state.raw("principal"), state.raw("action"), {"aws:PrincipalOrgID": state.raw("organizationId")})


def _event_permission(state: State) -> Any:
    organization = state.raw("condition.value")
    return _statement(
        state.raw("principal"), state.raw("action") or "events:PutEvents", {"aws:PrincipalOrgID": organization}
    )


def _image_permission(state: State) -> Any:
    who = state.raw("accountId") or state.raw("organizationArn") or state.raw("organizationalUnitArn") or "*"
    return _statement(who, "ec2:RunInstances", {})


def _snapshot_permission(state: State) -> Any:
    return _statement(state.raw("accountId"), "ec2:CreateVolume", {})


def _endpoint_permission(state: State) -> Any:
    return _statement(state.raw("principalArn"), "ec2:CreateVpcEndpoint", {})


def _share(state: State) -> Any:
    return _statement(state.raw("principal"), "ram:UseSharedResource", {})


def _statement(who: Any, action: Any, conditions: Mapping[str, Any]) -> Any:
    """A document that says what a resource says by its properties; Hidden where that is."""
    given = {key: value for key, value in conditions.items() if value not in (None, "")}
    if hidden := next((one for one in (who, *many(action)) if isinstance(one, Hidden)), None):
        return hidden
    given = {key: f"({value.why})" if isinstance(value, Hidden) else value for key, value in given.items()}
    service = isinstance(who, str) and "." in who and not who.startswith("arn:")
    principal = "*" if who == "*" else {"Service" if service else "AWS": who}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {"Statement": [{**statement, "Condition": {"StringLike": given}} if given else statement]}


_SPOKEN: Final = {
    "aws:lambda/permission:Permission": ("function", _lambda_permission),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": ("layerName", _layer_permission),
    "aws:kms/grant:Grant": ("keyId", _kms_grant),
    "aws:cloudwatch/eventPermission:EventPermission": ("eventBusName", _event_permission),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": (
        "vpcEndpointServiceId",
        _endpoint_permission,
    ),
    "aws:ram/principalAssociation:PrincipalAssociation": ("resourceShareArn", _share),
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": ("imageId", _image_permission),
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": ("snapshotId", _snapshot_permission),
}
