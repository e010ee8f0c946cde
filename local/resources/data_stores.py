"""RDS, S3, Backup, and the brokers: ElastiCache, Amazon MQ, MSK."""

from collections.abc import Iterator

from local.provider.naming import AutoName
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.policy_document import check_policy
from local.resources.table import Resource, refuse_when, resource

_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}


def _check_instance(inputs: Bag) -> Iterator[Failure]:
    if inputs.get("manageMasterUserPassword") and inputs.get("password"):
        yield Failure("password", "goes not with manageMasterUserPassword; leave it out")
    if not inputs.get("skipFinalSnapshot") and not inputs.get("finalSnapshotIdentifier"):
        yield Failure(
            "finalSnapshotIdentifier",
            "is needed unless skipFinalSnapshot is true, else the instance can't be deleted",
        )
    days = inputs.get("backupRetentionPeriod", 0)
    if isinstance(days, int) and not 0 <= days <= 35:
        yield Failure("backupRetentionPeriod", f"{days} days is outside RDS's 0 to 35")
    first, most = inputs.get("allocatedStorage"), inputs.get("maxAllocatedStorage")
    if isinstance(first, int) and isinstance(most, int) and most <= first:
        yield Failure("maxAllocatedStorage", f"{most} GiB is not over allocatedStorage {first}: leave it out")
    klass = inputs.get("instanceClass", "db.")
    if not has_unknown(klass) and not str(klass).startswith("db."):
        yield Failure("instanceClass", f"{klass!r}: RDS classes begin with db.")


@resource(
    "aws:rds/instance:Instance",
    auto_name=AutoName("identifier", longest=63, lower=True),
    check=_check_instance,
    keeps=refuse_when(
        "deletionProtection", "deletion protection is on: set deletionProtection to false and update first"
    ),
)
def instance(r: Resource) -> Bag:
    identifier = r.get("identifier")
    port = r.get("port", _PORTS.get(r.get("engine", ""), 5432))
    address = f"{identifier}.c{r.hex(11)}.{r.region}.rds.amazonaws.com"
    uuid = r.hex(32, "secret")
    secret = f"secret:rds!db-{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}-{r.hex(6)}"
    managed = [
        {
            "secretArn": r.arn("secretsmanager", secret),
            "secretStatus": "active",
            "kmsKeyId": r.get("masterUserSecretKmsKeyId", r.arn("kms", "alias/aws/secretsmanager")),
        }
    ]
    return {
        "id": f"db-{r.hex(26).upper()}",
        "resourceId": f"db-{r.hex(26).upper()}",
        "arn": r.arn("rds", f"db:{identifier}"),
        "address": address,
        "port": port,
        "endpoint": f"{address}:{port}",
        "hostedZoneId": "Z2R2ITUGPM61AM",
        "status": "available",
        "engineVersionActual": r.get("engineVersion", ""),
        "masterUserSecrets": managed if r.get("manageMasterUserPassword") else [],
        "availabilityZone": f"{r.region}a",
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "latestRestorableTime": "2026-01-01T00:00:00Z",
        "listenerEndpoints": [],
        "replicas": [],
        "upgradeRolloutOrder": "second",
        "multiAz": False,
        "storageType": "gp3",
        "username": "postgres",
        "backupWindow": "07:00-07:30",
        "maintenanceWindow": "sun:08:00-sun:08:30",
    }


@resource("aws:rds/subnetGroup:SubnetGroup", auto_name=AutoName(longest=255, lower=True))
def db_subnet_group(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": r.arn("rds", f"subgrp:{r.get('name')}"),
        "supportedNetworkTypes": ["IPV4"],
        "vpcId": f"vpc-{r.hex()}",
    }


@resource("aws:rds/parameterGroup:ParameterGroup", auto_name=AutoName(longest=255, lower=True))
def db_parameter_group(r: Resource) -> Bag:
    return {"id": r.get("name"), "arn": r.arn("rds", f"pg:{r.get('name')}")}


@resource("aws:rds/proxy:Proxy", auto_name=AutoName(longest=63, lower=True))
def proxy(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": r.arn("rds", f"db-proxy:prx-{r.hex(17)}"),
        "idleClientTimeout": 1800,
        "endpoint": f"{r.get('name')}.proxy-{r.hex(11)}.{r.region}.rds.amazonaws.com",
    }


@resource("aws:elasticache/subnetGroup:SubnetGroup", auto_name=AutoName(longest=255, lower=True))
def cache_subnet_group(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": r.arn("elasticache", f"subnetgroup:{r.get('name')}"),
        "vpcId": f"vpc-{r.hex()}",
    }


@resource("aws:elasticache/parameterGroup:ParameterGroup", auto_name=AutoName(longest=255, lower=True))
def cache_parameter_group(r: Resource) -> Bag:
    return {"id": r.get("name"), "arn": r.arn("elasticache", f"parametergroup:{r.get('name')}")}


@resource("aws:elasticache/user:User")
def cache_user(r: Resource) -> Bag:
    return {"id": r.get("userId"), "arn": r.arn("elasticache", f"user:{r.get('userId')}")}


@resource("aws:elasticache/userGroup:UserGroup")
def cache_user_group(r: Resource) -> Bag:
    return {"id": r.get("userGroupId"), "arn": r.arn("elasticache", f"usergroup:{r.get('userGroupId')}")}


@resource(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    auto_name=AutoName("replicationGroupId", longest=40, lower=True),
)
def replication_group(r: Resource) -> Bag:
    name = r.get("replicationGroupId")
    host = f"{name}.{r.hex(6)}.{r.region[:3]}1.cache.amazonaws.com"
    count = r.get("numCacheClusters", 1)
    return {
        "id": name,
        "arn": r.arn("elasticache", f"replicationgroup:{name}"),
        "clusterEnabled": False,
        "port": 6379,
        "configurationEndpointAddress": "",
        "engineVersionActual": r.get("engineVersion", ""),
        "memberClusters": [f"{name}-{index:03}" for index in range(1, count + 1)],
        "primaryEndpointAddress": f"master.{host}",
        "readerEndpointAddress": f"replica.{host}",
    }


@resource("aws:elasticache/serverlessCache:ServerlessCache", auto_name=AutoName(longest=40, lower=True))
def serverless_cache(r: Resource) -> Bag:
    host = f"{r.get('name')}-{r.hex(6)}.serverless.{r.region}.cache.amazonaws.com"
    return {
        "id": r.get("name"),
        "arn": r.arn("elasticache", f"serverlesscache:{r.get('name')}"),
        "status": "available",
        "createTime": "2026-01-01T00:00:00Z",
        "fullEngineVersion": r.get("majorEngineVersion", "8"),
        "endpoints": [{"address": host, "port": 6379}],
        "readerEndpoints": [{"address": host, "port": 6380}],
    }


@resource("aws:mq/broker:Broker", auto_name=AutoName("brokerName", longest=50))
def broker(r: Resource) -> Bag:
    uuid = r.hex(32)
    identity = f"b-{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    host = f"{identity}.mq.{r.region}.on.aws"
    instance = {"consoleUrl": f"https://{host}", "endpoints": [f"amqps://{host}:5671"], "ipAddress": ""}
    return {
        "id": identity,
        "arn": r.arn("mq", f"broker:{r.get('brokerName')}:{identity}"),
        "instances": [instance],
        "pendingDataReplicationMode": "",
        "sharedResources": [],
    }


@resource("aws:mq/configuration:Configuration", auto_name=AutoName(longest=150))
def mq_configuration(r: Resource) -> Bag:
    identity = f"c-{r.hex(32)}"
    return {"id": identity, "arn": r.arn("mq", f"configuration:{identity}"), "latestRevision": 1}


@resource("aws:msk/cluster:Cluster", auto_name=AutoName("clusterName", longest=64))
def kafka_cluster(r: Resource) -> Bag:
    name, uuid = r.get("clusterName"), f"{r.hex(32)}-2"
    hosts = [f"b-{n}.{name}.{r.hex(6)}.c2.kafka.{r.region}.amazonaws.com" for n in (1, 2)]
    of = {
        "bootstrapBrokers": 9092,
        "bootstrapBrokersTls": 9094,
        "bootstrapBrokersSaslScram": 9096,
        "bootstrapBrokersSaslIam": 9098,
    }
    served = {key: ",".join(f"{host}:{port}" for host in hosts) for key, port in of.items()}
    rest = (
        "bootstrapBrokersIpv6",
        "bootstrapBrokersPublicSaslIam",
        "bootstrapBrokersPublicSaslScram",
        "bootstrapBrokersPublicTls",
        "bootstrapBrokersSaslIamIpv6",
        "bootstrapBrokersSaslScramIpv6",
        "bootstrapBrokersTlsIpv6",
        "bootstrapBrokersVpcConnectivitySaslIam",
        "bootstrapBrokersVpcConnectivitySaslScram",
        "bootstrapBrokersVpcConnectivityTls",
        "customerActionStatus",
        "zookeeperConnectString",
        "zookeeperConnectStringTls",
    )
    arn = r.arn("kafka", f"cluster/{name}/{uuid}")
    return {
        "id": arn,
        "arn": arn,
        "clusterUuid": uuid,
        "currentVersion": "K1",
        **served,
        **dict.fromkeys(rest, ""),
    }


@resource("aws:msk/serverlessCluster:ServerlessCluster", auto_name=AutoName("clusterName", longest=64))
def serverless_kafka(r: Resource) -> Bag:
    uuid = f"{r.hex(32)}-s1"
    arn = r.arn("kafka", f"cluster/{r.get('clusterName')}/{uuid}")
    return {
        "id": arn,
        "arn": arn,
        "clusterUuid": uuid,
        "bootstrapBrokersSaslIam": f"boot-{r.hex(8)}.c1.kafka-serverless.{r.region}.amazonaws.com:9098",
    }


@resource("aws:msk/configuration:Configuration", auto_name=AutoName(longest=64))
def kafka_configuration(r: Resource) -> Bag:
    arn = r.arn("kafka", f"configuration/{r.get('name')}/{r.hex(32)}-1")
    return {"id": arn, "arn": arn, "latestRevision": 1}


@resource("aws:s3/bucket:Bucket", auto_name=AutoName("bucket", longest=63, lower=True))
def bucket(r: Resource) -> Bag:
    name = r.get("bucket")
    return {
        "id": name,
        "arn": r.arn("s3", f"{name}", region=False, account=False),
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": r.region,
        "bucketRegionalDomainName": f"{name}.s3.{r.region}.amazonaws.com",
        "hostedZoneId": "Z3AQBSTGFYJSTF",
        "websiteDomain": "",
        "websiteEndpoint": "",
        "requestPayer": "BucketOwner",
    }


@resource("aws:s3/bucketPolicy:BucketPolicy", check=lambda inputs: check_policy(inputs, "policy"))
@resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
@resource("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
@resource("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
@resource("aws:s3/bucketVersioning:BucketVersioning")
@resource("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def bucket_setting(r: Resource) -> Bag:
    return {"id": r.get("bucket")}


@resource("aws:backup/vault:Vault", auto_name=AutoName(longest=50))
def vault(r: Resource) -> Bag:
    return {"id": r.get("name"), "arn": r.arn("backup", f"backup-vault:{r.get('name')}"), "recoveryPoints": 0}


@resource("aws:backup/plan:Plan", auto_name=AutoName(longest=50))
def plan(r: Resource) -> Bag:
    return {
        "id": r.hex(32),
        "arn": r.arn("backup", f"backup-plan:{r.hex(32)}"),
        "version": r.hex(32, "version"),
    }


@resource("aws:backup/selection:Selection", auto_name=AutoName(longest=50))
def selection(r: Resource) -> Bag:
    return {"id": r.hex(32)}
