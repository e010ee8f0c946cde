"""Pieces of a calendar that are compressed once, and joined without being compressed again.

gzip: each piece is raw deflate that ends with a full flush: on a byte, and with nothing that later bytes refer to. The
head begins with gzip's header, and the tail ends with the last block, checksum and size of the whole. So the joined
pieces are one member; browsers ignore what comes after a first one. Source: RFC 1951, 3.2.4; RFC 1952, 2.3.

brotli: each piece is a stream of quality 1, which refers neither to the static dictionary nor to what came before it,
flushed to a byte, without its header. The head begins with a header, and the tail ends with the empty last metablock.
Source: RFC 7932, 9.1 and 9.2. Each piece is read again where it may stand, and is stored as it is where that fails.
"""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]
from zlib_ng import zlib_ng

_LEVEL, _RAW = 6, -15
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, no system
_LAST_BLOCK = b"\x03\x00"
_QUALITY, _WINDOW = 1, 18
_LAST_METABLOCK = b"\x03"
_STORED = 1 << 16  # bytes in one metablock that is not compressed
_MODULUS = 1 << 32


@dataclass(frozen=True)
class Piece:
    """Some bytes of a calendar, compressed; `size`, `crc` and `digest` (SHA-256) are of the plain bytes."""

    size: int
    crc: int
    digest: bytes
    gzip: bytes
    brotli: bytes


@dataclass(frozen=True)
class Sum:
    """Size and checksum of the plain bytes of a piece."""

    size: int
    crc: int


def piece(plain: bytes) -> Piece:
    """One of the middle."""
    return Piece(len(plain), zlib_ng.crc32(plain), hashlib.sha256(plain).digest(), _deflated(plain), _brotli(plain))


def head(plain: bytes) -> Piece:
    """The first."""
    made = piece(plain)
    return Piece(made.size, made.crc, made.digest, _GZIP_HEADER + made.gzip, _BROTLI_HEADER + made.brotli)


def tail(plain: bytes, before: Iterable[Sum | Piece]) -> Piece:
    """The last, after all that comes `before`."""
    made = piece(plain)
    size = crc = 0
    for part in (*before, made):
        crc = zlib_ng.crc32_combine(crc, part.crc, part.size)
        size += part.size
    end = _LAST_BLOCK + struct.pack("<II", crc, size % _MODULUS)
    return Piece(made.size, made.crc, made.digest, made.gzip + end, made.brotli + _LAST_METABLOCK)


def plain(joined: bytes) -> bytes:
    """What was compressed, from the joined pieces of gzip."""
    return zlib_ng.decompress(joined, 31)


def _deflated(plain: bytes) -> bytes:
    compressor = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, _RAW)
    made = compressor.compress(plain) + compressor.flush(zlib_ng.Z_FULL_FLUSH)
    if zlib_ng.decompress(made + _LAST_BLOCK, _RAW) != plain:
        raise ArithmeticError("zlib does not give back what it was given")
    return made


def _brotli(plain: bytes) -> bytes:
    compressor = brotli.Compressor(quality=_QUALITY, lgwin=_WINDOW)
    header = compressor.flush()
    made: bytes = compressor.process(plain) + compressor.flush()
    return made if header == _BROTLI_HEADER and _stands_anywhere(made, plain) else _stored(plain)


def _stands_anywhere(made: bytes, plain: bytes) -> bool:
    """Whether it is read as what it is behind another piece, too, which leaves behind whatever a piece can."""
    try:
        return bool(brotli.decompress(_BROTLI_HEADER + _OTHER + made + _LAST_METABLOCK) == _OTHER_PLAIN + plain)
    except brotli.error:
        return False


def _stored(plain: bytes) -> bytes:
    """Metablocks that hold the bytes as they are: neither last nor compressed, their size less one in four nibbles."""
    parts = [plain[start : start + _STORED] for start in range(0, len(plain), _STORED)]
    return b"".join(((len(part) - 1) << 3 | 1 << 19).to_bytes(3, "little") + part for part in parts)


def _first_flush(plain: bytes) -> tuple[bytes, bytes]:
    compressor = brotli.Compressor(quality=_QUALITY, lgwin=_WINDOW)
    return compressor.flush(), compressor.process(plain) + compressor.flush()


_OTHER_PLAIN = b"Of the people, by the people, for the people: the same words again, and the same words.\r\n" * 3
_BROTLI_HEADER, _OTHER = _first_flush(_OTHER_PLAIN)
