"""The API: a Fargate service behind the load balancer, scaled by its CPU, or by the larger of CPU and requests.

Creates: the Fargate service (see fargate_service.py) and, where the number of its tasks is not fixed, a target-tracking
policy (see api_scaling.py).
"""

from dataclasses import dataclass

import pulumi

from infra.components.api_scaling import Load, track_cpu, track_load
from infra.components.broker import Broker
from infra.components.containers import Container
from infra.components.events import Events
from infra.components.fargate_service import FargateService, FargateServiceArgs
from infra.components.given_image import GivenImage
from infra.components.load_balancer import LoadBalancer
from infra.components.place import Place
from infra.components.registry import ServiceImage
from infra.components.size import Size
from infra.settings import Oidc

HEALTH_PATH = "/api/v1/health"
#: What nobody logs in for: monitors can't, and neither can calendar apps, whose feeds have secret addresses.
OPEN_PATHS = (HEALTH_PATH, "/calendars/*")
#: Seconds. The balancer stops sending, gunicorn finishes what it has, and ECS waits a little longer than both.
DEREGISTRATION, GRACEFUL, STOP = 15, 20, 30


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """`processes` and `threads` are gunicorn's, in each task; `errors_alarm` is the name of what rolls them back.

    `access` is who may ask, `rate_limit` and `rate_burst` how often (0: any number). `login` is whose logins count,
    where people log in; what comes from `proxies`, a network, says for whom it asks.

    `requests_per_task` is how many requests a minute a task takes well; without it tasks are as many as CPU asks for.
    """

    place: Place
    size: Size
    security_group_id: pulumi.Input[str]
    image: ServiceImage | GivenImage
    broker: Broker
    load_balancer: LoadBalancer
    errors_alarm: pulumi.Input[str]
    port: int
    processes: int
    threads: int
    access: str
    rate_limit: int
    rate_burst: int
    login: Oidc | None
    proxies: str
    requests_per_task: int | None = None
    events: Events | None = None


class Api(pulumi.ComponentResource):
    """Attributes: `service_name`, `declared` and `tasks` (see fargate_service.py), `alarm_arn`."""

    def __init__(self, name: str, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:Api", name, None, opts)
        service = FargateService(
            name,
            FargateServiceArgs(
                place=args.place,
                size=args.size,
                security_group_id=args.security_group_id,
                image=args.image,
                load_balancer=args.load_balancer,
                deployment_alarms=[args.errors_alarm],
                after=[args.broker.resource],
                container=Container(
                    command=["gunicorn", "--config", "python:backlog_api.gunicorn_config", "backlog_api.wsgi:app"],
                    health_command=["CMD", "python", "-m", "backlog_api.health"],
                    environment={
                        **_access(args),
                        "API_GRACEFUL_TIMEOUT_SECONDS": str(GRACEFUL),
                        "PORT": str(args.port),
                        **args.broker.environment,
                        "WEB_CONCURRENCY": str(args.processes),
                        "WEB_THREADS": str(args.threads),
                        **(args.events.environment if args.events else {}),
                    },
                    secrets=args.broker.secrets,
                    stop_timeout=STOP,
                    port=args.port,
                ),
                statements=args.broker.send,
                secret_arns=args.broker.secret_arns,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if service.target:
            kept = pulumi.ResourceOptions(parent=self, protect=args.place.protect)
            if args.requests_per_task is None:
                track_cpu(f"{name}-cpu", service.target, kept)
            else:
                load = Load(
                    cluster=args.place.cluster.name,
                    service=service.name,
                    balancer=args.load_balancer.suffix,
                    target_group=args.load_balancer.target_group_suffix,
                    requests_per_task=args.requests_per_task,
                )
                track_load(f"{name}-load", service.target, load, kept)
        self.service_name: pulumi.Output[str] = service.name
        self.declared, self.tasks = service.declared, service.tasks
        self.alarm_arn: pulumi.Output[str] = service.alarm_arn
        self.register_outputs({"serviceName": self.service_name})


def _access(args: ApiArgs) -> dict[str, pulumi.Input[str]]:
    """Who may ask, as the API is told (backlog_api.access_settings)."""
    told: dict[str, pulumi.Input[str]] = {
        "ACCESS": args.access,
        "PROXIES": args.proxies,
        "RATE_LIMIT_BURST": str(args.rate_burst),
        "RATE_LIMIT_PER_MINUTE": str(args.rate_limit),
    }
    if args.login:
        told["LOGIN_CLIENT"] = args.login.client_id
        told["LOGIN_ISSUER"] = args.login.issuer
        told["LOGIN_SIGNER"] = args.load_balancer.arn
    return told
