"""What a refresh found: the cloud is not what the state says, whatever the program changes."""

from collections.abc import Iterator
from dataclasses import replace

from infra.review.differences import differences
from infra.review.finding import Finding, Section, Verdict
from infra.review.preview import Change, Preview


def find(preview: Preview) -> Iterator[Finding]:
    """Each drifted resource, with what differs; those that are gone first."""
    for change in sorted(preview.drift, key=lambda drifted: drifted.after is not None):
        if change.after is None:
            title = f"{change.label} is gone: it was deleted outside of Pulumi"
        else:
            title = f"{change.label} is not as it was left: what was changed outside of Pulumi may be set back"
        details = tuple(one.line for one in differences(_outputs(change))) if change.after else ()
        yield Finding(section=Section.DRIFT, verdict=Verdict.LOOK, title=title, resource=change.urn, details=details)


def _outputs(change: Change) -> Change:
    """A refresh is about what the provider says, which are the outputs."""
    assert change.before is not None  # noqa: S101 - a refresh begins with a state
    assert change.after is not None  # noqa: S101 - see the caller
    sides = (replace(side, props=side.outputs, declared=frozenset()) for side in (change.before, change.after))
    before, after = sides
    return replace(change, before=before, after=after)
