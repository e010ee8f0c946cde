"""Things that stay and no longer work: what is switched off, or given nothing to run on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from infra.review.contract import number_of
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview
from infra.review.serving import kind, moved, told


@dataclass(frozen=True)
class Switch:
    """A property that stops its resource at a value; `does` says what that means."""

    path: str
    off: object
    does: str
    verdict: Verdict = Verdict.DANGEROUS


_STOPS: Final = Verdict.LOOK
#: By kind; the first that is switched off is told.
SWITCHES: Final = {
    "autoscaling/group": (
        Switch("desiredCapacity", 0, "runs no instance any more"),
        Switch("maxSize", 0, "runs no instance any more"),
    ),
    "lambda/function": (
        Switch("reservedConcurrentExecutions", 0, "may not run any more: each invocation is refused"),
    ),
    "lambda/eventSourceMapping": (
        Switch("enabled", False, "no longer brings messages to its function: they wait"),
    ),
    "eks/nodeGroup": (Switch("scalingConfig.desiredSize", 0, "has no nodes any more: its pods find no place"),),
    "cloudwatch/eventRule": (
        Switch("state", "DISABLED", "starts nothing any more", _STOPS),
        Switch("isEnabled", False, "starts nothing any more", _STOPS),
    ),
    "scheduler/schedule": (Switch("state", "DISABLED", "starts nothing any more", _STOPS),),
    "pipes/pipe": (Switch("desiredState", "STOPPED", "brings nothing to its target any more"),),
    "apigatewayv2/api": (
        Switch("disableExecuteApiEndpoint", True, "no longer answers at its own URL, but at its domain names alone"),
    ),
    "batch/jobQueue": (Switch("state", "DISABLED", "takes no jobs any more"),),
    "batch/computeEnvironment": (Switch("state", "DISABLED", "runs no jobs any more"),),
    "globalaccelerator/accelerator": (Switch("enabled", False, "no longer answers at its addresses"),),
}  # fmt: skip


def find(preview: Preview) -> Iterator[Finding]:
    """What goes to its off value with this change."""
    for change in preview.changed:
        if change.op in ("update", "replace"):
            yield from _off(preview, change)


def _off(preview: Preview, change: Change) -> Iterator[Finding]:
    for switch in SWITCHES.get(kind(change.type), ()):
        both = moved(change, switch.path)
        if both is None:
            continue
        new = number_of(both[1]) if isinstance(switch.off, int) and not isinstance(switch.off, bool) else both[1]
        if new == switch.off and new is not None:
            yield told(preview, change, switch.does, switch.verdict)
            return
