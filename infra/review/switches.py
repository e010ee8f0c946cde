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
    """A property that stops its resource at a value; `does` says what that means, `anew` whether in a new one too."""

    path: str
    off: object
    does: str
    verdict: Verdict = Verdict.DANGEROUS
    anew: bool = False


_STOPS: Final = Verdict.LOOK
_ROTATES: Final = "rotates its secret at once: who holds the old value is refused"
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
    "appautoscaling/scheduledAction": (
        Switch("scalableTargetAction.maxCapacity", 0, "scales to no task when its time comes", _STOPS, anew=True),
    ),
    "secretsmanager/secretRotation": (
        Switch("rotateImmediately", None, _ROTATES, _STOPS, anew=True),
        Switch("rotateImmediately", True, _ROTATES, _STOPS, anew=True),
    ),
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
        if change.op in ("update", "replace") or (change.op == "create" and not _of_what_is_new(preview, change)):
            yield from _off(preview, change)


def _of_what_is_new(preview: Preview, change: Change) -> bool:
    """Whether it comes with what it is a setting of, that nobody uses yet."""
    urns = [urn for found in change.state.links.values() for urn in found]
    return any(preview.by_urn[urn].op == "create" for urn in urns if urn in preview.by_urn)


def _off(preview: Preview, change: Change) -> Iterator[Finding]:
    for switch in SWITCHES.get(kind(change.type), ()):
        if change.op == "create":
            value = change.after.raw(switch.path) if change.after and switch.anew else _UNTOUCHED
        else:
            both = moved(change, switch.path)
            value = both[1] if both else _UNTOUCHED
        if isinstance(switch.off, int) and not isinstance(switch.off, bool) and value is not _UNTOUCHED:
            value = number_of(value)
        if value == switch.off:
            yield told(preview, change, switch.does, switch.verdict)
            return


_UNTOUCHED: Final = object()
