"""Reads a saved digest: from a file or from standard input, as shells and editors and archives leave them."""

import codecs
import sys
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from infra.review.digest import COMMAND, LARGEST, NotAPreview

_GZIP: Final = b"\x1f\x8b"
#: The longest first, as one begins with another.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(file: str) -> str:
    """The text of a file, `-` for standard input: UTF-8, or UTF-16 as PowerShell's `>` writes it; gzip is unpacked.

    Raises:
        NotAPreview: there is no such file, it is larger than any preview, or it is no text.
    """
    try:
        if file == "-":
            return _decoded(_unpacked(_read(sys.stdin.buffer)))
        with Path(file).open("rb") as opened:
            return _decoded(_unpacked(_read(opened)))
    except OSError as error:
        raise NotAPreview(f"{error.strerror or error}; give the file that `{COMMAND} > FILE` wrote") from None


def _read(opened: BinaryIO) -> bytes:
    found = opened.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise _too_large()
    return found


def _unpacked(data: bytes) -> bytes:
    """What gzip packed; what unpacks to more than any preview is not unpacked to its end."""
    if not data.startswith(_GZIP):
        return data
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise NotAPreview(f"it looks like gzip, and can't be unpacked: {error}") from None
    if len(found) > LARGEST:
        raise _too_large()
    if not unpacking.eof:
        raise NotAPreview("it looks like gzip, and is cut off; run the preview again")
    return found


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        # UTF-16 without a mark: every other byte of what begins in ASCII is zero.
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le" if data[1:2] == b"\x00" else "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotAPreview(
            f"it is no text: byte {error.start + 1:,} is not {encoding.upper()}; give what `{COMMAND}` prints"
        ) from None


def _too_large() -> NotAPreview:
    return NotAPreview(f"it is larger than any preview: more than {LARGEST // 2**20:,} MB")
