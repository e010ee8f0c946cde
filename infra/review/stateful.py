"""Which types of resources hold something that a new one of the same kind does not have, and what that is.

Tokens are Pulumi's; a test holds those of AWS against the SDK's own list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from infra.review.finding import Verdict
from infra.review.preview import State


class Kind(Enum):
    """How bad the loss is: deleted; replaced; replaced where the old one stays; and what a new one begins with."""

    #: Those who use it find a new, empty one.
    DATA = (Verdict.DANGEROUS, Verdict.DANGEROUS, Verdict.DANGEROUS, ", empty")
    #: What waits in it, or is its past: a new one works as well from now on.
    PASSING = (Verdict.DANGEROUS, Verdict.DANGEROUS, Verdict.LOOK)
    #: Where people outside find or recognise the stack; nobody gives the same again.
    ADDRESS = (Verdict.DANGEROUS, Verdict.DANGEROUS, Verdict.DANGEROUS)
    #: It is somewhere else too, in the program for example; or it is made anew, and used by another value.
    COPY = (Verdict.LOOK, Verdict.LOOK, Verdict.LOOK)
    #: Made of the program's own content, and replaced with each release.
    RELEASE = (Verdict.LOOK, Verdict.SAFE, Verdict.SAFE)

    def __init__(self, deleted: Verdict, replaced: Verdict, kept: Verdict, begins: str = "") -> None:
        """The verdicts, and what follows on "a new"."""
        self.deleted, self.replaced, self.kept, self.begins = deleted, replaced, kept, begins


@dataclass(frozen=True)
class Store:
    """A type that holds something.

    Attributes:
        holds: what goes with it, after "and".
        means: what that does to the people who use it, a sentence of its own; empty where `holds` says it.
    """

    holds: str
    kind: Kind = Kind.DATA
    means: str = ""


DATABASES: Final = frozenset(
    {
        "aws:rds/instance:Instance",
        "aws:rds/cluster:Cluster",
        "aws:docdb/cluster:Cluster",
        "aws:neptune/cluster:Cluster",
        "aws:redshift/cluster:Cluster",
    }
)
BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKETS: Final = frozenset({BUCKET, "aws:s3/bucketV2:BucketV2"})
KEY: Final = "aws:kms/key:Key"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
SECRET_VERSION: Final = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - a type
TABLE: Final = "aws:dynamodb/table:Table"

_ROWS = Store("the database's rows")
_REPLICA = Store("a replica; the rows are at its source", Kind.COPY, "who reads from it fails")
#: Properties of a database that is a copy of another one.
SOURCES: Final = ("replicateSourceDb", "replicationSourceIdentifier")
_SNAPSHOT = Store("the copy of a database that it is", Kind.PASSING)
_NODE = Store("a node of a cluster; the rows are the cluster's", Kind.COPY)
_CACHE = Store(
    "what is in the cache: sessions, counters and jobs, where they are kept there",
    means="what can be had from elsewhere is read again, all at once",
)
_MEMCACHED = Store("what is in the cache", Kind.COPY, "it is read from elsewhere again, all at once")
_OBJECTS = Store("the bucket's objects")
_OBJECT = Store(
    "the object", Kind.RELEASE, "the program's own content can be put again; what others wrote over it can't"
)
_FILES = Store("the file system's files")
_DISK = Store("the volume's content")
_DISK_COPY = Store("the copy of a disk that it is", Kind.PASSING)
_MACHINE_IMAGE = Store("the machine image", Kind.RELEASE, "no server can be started from it any more")
_IMAGES = Store(
    "the images", Kind.PASSING, "a task that starts, or is moved, can't pull its image; nor can a roll-back"
)
_MESSAGES = Store(
    "the messages in the queue",
    Kind.PASSING,
    "what was sent and not yet received is lost, and who still has the old address fails",
)
_TOPIC = Store(
    "its subscriptions",
    Kind.PASSING,
    "people confirm e-mail subscriptions anew; whoever outside of the stack subscribed or publishes to it is cut off",
)
_SUBSCRIPTION = Store(
    "the subscriber's place", Kind.COPY, "nothing is delivered in between; e-mail and HTTP are to be confirmed anew"
)
_STREAM = Store("the stream's records", Kind.PASSING, "consumers begin at the new one's start")
_BROKER = Store("the messages in the broker", means="producers and consumers are cut off until they know the new one")
_LOGS = Store("the log lines", Kind.PASSING)
_METRICS = Store("the metrics' past", Kind.PASSING)
_BACKUPS = Store("the backups in it", Kind.PASSING)
_USERS = Store("its users and their passwords", means="everybody signs up anew: AWS exports no password")
_KEY = Store(
    "all that it encrypts",
    Kind.PASSING,
    "what was encrypted with it can't be read, whoever has it: volumes, backups, secrets",
)
_ALIAS = Store("the key's name", Kind.COPY, "who encrypts or decrypts by this name fails; the key itself stays")
_SECRET = Store("the secret's value")
_VALUE = Store("its value", Kind.COPY, "who reads it by its name finds none, or another")
_CREDENTIAL = Store("a credential in use", Kind.COPY, "whoever has the old one is refused")
_SERVER_DISK = Store("what the server keeps on disks of its own", Kind.COPY)
_CATALOG = Store("the catalogue's descriptions of data", Kind.COPY)
_INDEX = Store("the indexed documents")
_SOURCE = Store("the repository's history")
_PACKAGES = Store("the packages", Kind.PASSING)
_ZONE = Store(
    "the zone's records and its name servers",
    means="a new zone has other name servers: names resolve no more until the registrar and parent zone know them",
)
_IP = Store(
    "its public address",
    Kind.ADDRESS,
    "the address can't be had back: whoever lets in only the old one, or has it in DNS, is cut off",
)
_DNS_NAME = Store("its DNS name", Kind.COPY, "who uses that name directly, or by a record of another stack, is cut off")
_CERTIFICATE = Store(
    "the certificate", Kind.COPY, "a new one is validated before it is issued; by e-mail that takes a person"
)
_SENDER = Store("the right to send as that name", Kind.COPY, "mail is refused until the name is verified again")
_TUNNEL = Store("the tunnel's addresses and keys", Kind.ADDRESS, "the other end is to be configured anew")

_STORES: Final[Mapping[str, Store]] = {
    "aws:rds/instance:Instance": _ROWS,
    "aws:rds/cluster:Cluster": _ROWS,
    "aws:rds/clusterInstance:ClusterInstance": _NODE,
    "aws:rds/snapshot:Snapshot": _SNAPSHOT,
    "aws:rds/snapshotCopy:SnapshotCopy": _SNAPSHOT,
    "aws:rds/clusterSnapshot:ClusterSnapshot": _SNAPSHOT,
    "aws:docdb/cluster:Cluster": _ROWS,
    "aws:docdb/elasticCluster:ElasticCluster": _ROWS,
    "aws:docdb/clusterInstance:ClusterInstance": _NODE,
    "aws:docdb/clusterSnapshot:ClusterSnapshot": _SNAPSHOT,
    "aws:neptune/cluster:Cluster": _ROWS,
    "aws:neptune/clusterInstance:ClusterInstance": _NODE,
    "aws:neptune/clusterSnapshot:ClusterSnapshot": _SNAPSHOT,
    "aws:redshift/cluster:Cluster": _ROWS,
    "aws:redshift/clusterSnapshot:ClusterSnapshot": _SNAPSHOT,
    "aws:redshiftserverless/namespace:Namespace": _ROWS,
    "aws:redshiftserverless/snapshot:Snapshot": _SNAPSHOT,
    "aws:dsql/cluster:Cluster": _ROWS,
    "aws:timestreamwrite/database:Database": _ROWS,
    "aws:timestreamwrite/table:Table": _ROWS,
    "aws:timestreaminfluxdb/dbInstance:DbInstance": _ROWS,
    "aws:timestreaminfluxdb/dbCluster:DbCluster": _ROWS,
    "aws:qldb/ledger:Ledger": _ROWS,
    "aws:keyspaces/keyspace:Keyspace": _ROWS,
    "aws:keyspaces/table:Table": _ROWS,
    "aws:lightsail/database:Database": _ROWS,
    TABLE: Store("the table's items"),
    "aws:dynamodb/globalTable:GlobalTable": Store("the table's items"),
    "aws:dynamodb/tableItem:TableItem": Store("the item", Kind.COPY),
    "aws:dax/cluster:Cluster": _MEMCACHED,
    "aws:elasticache/cluster:Cluster": _CACHE,
    "aws:elasticache/replicationGroup:ReplicationGroup": _CACHE,
    "aws:elasticache/serverlessCache:ServerlessCache": _CACHE,
    "aws:memorydb/cluster:Cluster": _ROWS,
    "aws:memorydb/snapshot:Snapshot": _SNAPSHOT,
    "aws:opensearch/domain:Domain": _INDEX,
    "aws:opensearch/serverlessCollection:ServerlessCollection": _INDEX,
    "aws:elasticsearch/domain:Domain": _INDEX,
    "aws:kendra/index:Index": _INDEX,
    BUCKET: _OBJECTS,
    "aws:s3/bucketV2:BucketV2": _OBJECTS,
    "aws:s3/directoryBucket:DirectoryBucket": _OBJECTS,
    "aws:s3control/bucket:Bucket": _OBJECTS,
    "aws:s3tables/tableBucket:TableBucket": _ROWS,
    "aws:s3tables/table:Table": _ROWS,
    "aws:s3/vectorsVectorBucket:VectorsVectorBucket": _INDEX,
    "aws:s3/vectorsIndex:VectorsIndex": _INDEX,
    "aws:s3/bucketObject:BucketObject": _OBJECT,
    "aws:s3/bucketObjectv2:BucketObjectv2": _OBJECT,
    "aws:s3/objectCopy:ObjectCopy": _OBJECT,
    "aws:lightsail/bucket:Bucket": _OBJECTS,
    "aws:glacier/vault:Vault": Store("its archives"),
    "aws:efs/fileSystem:FileSystem": _FILES,
    "aws:s3/filesFileSystem:FilesFileSystem": _FILES,
    "aws:fsx/windowsFileSystem:WindowsFileSystem": _FILES,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _FILES,
    "aws:fsx/ontapFileSystem:OntapFileSystem": _FILES,
    "aws:fsx/ontapVolume:OntapVolume": _FILES,
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _FILES,
    "aws:fsx/openZfsVolume:OpenZfsVolume": _FILES,
    "aws:fsx/backup:Backup": _BACKUPS,
    "aws:ebs/volume:Volume": _DISK,
    "aws:ebs/snapshot:Snapshot": _DISK_COPY,
    "aws:ebs/snapshotCopy:SnapshotCopy": _DISK_COPY,
    "aws:ec2/ami:Ami": _MACHINE_IMAGE,
    "aws:ec2/amiCopy:AmiCopy": _MACHINE_IMAGE,
    "aws:ec2/amiFromInstance:AmiFromInstance": _MACHINE_IMAGE,
    "aws:ec2/instance:Instance": _SERVER_DISK,
    "aws:lightsail/instance:Instance": _SERVER_DISK,
    "aws:lightsail/disk:Disk": _DISK,
    "aws:workspaces/workspace:Workspace": Store("the user's own files on it"),
    "aws:sqs/queue:Queue": _MESSAGES,
    "aws:sns/topic:Topic": _TOPIC,
    "aws:sns/topicSubscription:TopicSubscription": _SUBSCRIPTION,
    "aws:kinesis/stream:Stream": _STREAM,
    "aws:msk/cluster:Cluster": _BROKER,
    "aws:msk/serverlessCluster:ServerlessCluster": _BROKER,
    "aws:mq/broker:Broker": _BROKER,
    "aws:cloudwatch/eventArchive:EventArchive": Store("the archived events", Kind.PASSING),
    LOG_GROUP: _LOGS,
    "aws:cloudwatch/logStream:LogStream": _LOGS,
    "aws:cloudtrail/eventDataStore:EventDataStore": Store("the audit events", Kind.PASSING),
    "aws:amp/workspace:Workspace": _METRICS,
    "aws:grafana/workspace:Workspace": Store("its dashboards"),
    "aws:backup/vault:Vault": _BACKUPS,
    "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault": _BACKUPS,
    SECRET: _SECRET,
    "aws:ssm/parameter:Parameter": _VALUE,
    KEY: _KEY,
    "aws:kms/externalKey:ExternalKey": _KEY,
    "aws:kms/replicaKey:ReplicaKey": _KEY,
    "aws:kms/alias:Alias": _ALIAS,
    "aws:acmpca/certificateAuthority:CertificateAuthority": Store(
        "the key of the authority", Kind.PASSING, "no certificate that it issued can be renewed or revoked"
    ),
    "aws:iam/accessKey:AccessKey": _CREDENTIAL,
    "aws:apigateway/apiKey:ApiKey": _CREDENTIAL,
    "aws:ecr/repository:Repository": _IMAGES,
    "aws:ecrpublic/repository:Repository": _IMAGES,
    "aws:codecommit/repository:Repository": _SOURCE,
    "aws:codeartifact/repository:Repository": _PACKAGES,
    "aws:codeartifact/domain:Domain": _PACKAGES,
    "aws:cognito/userPool:UserPool": _USERS,
    "aws:cognito/userPoolClient:UserPoolClient": Store(
        "the client's id and secret", Kind.COPY, "applications that have the old id can't sign anybody in"
    ),
    "aws:cognito/user:User": Store("the user's account", Kind.COPY),
    "aws:cognito/identityPool:IdentityPool": Store("the identities of its users"),
    "aws:directoryservice/directory:Directory": Store("its users, groups and computers"),
    "aws:emr/cluster:Cluster": Store("what is in its HDFS"),
    "aws:pinpoint/app:App": Store("its endpoints and segments"),
    "aws:sesv2/contactList:ContactList": Store("its contacts, and what they want no more mail of"),
    "aws:verifiedpermissions/policyStore:PolicyStore": Store("the policies in it"),
    "aws:glue/schema:Schema": Store("the schema's versions", Kind.PASSING, "who reads by an old version fails"),
    "aws:glue/catalogDatabase:CatalogDatabase": _CATALOG,
    "aws:glue/catalogTable:CatalogTable": _CATALOG,
    "aws:connect/instance:Instance": Store("its flows, users and claimed numbers"),
    "aws:sagemaker/domain:Domain": Store("its users' files"),
    "aws:ec2/eip:Eip": _IP,
    "aws:lightsail/staticIp:StaticIp": _IP,
    "aws:globalaccelerator/accelerator:Accelerator": _IP,
    "aws:route53/zone:Zone": _ZONE,
    "aws:route53/delegationSet:DelegationSet": _ZONE,
    "aws:ec2/vpnConnection:VpnConnection": _TUNNEL,
    "aws:transfer/server:Server": Store("its host key", Kind.COPY, "clients are told that the host has changed"),
    "aws:lb/loadBalancer:LoadBalancer": _DNS_NAME,
    "aws:alb/loadBalancer:LoadBalancer": _DNS_NAME,
    "aws:elb/loadBalancer:LoadBalancer": _DNS_NAME,
    "aws:cloudfront/distribution:Distribution": _DNS_NAME,
    "aws:lambda/functionUrl:FunctionUrl": _DNS_NAME,
    "aws:amplify/app:App": _DNS_NAME,
    "aws:apigateway/restApi:RestApi": _DNS_NAME,
    "aws:apigatewayv2/api:Api": _DNS_NAME,
    "aws:acm/certificate:Certificate": _CERTIFICATE,
    "aws:ses/domainIdentity:DomainIdentity": _SENDER,
    "aws:ses/emailIdentity:EmailIdentity": _SENDER,
    "aws:sesv2/emailIdentity:EmailIdentity": _SENDER,
    "random:index/randomPassword:RandomPassword": Store(
        "the password", Kind.COPY, "a new one is made up; whoever was given the old one by hand is refused"
    ),
    "tls:index/privateKey:PrivateKey": Store(
        "the private key", Kind.COPY, "what was signed or let in by the old one is to be made anew"
    ),
    # The same things by AWS's own provider (Cloud Control).
    "aws-native:rds:DbInstance": _ROWS,
    "aws-native:rds:DbCluster": _ROWS,
    "aws-native:docdb:DbCluster": _ROWS,
    "aws-native:neptune:DbCluster": _ROWS,
    "aws-native:redshift:Cluster": _ROWS,
    "aws-native:dynamodb:Table": Store("the table's items"),
    "aws-native:dynamodb:GlobalTable": Store("the table's items"),
    "aws-native:elasticache:ReplicationGroup": _CACHE,
    "aws-native:elasticache:ServerlessCache": _CACHE,
    "aws-native:opensearchservice:Domain": _INDEX,
    "aws-native:s3:Bucket": _OBJECTS,
    "aws-native:efs:FileSystem": _FILES,
    "aws-native:ec2:Volume": _DISK,
    "aws-native:ec2:Eip": _IP,
    "aws-native:sqs:Queue": _MESSAGES,
    "aws-native:sns:Topic": _TOPIC,
    "aws-native:kinesis:Stream": _STREAM,
    "aws-native:logs:LogGroup": _LOGS,
    "aws-native:backup:BackupVault": _BACKUPS,
    "aws-native:secretsmanager:Secret": _SECRET,
    "aws-native:ssm:Parameter": _VALUE,
    "aws-native:kms:Key": _KEY,
    "aws-native:kms:Alias": _ALIAS,
    "aws-native:ecr:Repository": _IMAGES,
    "aws-native:cognito:UserPool": _USERS,
    "aws-native:route53:HostedZone": _ZONE,
    # What stands beside AWS in one program most often.
    "gcp:sql/databaseInstance:DatabaseInstance": _ROWS,
    "gcp:sql/database:Database": _ROWS,
    "gcp:storage/bucket:Bucket": _OBJECTS,
    "gcp:bigquery/dataset:Dataset": _ROWS,
    "gcp:bigquery/table:Table": _ROWS,
    "gcp:compute/disk:Disk": _DISK,
    "gcp:kms/cryptoKey:CryptoKey": _KEY,
    "azure-native:storage:StorageAccount": _OBJECTS,
    "azure-native:sql:Database": _ROWS,
    "azure-native:dbforpostgresql:Server": _ROWS,
    "azure-native:documentdb:DatabaseAccount": _ROWS,
    "azure-native:keyvault:Vault": _SECRET,
    "kubernetes:core/v1:PersistentVolumeClaim": _DISK,
    "kubernetes:core/v1:PersistentVolume": _DISK,
    "kubernetes:core/v1:Namespace": Store("all that is in the namespace"),
    "docker:index/volume:Volume": _DISK,
    "postgresql:index/database:Database": _ROWS,
    "mysql:index/database:Database": _ROWS,
}


def store_of(state: State) -> Store | None:
    """What a resource holds; None where a new one is as good as the old one."""
    store = _STORES.get(state.type)
    if store is _ROWS and any(state.raw(name) for name in SOURCES):
        return _REPLICA
    return _MEMCACHED if store is _CACHE and state.raw("engine") == "memcached" else store


def all_types() -> frozenset[str]:
    """Every type token that is known to hold something."""
    return frozenset(_STORES)
