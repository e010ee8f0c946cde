"""The types that are real on one machine, and by what."""

from local.folder import StackFolder
from local.machine.ecs import Services, TaskDefinitions
from local.machine.emulator import Emulator
from local.machine.load_balancer import Loopback
from local.machine.rds import Instances
from local.machine.secretsmanager import Secrets, SecretVersions
from local.machine.sns import Subscriptions, Topics
from local.machine.sqs import QueueAttribute, Queues
from local.machine.supervisor import Supervisor
from local.provider.realised import Cloud


def machine(folder: StackFolder, *, aws_port: int, region: str) -> Cloud:
    """The types that are real on this machine; all that they leave is in the stack's folder."""
    supervisor = Supervisor(folder)
    aws = Emulator(supervisor, aws_port, region)
    return {
        "aws:sqs/queue:Queue": Queues(aws),
        "aws:sqs/queuePolicy:QueuePolicy": QueueAttribute(aws, "policy", "Policy"),
        "aws:sqs/redrivePolicy:RedrivePolicy": QueueAttribute(aws, "redrivePolicy", "RedrivePolicy"),
        "aws:sns/topic:Topic": Topics(aws),
        "aws:sns/topicSubscription:TopicSubscription": Subscriptions(aws),
        "aws:secretsmanager/secret:Secret": Secrets(aws),
        "aws:secretsmanager/secretVersion:SecretVersion": SecretVersions(aws),
        "aws:rds/instance:Instance": Instances(supervisor, aws),
        "aws:ecs/taskDefinition:TaskDefinition": TaskDefinitions(folder),
        "aws:ecs/service:Service": Services(supervisor, aws),
        "aws:lb/loadBalancer:LoadBalancer": Loopback(),
    }
