"""What a change of this checkout does to a stack: its base revision is brought up and previewed over, embedded.

No credentials, no network and no secrets of the stack are needed; and the stack itself is not looked at, see `live`.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

from infra.mistakes import Mistakes
from local.folder import CHECKOUT

#: In the place of a secret that only the stack's own key opens.
PLACEHOLDER = "a-secret-that-is-not-known-here"


@dataclass(frozen=True)
class Compared:
    """A base revision and the working tree, for one stack.

    Attributes:
        digest: of the preview of the working tree over the base revision's stack.
        before, after: both stacks as `pulumi stack export` would show them, each value known.
        base, commit: full names of the base revision and the checked out one, which is `-dirty` with changes on top.
        placeholders: the configuration's secrets that stood aside.
        libraries: Pulumi's libraries that the two revisions pin differently: `pulumi-aws 7.51.0 -> 7.51.1`.
    """

    digest: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    base: str
    commit: str
    placeholders: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def against(base: str, stack: str, checkout: Path = CHECKOUT) -> Compared:
    """Compare the working tree with where it left `base`, a branch or a commit.

    Raises:
        Mistakes: there is no such revision or stack, or one of the two programs fails; what it said is in it.
    """
    revision = _left(base, checkout)
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        old, folder = Path(root) / "base", Path(root) / "stack"
        _copy(revision, old, checkout)
        placeholders = set[str]()
        for name, source in (("base", old), ("ours", checkout)):
            placeholders |= _settings(source, stack, Path(root) / f"{name}-settings")
        if not (Path(root) / "ours-settings" / f"Pulumi.{stack}.yaml").is_file():
            stacks = sorted(file.name.split(".", 1)[1].removesuffix(".yaml") for file in checkout.glob("Pulumi.*.yaml"))
            raise Mistakes(
                f"there is no stack {stack!r}: Pulumi.{stack}.yaml does not exist; there are {', '.join(stacks)}"
            )
        done = subprocess.run(
            [sys.executable, "-m", "infra.review.two_programs", stack, str(old), str(checkout), root],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        written = {name: folder.parent / f"{name}.json" for name in ("before", "digest", "after")}
        if done.returncode:
            which = "the working tree" if written["before"].exists() else f"the base revision {revision[:12]}"
            raise Mistakes(
                f"{which} can't be declared as stack {stack}:", *(done.stdout + done.stderr).splitlines()[-30:]
            )
        return Compared(
            digest=written["digest"].read_text(encoding="utf-8"),
            before=json.loads(written["before"].read_text(encoding="utf-8")),
            after=json.loads(written["after"].read_text(encoding="utf-8")),
            base=revision,
            commit=commit_of(checkout),
            placeholders=tuple(sorted(placeholders)),
            libraries=tuple(_libraries(old, checkout)),
        )


def live(stack: str, *, refresh: bool = True) -> str:
    """The digest of a preview with the real provider, credentials and backend of whoever asks.

    Raises:
        Mistakes: Pulumi failed before there was a preview; what it said is in it.
    """
    command = ["pulumi", "preview", "--json", "--show-sames", "--show-replacement-steps", "--non-interactive"]
    done = subprocess.run(
        [*command, "--stack", stack, *(["--refresh"] if refresh else [])],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "{" not in done.stdout:
        raise Mistakes(f"Pulumi can't preview stack {stack}:", *(done.stdout + done.stderr).splitlines()[-30:])
    return done.stdout


def _left(base: str, checkout: Path) -> str:
    """The commit at which the working tree left `base`: what came to it since is no part of this change."""
    asked = _git(["merge-base", "--end-of-options", base, "HEAD"], checkout)
    if asked.returncode == 0:
        return asked.stdout.decode().strip()
    named = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"], checkout)
    if named.returncode == 0:
        raise Mistakes(
            f"{base} and this branch have no commit in common here: fetch the whole history (fetch-depth: 0)"
        )
    raise Mistakes(f"there is no revision {base!r} here: fetch it, or name another with BASE=")


def _copy(revision: str, into: Path, checkout: Path) -> None:
    """The files of a revision; nothing is left in git of it, as a worktree would."""
    archive = _git(["archive", "--format=tar", revision], checkout)
    if archive.returncode:
        raise Mistakes(f"revision {revision[:12]} can't be read:", archive.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(into, filter="tar")


def main_of(checkout: Path = CHECKOUT) -> str:
    """What a change is compared with unless told: the remote's main, or the checkout's own where there is no remote."""
    remote = _git(["rev-parse", "--verify", "--quiet", "refs/remotes/origin/main"], checkout)
    return "main" if remote.returncode else "origin/main"


def commit_of(checkout: Path = CHECKOUT) -> str:
    """The commit that is checked out, `-dirty` where a file differs from it; empty outside of git."""
    asked = _git(["rev-parse", "--verify", "--quiet", "HEAD"], checkout)
    if asked.returncode:
        return ""
    head = asked.stdout.decode().strip()
    return f"{head}-dirty" if _git(["status", "--porcelain"], checkout).stdout.strip() else head


def _git(arguments: list[str], checkout: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, check=False)


def _settings(source: Path, stack: str, into: Path) -> set[str]:
    """Copy a stack's configuration without its secrets and their key; which they were."""
    into.mkdir()
    project = source / "Pulumi.yaml"
    if project.is_file():
        (into / "Pulumi.yaml").write_text(project.read_text(encoding="utf-8"), encoding="utf-8")
    file = source / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return set()
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise Mistakes(f"{file.name} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(settings, dict):
        raise Mistakes(f"{file.name} is no stack's configuration: it must begin with a line `config:`")
    hidden = set[str]()
    kept = {"config": _opened(settings.get("config") or {}, "", hidden)}
    (into / file.name).write_text(yaml.safe_dump(kept), encoding="utf-8")
    return hidden


def _opened(value: Any, path: str, hidden: set[str]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            hidden.add(path)
            return PLACEHOLDER
        return {key: _opened(part, f"{path}.{key}" if path else str(key), hidden) for key, part in value.items()}
    if isinstance(value, list):
        return [_opened(part, f"{path}[{at}]", hidden) for at, part in enumerate(value)]
    return value


def _libraries(old: Path, new: Path) -> list[str]:
    """Both programs run with the working tree's libraries: what a library's new version does is not seen."""
    pinned = [_pins(folder / "requirements.lock") for folder in (old, new)]
    names = sorted(name for pins in pinned for name in pins if name.startswith("pulumi"))
    told = {name: tuple(pins.get(name, "none") for pins in pinned) for name in names}
    return [f"{name} {before} -> {after}" for name, (before, after) in told.items() if before != after]


def _pins(lock: Path) -> dict[str, str]:
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    pairs = (line.split(";")[0].strip().rstrip("\\").strip().partition("==") for line in lines if "==" in line)
    return {name.strip(): version.strip() for name, _, version in pairs}
