"""Whence a preview comes: what a reader must know of it before believing it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Origin:
    """How a preview was come by.

    Attributes:
        how: `compared`: this checkout over a base revision, in the embedded cloud; `live`: over the stack's own state,
            with its cloud; `file`: a digest that was given.
        commit: the revision that was reviewed, `-dirty` where files differ from it; empty where it is not known.
        base: the revision that it was compared with; empty for a live preview and a file.
        file: the name of the digest's file; `-` is standard input.
    """

    how: Literal["compared", "live", "file"] = "file"
    commit: str = ""
    base: str = ""
    file: str = ""

    @property
    def sentence(self) -> str:
        """In words, without a full stop."""
        if self.how == "compared":
            return f"{short(self.commit)} over {short(self.base)}, synthesised: the stack itself was not looked at"
        if self.how == "live":
            return f"{short(self.commit)} over the stack as it is"
        return "a preview from standard input" if self.file == "-" else f"a preview from {self.file or 'elsewhere'}"


def short(commit: str) -> str:
    """A commit as people say it, and whether there is more than it."""
    revision, _, dirty = commit.partition("-")
    return (revision[:7] or "an unknown revision") + (" and what is not committed" if dirty else "")
