"""The stack, in the order of the data's way: network, images, queue, database, alarms, API, worker, dashboard."""

import sys
from pathlib import Path

# `pulumi up` puts this folder on the path, and not the checkout that the package `infra` lies in.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi

from infra import settings
from infra.components.api import DEREGISTRATION, HEALTH_PATH, Api, ApiArgs
from infra.components.cluster import Cluster
from infra.components.dashboard import Dashboard, Watched
from infra.components.database import Database, DatabaseArgs
from infra.components.fargate_service import Place, Size
from infra.components.firewall import Firewall, FirewallArgs
from infra.components.load_balancer import LoadBalancer, LoadBalancerArgs
from infra.components.messaging import JobQueue, JobQueueArgs
from infra.components.network import Network, NetworkArgs
from infra.components.observability import Alarms, AlarmsArgs
from infra.components.registry import ServiceImage, ServiceImageArgs
from infra.components.worker import Worker, WorkerArgs


def size(tasks: settings.TaskSize) -> Size:
    """A service's size as its component takes it."""
    return Size(
        cpu=tasks.cpu, memory=tasks.memory, min_count=tasks.min_count, max_count=tasks.max_count, spot=tasks.spot
    )


def main() -> None:
    """Declare the stack that the configuration describes."""
    config = settings.load()

    network = Network(
        "network",
        NetworkArgs(cidr=config.vpc_cidr, region=config.region, zones=config.availability_zones, egress=config.egress),
    )
    firewall = Firewall(
        "firewall",
        FirewallArgs(
            vpc_id=network.vpc_id,
            listener_port=config.listener_port,
            api_port=config.api.port,
            database_port=config.database.port,
        ),
    )

    images = {
        name: ServiceImage(
            name,
            ServiceImageArgs(
                dockerfile=f"../services/{name}/Dockerfile",
                platform=config.platform,
                protect=config.protect,
            ),
        )
        for name in ("api", "worker")
    }

    queue = JobQueue("jobs", JobQueueArgs(contract=config.job, protect=config.protect))
    database = Database(
        "database",
        DatabaseArgs(
            subnet_ids=network.private_subnet_ids,
            security_group_id=firewall.database_id,
            protect=config.protect,
            **config.database.model_dump(),
        ),
    )

    cluster = Cluster("backlog")
    load_balancer = LoadBalancer(
        "api",
        LoadBalancerArgs(
            network=network,
            security_group_id=firewall.load_balancer_id,
            listener_port=config.listener_port,
            target_port=config.api.port,
            health_path=HEALTH_PATH,
            deregistration_seconds=DEREGISTRATION,
            protect=config.protect,
        ),
    )
    # Before the services: a deployment that makes the API fail is rolled back by its alarm.
    alarms = Alarms(
        "alarms",
        AlarmsArgs(
            queue=queue,
            contract=config.job,
            load_balancer=load_balancer,
            database=database,
            cluster_arn=cluster.arn,
            email=config.alarm_email,
        ),
    )
    place = Place(
        region=config.region,
        cluster=cluster,
        network=network,
        firewall=firewall,
        database=database,
        alarm_topic_arn=alarms.topic_arn,
        sslmode=config.database.sslmode,
        platform=config.platform,
        log_retention_days=config.log_retention_days,
        protect=config.protect,
    )
    api = Api(
        "api",
        ApiArgs(
            place=place,
            size=size(config.api),
            security_group_id=firewall.api_id,
            image=images["api"],
            queue=queue,
            load_balancer=load_balancer,
            errors_alarm=alarms.api_errors,
            port=config.api.port,
            processes=config.api.processes,
            threads=config.api.threads,
        ),
    )
    worker = Worker(
        "worker",
        WorkerArgs(
            place=place,
            size=size(config.worker),
            security_group_id=firewall.worker_id,
            image=images["worker"],
            queue=queue,
            contract=config.job,
        ),
    )
    dashboard = Dashboard(
        "backlog",
        Watched(
            region=config.region,
            late_seconds=config.job.oldest_message_alarm_seconds,
            balancer=load_balancer.suffix,
            target_group=load_balancer.target_group_suffix,
            queue=queue.name,
            dead_letters=queue.dlq_name,
            cluster=cluster.name,
            api=api.service_name,
            worker=worker.service_name,
            database=database.identifier,
        ),
        alarm_arns=[*alarms.arns, api.alarm_arn, worker.alarm_arn],
    )

    pulumi.export("url", load_balancer.url)
    pulumi.export("queue_url", queue.url)
    pulumi.export("dlq_url", queue.dlq_url)
    pulumi.export("database_endpoint", database.endpoint)
    pulumi.export("api_image", images["api"].digest)
    pulumi.export("worker_image", images["worker"].digest)
    pulumi.export("cluster", cluster.name)
    pulumi.export("api_service", api.service_name)
    pulumi.export("worker_service", worker.service_name)
    pulumi.export("alarm_topic", alarms.topic_arn)
    pulumi.export("dashboard", dashboard.name)


main()
