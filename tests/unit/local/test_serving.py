"""The providers as servers of this process: what they leave behind in it."""

from local.provider.realised import CANCELLED, pause
from local.provider.server import serve


def test_whoever_waits_after_an_update_is_not_interrupted_by_its_end():
    """The engine's last word to a provider is that it stops; the word is not for what comes after."""
    with serve({}):
        CANCELLED.set()
    pause(0)
