"""A review as one HTML file that needs no other: no network, no server, no script but its own."""

from infra.review.page.document import write

__all__ = ["write"]
