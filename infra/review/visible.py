"""Text that only says what it seems to say: names and values come from programs that anybody may have written."""

import re
from typing import Final

#: What is not seen, or changes how its neighbours are seen: control characters (escape sequences begin with one),
#: lone surrogates (they are no text), directions, joiners and spaces of no width, separators of lines, tags.
#: Source: Unicode, categories Cc, Cf, Cs, Zl and Zp; and fillers that look like nothing.
UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    r"""The text on one line, with what is not seen written out: `\x1b`, `\u202e`."""
    return UNSEEN.sub(_written, text)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and how long it was (characters)."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _written(found: re.Match[str]) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0]) or _escaped(ord(found[0]))


def _escaped(code: int) -> str:
    if code <= 0xFF:  # noqa: PLR2004 - Python's own ways of writing a character
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
