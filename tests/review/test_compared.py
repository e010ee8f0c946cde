"""What is written of the review beside Pulumi's own diff is what both print."""

import pytest

from tests.review.compare import DOCUMENT, document


@pytest.mark.timeout(600)  # ten previews
def test_the_comparison_is_what_both_print():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "write it anew: python -m tests.review.compare"
