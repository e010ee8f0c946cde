"""Pieces that are compressed apart are read as one, by whoever reads gzip and brotli."""

import gzip
import io
import os
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlog_todos.calendars import pieces

#: Words of brotli's own dictionary among them, which a piece must not refer to.
WORDS = b"time people government information Monday the of and \r\n BEGIN:VTODO SUMMARY: world history".split(b" ")
PLAIN = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(WORDS), max_size=400).map(b" ".join),
    st.builds(lambda unit, times: unit * times, st.binary(min_size=1, max_size=6), st.integers(1, 5_000)),
    st.integers(60_000, 140_000).map(os.urandom),
)


def joined(middle, head=b"BEGIN:VCALENDAR\r\n", tail=b"END:VCALENDAR\r\n"):
    made = [pieces.head(head), *map(pieces.piece, middle)]
    made.append(pieces.tail(tail, made))
    return [b"".join(getattr(piece, name) for piece in made) for name in ("gzip", "brotli")], head + b"".join(
        middle
    ) + tail


@settings(deadline=None)
@given(st.lists(PLAIN, max_size=6))
def test_joined_pieces_are_read_as_what_they_are(middle):
    (packed, brotlied), plain = joined(middle)
    assert gzip.decompress(packed) == plain
    assert brotli.decompress(brotlied) == plain
    assert pieces.plain(packed) == plain


@settings(deadline=None)
@given(st.lists(PLAIN, min_size=1, max_size=4), st.randoms())
def test_a_piece_is_the_same_wherever_it_stands(middle, chance):
    made = {plain: pieces.piece(plain) for plain in middle}
    order = [chance.choice(middle) for _ in range(6)]
    head = pieces.head(b"head")
    parts = [head, *(made[plain] for plain in order)]
    parts.append(pieces.tail(b"tail", parts))
    assert brotli.decompress(b"".join(part.brotli for part in parts)) == b"head" + b"".join(order) + b"tail"
    assert gzip.decompress(b"".join(part.gzip for part in parts)) == b"head" + b"".join(order) + b"tail"


def test_gzip_is_one_member():
    """A browser takes the first, and ignores what comes after it."""
    (packed, _), plain = joined([b"a" * 1000, b"b" * 1000])
    reader = zlib.decompressobj(31)
    assert (reader.decompress(packed), reader.eof, reader.unused_data) == (plain, True, b"")


def test_a_reader_that_takes_a_little_at_a_time_gets_the_same():
    (packed, brotlied), plain = joined([os.urandom(70_000), b"again and again " * 9_000, b""])
    assert (
        b"".join(iter(lambda: reader.read(777), b"")) == plain
        if (reader := gzip.GzipFile(fileobj=io.BytesIO(packed)))
        else 0
    )
    decoder = brotli.Decompressor()
    assert b"".join(decoder.process(brotlied[at : at + 777]) for at in range(0, len(brotlied), 777)) == plain
    assert decoder.is_finished()


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_what_brotli_would_not_give_back_is_stored_as_it_is(monkeypatch, size):
    monkeypatch.setattr(pieces, "_stands_anywhere", lambda *_: False)
    middle = os.urandom(size)
    (_, brotlied), plain = joined([middle, b"after it"])
    assert brotli.decompress(brotlied) == plain
    assert len(brotlied) > size


def test_pieces_cost_little_more_than_the_whole():
    text = b"".join(
        b"BEGIN:VTODO\r\nUID:todo-%d@backlog\r\nSUMMARY:todo %d\r\nEND:VTODO\r\n" % (n, n) for n in range(2560)
    )
    whole = len(gzip.compress(text, 6))
    (packed, _), _ = joined([text[at : at + len(text) // 10] for at in range(0, len(text), len(text) // 10)])
    assert len(packed) < 1.2 * whole
