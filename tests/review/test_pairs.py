"""Each pair of programs through the real engine, and what its review says of it."""

import importlib
from pathlib import Path

import pytest

from infra.review.review import review
from tests.review.previewed import previewed

#: Every module of tests/review/pairs has a list PAIRS.
PAIRS = [
    pair
    for file in sorted((Path(__file__).parent / "pairs").glob("[a-z]*.py"))
    for pair in importlib.import_module(f"tests.review.pairs.{file.stem}").PAIRS
]


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_the_verdict_of(pair):
    found = review(previewed(pair.before, pair.after))
    titles = [finding.title for finding in found.findings]
    assert found.verdict is pair.verdict, "\n".join([found.why, *titles])
    for said in pair.says:
        assert any(said in title for title in titles), titles
    for unsaid in pair.never_says:
        assert not any(unsaid in title for title in titles), titles
