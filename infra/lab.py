"""The program of a stack that has the queue practical alone (`only: lab`); infra/__main__.py runs it."""

import pulumi

from infra import settings
from infra.components.queue_lab import QueueLab, QueueLabArgs
from infra.components.registry import ServiceImageArgs
from infra.cost.floor import floor
from infra.cost.ledger import Ledger

_DOCKERFILE = "../services/lab/Dockerfile"


def main() -> None:
    """Declare the lab that the configuration describes."""
    config = settings.load_lab()
    ledger = Ledger()
    outputs = queue_lab(config).outputs
    for name, value in outputs.items():
        pulumi.export(name, value)
    pulumi.export("monthly_floor", floor(ledger.resources, config.region))


def queue_lab(config: settings.Settings | settings.LabSettings) -> QueueLab:
    """The lab, alone or beside the service."""
    image = ServiceImageArgs(
        dockerfile=_DOCKERFILE, platform=config.platform, protect=config.protect, **config.registry.model_dump()
    )
    return QueueLab("lab", QueueLabArgs(image=image, protect=config.protect))
