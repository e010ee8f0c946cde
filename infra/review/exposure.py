"""Who reaches what, before and after: what is newly open, and what is cut off.

What may be reached is told from rules of security groups, public addresses and routes; resource policies and
encryption on the way are in modules of their own.
"""

from collections.abc import Iterator

from infra.review import cut_off, other_clouds, public_access, transport, ways_in, web_firewalls
from infra.review.both_sides import BothSides
from infra.review.finding import Finding
from infra.review.group_rules import Groups
from infra.review.preview import Preview
from infra.review.public_resources import Resources
from infra.review.reachability import Side
from infra.review.references import References, sides


def find(preview: Preview) -> Iterator[Finding]:
    """What is newly exposed, and to whom; what nobody reaches any more; and what of it can't be known."""
    if not preview.changed:
        return
    references = References(preview)
    states = sides(preview)
    both = BothSides(preview, Side(states[0], references), Side(states[1], references))
    groups = Groups(both)
    yield from groups.found()
    yield from Resources(both, groups.reached).found()
    yield from cut_off.find(both.before, both.after)
    yield from public_access.find(preview, references, *states)
    yield from other_clouds.find(preview)
    yield from ways_in.find(preview, references, *states)
    yield from transport.find(preview, references, both.before, both.after)
    yield from web_firewalls.find(preview, references, both.before, both.after)
