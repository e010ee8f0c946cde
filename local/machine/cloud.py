"""The types that are real on one machine, and by what."""

from local.folder import StackFolder
from local.machine.ecs import Services, TaskDefinitions
from local.machine.elasticache import ReplicationGroups, UserGroups, Users
from local.machine.emulator import Emulator
from local.machine.kafka import Clusters
from local.machine.load_balancer import Listeners, Loopback, TargetGroups
from local.machine.mq import Brokers
from local.machine.rds import Instances
from local.machine.secretsmanager import Secrets, SecretVersions
from local.machine.sns import Subscriptions, Topics
from local.machine.sqs import QueueAttribute, Queues
from local.machine.supervisor import Supervisor
from local.provider.realised import Cloud

#: Where they listen, unless the stack says otherwise. Each has its own: a new broker is made before the old one goes.
RABBITMQ_PORT, VALKEY_PORT = 6402, 6403


def machine(
    folder: StackFolder,
    *,
    aws_port: int,
    region: str,
    rabbitmq_port: int = RABBITMQ_PORT,
    valkey_port: int = VALKEY_PORT,
) -> Cloud:
    """The types that are real on this machine; all that they leave is in the stack's folder.

    Ports are where each listens.
    """
    supervisor = Supervisor(folder)
    aws = Emulator(supervisor, aws_port, region)
    return {
        "aws:sqs/queue:Queue": Queues(aws),
        "aws:sqs/queuePolicy:QueuePolicy": QueueAttribute(aws, "policy", "Policy"),
        "aws:sqs/redrivePolicy:RedrivePolicy": QueueAttribute(aws, "redrivePolicy", "RedrivePolicy"),
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": QueueAttribute(
            aws, "redriveAllowPolicy", "RedriveAllowPolicy"
        ),
        "aws:sns/topic:Topic": Topics(aws),
        "aws:sns/topicSubscription:TopicSubscription": Subscriptions(aws),
        "aws:secretsmanager/secret:Secret": Secrets(aws),
        "aws:secretsmanager/secretVersion:SecretVersion": SecretVersions(aws),
        "aws:msk/serverlessCluster:ServerlessCluster": Clusters(supervisor),
        "aws:rds/instance:Instance": Instances(supervisor, aws),
        "aws:mq/broker:Broker": Brokers(supervisor, rabbitmq_port),
        "aws:elasticache/user:User": Users(folder),
        "aws:elasticache/userGroup:UserGroup": UserGroups(folder),
        "aws:elasticache/replicationGroup:ReplicationGroup": ReplicationGroups(supervisor, valkey_port),
        "aws:ecs/taskDefinition:TaskDefinition": TaskDefinitions(folder),
        "aws:ecs/service:Service": Services(supervisor, aws),
        "aws:lb/loadBalancer:LoadBalancer": Loopback(),
        "aws:lb/targetGroup:TargetGroup": TargetGroups(folder),
        "aws:lb/listener:Listener": Listeners(supervisor),
    }
