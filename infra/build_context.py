"""What a Docker build would see: the digest changes with every file of the context that is not ignored."""

import hashlib
import posixpath
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pathspec

#: A build's paths are relative to the program (Pulumi.yaml's `main`), as the docker plugin reads them.
PROGRAM = Path(__file__).resolve().parent


def context_digest(build: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 over names, modes and contents, the Dockerfile and the build's arguments.

    The whole mode counts, as it does to BuildKit's layers and to the docker plugin, which builds anew when it changes:
    under the old tag the push would be refused.

    Raises:
        OSError: the context or the Dockerfile is not there.
    """
    context = (PROGRAM / build.get("context", ".")).resolve()
    dockerfile = (PROGRAM / build["dockerfile"]).resolve() if build.get("dockerfile") else context / "Dockerfile"
    total = hashlib.sha256(dockerfile.read_bytes())
    for key in ("args", "platform", "target"):
        total.update(repr(build.get(key)).encode())
    rules = list(_rules(dockerfile, context))
    ignored = pathspec.PathSpec.from_lines("gitignore", rules)
    for file in sorted(set(_candidates(context, rules))):
        name = file.relative_to(context).as_posix()
        if ignored.match_file(name):
            continue
        total.update(f"{name}\0{file.stat().st_mode & 0o777}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _rules(dockerfile: Path, context: Path) -> Iterator[str]:
    """What is ignored, in git's notation; `Dockerfile.dockerignore` goes before the context's own, as in BuildKit.

    Unlike git's, Docker's patterns begin at the context's root, with or without a slash: `tests` is not `api/tests`.
    Source: Docker's build reference, ".dockerignore files".
    """
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if candidate.is_file():
            for line in candidate.read_text(encoding="utf-8").splitlines():
                pattern = line.strip()
                kept = "!" if pattern.startswith("!") else ""
                path = posixpath.normpath(f"/{pattern.removeprefix('!').strip()}").lstrip("/")
                if path and not line.startswith("#"):
                    yield f"{kept}/{path}"
            return


def _candidates(context: Path, rules: list[str]) -> Iterator[Path]:
    """Files that may be part of the context; where all but a few paths are ignored, those alone are walked."""
    kept = [rule.removeprefix("!/") for rule in rules if rule.startswith("!")]
    roots = [context / _folder(path) for path in kept] if rules[:1] == ["/*"] else [context]
    for root in roots:
        yield from [root] if root.is_file() else (file for file in root.rglob("*") if file.is_file())


def _folder(pattern: str) -> Path:
    """The steps of a pattern before the first that is a wildcard."""
    return Path(*takewhile(lambda step: not set(step) & set("*?[\\"), pattern.split("/")))
