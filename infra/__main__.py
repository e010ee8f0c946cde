"""The stack, in the order of the data's way: network, images, queue, database, alarms, events, services, dashboard."""

import dataclasses
import sys
from pathlib import Path

# `pulumi up` puts this folder on the path, and not the checkout that the package `infra` lies in.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi

from infra import settings
from infra.components.api import DEREGISTRATION, HEALTH_PATH, OPEN_PATHS, Api, ApiArgs
from infra.components.broker_by_config import broker_by_config, port_of
from infra.components.budget import Budget, BudgetArgs, warn_below_floor
from infra.components.cluster import Cluster, ClusterArgs
from infra.components.dashboard import Dashboard, Watched
from infra.components.database import Database, DatabaseArgs
from infra.components.deploy_role import DeployRole, DeployRoleArgs
from infra.components.event_stream import EventStreamArgs
from infra.components.events import Events, EventsArgs
from infra.components.firewall import Firewall, FirewallArgs
from infra.components.given_image import GivenImage
from infra.components.load_balancer import LoadBalancer, LoadBalancerArgs
from infra.components.message_key import MessageKey
from infra.components.network import Network, NetworkArgs
from infra.components.observability import Alarms, AlarmsArgs
from infra.components.place import Place
from infra.components.registry import ServiceImage, ServiceImageArgs
from infra.components.size import Size
from infra.components.worker import Worker, WorkerArgs
from infra.cost.floor import floor
from infra.cost.ledger import Ledger
from infra.lab import main as the_lab_alone
from infra.lab import queue_lab


def size(tasks: settings.TaskSize) -> Size:
    """A service's size as its component takes it."""
    return Size(**{field.name: getattr(tasks, field.name) for field in dataclasses.fields(Size)})


def main() -> None:
    """Declare the stack that the configuration describes."""
    config = settings.load()
    ledger = Ledger()
    if config.deploy_role:  # before the other roles, which it gives a boundary
        deploy_role = DeployRole("deploy-role", DeployRoleArgs(region=config.region, **config.deploy_role.model_dump()))
        pulumi.export("plan_role", deploy_role.plan_arn)
        pulumi.export("deploy_role", deploy_role.deploy_arn)

    network = Network(
        "network",
        NetworkArgs(
            cidr=config.vpc_cidr,
            region=config.region,
            zones=config.availability_zones,
            egress=config.egress,
            services=config.called_services(),
            repositories=tuple(
                arn
                for image in (config.images.api, config.images.worker)
                if image and (arn := GivenImage(digest=image).repository_arn)
            ),
            flow_log_days=config.flow_logs.retention_days if config.flow_logs else None,
        ),
    )
    firewall = Firewall(
        "firewall",
        FirewallArgs(
            network=network,
            entrances=config.entrances,
            login=config.oidc is not None,
            api_port=config.api.port,
            database_port=config.database.port,
            broker_port=port_of(config),
        ),
    )

    images = {
        name: GivenImage(digest=given)
        if given
        else ServiceImage(
            name,
            ServiceImageArgs(
                dockerfile=f"../services/{name}/Dockerfile",
                platform=config.platform,
                protect=config.protect,
                **config.registry.model_dump(),
            ),
        )
        for name, given in (("api", config.images.api), ("worker", config.images.worker))
    }

    cluster = Cluster(
        "backlog",
        ClusterArgs(
            insights=config.container_insights, exec_log_days=config.log_retention_days if config.exec else None
        ),
    )
    queues_key = config.messages.encryption == "kms"
    key = MessageKey("messages", cluster.arn) if queues_key or "sns" in config.events.streams else None
    broker = broker_by_config(config, network, firewall.broker_id, key if queues_key else None)
    database = Database(
        "database",
        DatabaseArgs(
            subnet_ids=network.private_subnet_ids,
            security_group_id=firewall.database_id,
            log_retention_days=config.log_retention_days,
            protect=config.protect,
            **config.database.model_dump(exclude={"verify_certificate"}),
        ),
    )

    load_balancer = LoadBalancer(
        "api",
        LoadBalancerArgs(
            network=network,
            security_group_id=firewall.load_balancer_id,
            settings=config,
            target_port=config.api.port,
            health_path=HEALTH_PATH,
            open_paths=OPEN_PATHS,
            deregistration_seconds=DEREGISTRATION,
            log_days=config.log_retention_days,
            protect=config.protect,
        ),
    )
    # Before the services: a deployment that makes the API fail is rolled back by its alarm.
    alarms = Alarms(
        "alarms",
        AlarmsArgs(
            region=config.region,
            broker=broker,
            contract=config.job,
            load_balancer=load_balancer,
            database=database,
            connections=config.connections,
            cluster_arn=cluster.arn,
            email=config.alarm_email,
        ),
    )
    if config.budget:
        Budget("backlog", BudgetArgs(monthly_usd=config.budget.monthly_usd, alarms=alarms))
    streams = config.events.streams
    events = (
        Events(
            "events",
            EventsArgs(
                key=key if "sns" in streams else None,
                encrypt_queues=queues_key,
                subscriptions=config.events.subscriptions,
                stream=EventStreamArgs(
                    vpc_id=network.vpc_id,
                    subnet_ids=network.private_subnet_ids,
                    worker_security_group_id=firewall.worker_id,
                    login=config.events.kafka_login,
                    protect=config.protect,
                )
                if "kafka" in streams
                else None,
                alarm_topic_arn=alarms.topic_arn,
                protect=config.protect,
            ),
        )
        if streams
        else None
    )
    place = Place(
        region=config.region,
        cluster=cluster,
        network=network,
        firewall=firewall,
        database=database,
        alarm_topic_arn=alarms.topic_arn,
        sslmode=config.database.sslmode,
        otlp_endpoint=config.telemetry.otlp_endpoint,
        platform=config.platform,
        log_retention_days=config.log_retention_days,
        protect=config.protect,
        wait=config.wait_for_steady_state,
    )
    api = Api(
        "api",
        ApiArgs(
            place=place,
            size=size(config.api),
            security_group_id=firewall.api_id,
            image=images["api"],
            broker=broker,
            load_balancer=load_balancer,
            errors_alarm=alarms.api_errors,
            port=config.api.port,
            processes=config.api.processes,
            threads=config.api.threads,
            access=config.api.access,
            rate_limit=config.api.rate_limit,
            rate_burst=config.api.rate_burst,
            login=config.oidc,
            proxies=config.vpc_cidr,
            requests_per_task=config.api.requests_per_task,
            events=events,
        ),
    )
    worker = Worker(
        "worker",
        WorkerArgs(
            place=place,
            size=size(config.worker),
            security_group_id=firewall.worker_id,
            image=images["worker"],
            broker=broker,
            contract=config.job,
            events=events,
        ),
    )
    dashboard = Dashboard(
        "backlog",
        Watched(
            region=config.region,
            late_seconds=config.job.oldest_message_alarm_seconds,
            balancer=load_balancer.suffix,
            target_group=load_balancer.target_group_suffix,
            jobs=broker.jobs,
            api=api.tasks,
            worker=worker.tasks,
            database=database.identifier,
            streams=streams,
        ),
        alarm_arns=[*alarms.arns, api.alarm_arn, worker.alarm_arn, *(events.alarm_arns if events else [])],
    )

    pulumi.export("url", load_balancer.url)
    for name, value in broker.exports.items():
        pulumi.export(name, value)
    pulumi.export("database_endpoint", database.endpoint)
    pulumi.export("api_image", images["api"].digest)
    pulumi.export("worker_image", images["worker"].digest)
    pulumi.export("cluster", cluster.name)
    pulumi.export("api_service", api.service_name)
    pulumi.export("worker_service", worker.service_name)
    # What runs is held against these after an update (operations/verify.py).
    pulumi.export("services", {"api": api.declared, "worker": worker.declared})
    pulumi.export("queues", dict(broker.declared))
    pulumi.export("alarm_topic", alarms.topic_arn)
    pulumi.export("dashboard", dashboard.name)
    unused = floor(ledger.resources, config.region)
    if config.budget:
        warn_below_floor(config.budget.monthly_usd, unused["usd"])
    pulumi.export("monthly_floor", unused)
    if events:
        for output, value in events.outputs.items():
            pulumi.export(output, value)
    if config.lab:
        for output, value in queue_lab(config).outputs.items():
            pulumi.export(output, value)


the_lab_alone() if settings.only_lab() else main()
