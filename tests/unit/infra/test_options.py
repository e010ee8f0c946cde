"""The table of options is the settings' own."""

from infra.settings.document import FILE, document
from infra.settings.options import options


def test_every_option_says_what_it_is_for():
    assert [option.key for option in options() if not option.description] == []


def test_options_of_blocks_are_found_under_their_block():
    keys = [option.key for option in options()]
    assert {"aws:region", "egress", "api.spot", "worker.minCount", "database.multiAz", "job.attempts"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_the_page_in_docs_is_up_to_date():
    """After a change: `python -m infra.settings.document`."""
    assert FILE.read_text(encoding="utf-8") == document()
