"""What a Docker build would see: the digest changes with every file of the context that is not ignored."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pathspec

#: A build's paths are relative to the program (Pulumi.yaml's `main`), as the docker plugin reads them.
PROGRAM = Path(__file__).resolve().parent


def context_digest(build: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 over names, modes and contents, the Dockerfile and the build's arguments.

    Raises:
        OSError: the context or the Dockerfile is not there.
    """
    context = (PROGRAM / build.get("context", ".")).resolve()
    dockerfile = (PROGRAM / build["dockerfile"]).resolve() if build.get("dockerfile") else context / "Dockerfile"
    total = hashlib.sha256(dockerfile.read_bytes())
    for key in ("args", "platform", "target"):
        total.update(repr(build.get(key)).encode())
    lines = _ignore_lines(dockerfile, context)
    ignored = pathspec.PathSpec.from_lines("gitignore", lines)
    for file in sorted(_candidates(context, lines)):
        name = file.relative_to(context).as_posix()
        if ignored.match_file(name):
            continue
        total.update(f"{name}\0{file.stat().st_mode & 0o100}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _ignore_lines(dockerfile: Path, context: Path) -> list[str]:
    """`Dockerfile.dockerignore` goes before the context's own, as in BuildKit."""
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if candidate.is_file():
            return [line.strip() for line in candidate.read_text(encoding="utf-8").splitlines()]
    return []


def _candidates(context: Path, lines: list[str]) -> Iterator[Path]:
    """Files that may be part of the context; where all but a few paths are ignored, those alone are walked."""
    rules = [line for line in lines if line and not line.startswith("#")]
    roots = (
        [context / line[1:].split("*")[0] for line in rules if line.startswith("!")]
        if rules[:1] == ["*"]
        else [context]
    )
    for root in roots:
        yield from [root] if root.is_file() else (file for file in root.rglob("*") if file.is_file())
