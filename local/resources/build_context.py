"""What a Docker build would see: the digest changes with every file of the context that is not ignored."""

import hashlib
from pathlib import Path
from typing import Any

import pathspec

#: A build's paths are relative to the program (Pulumi.yaml's `main`), as the real plugin reads them.
PROGRAM = Path(__file__).resolve().parents[2] / "infra"


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
    ignored = _ignored(dockerfile, context)
    for file in sorted(context.rglob("*")):
        name = file.relative_to(context).as_posix()
        if ignored.match_file(name) or not file.is_file():
            continue
        total.update(f"{name}\0{file.stat().st_mode & 0o111}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _ignored(dockerfile: Path, context: Path) -> pathspec.PathSpec[Any]:
    """`Dockerfile.dockerignore` goes before the context's own, as in BuildKit."""
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if candidate.is_file():
            return pathspec.PathSpec.from_lines("gitignore", candidate.read_text(encoding="utf-8").splitlines())
    return pathspec.PathSpec([])
