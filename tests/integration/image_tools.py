"""Images without a daemon: buildah builds them, Debian's docker-registry keeps them, a chroot runs them."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.build_context import context_digest
from local.folder import CHECKOUT

PROGRAMS = ("buildah", "debootstrap", "docker-registry")
SBIN = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
#: Where Debian looks for certificates, and so do pip and uv in an image of it.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
#: Everything of the image is read-only, as with ECS's readonlyRootFilesystem; /tmp is the task's own.
RUN = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
root=$1 user=$2 folder=$3; shift 3
exec chroot --userspec="$user" "$root" env -i -C "$folder" "$@"
"""


def missing() -> str:
    """What this machine lacks for it, as a sentence; empty if nothing."""
    if os.geteuid() != 0:
        return "building a base and running in it need root"
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=SBIN)]
    return f"no {', '.join(lacking)}: run tools/system-packages" if lacking else ""


def bundle() -> str:
    """This machine's certificates, which may be more than the public ones: a proxy's, where there is one."""
    named = (os.environ.get(name) for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    pips = subprocess.run(["pip", "config", "get", "global.cert"], capture_output=True, text=True, check=False).stdout
    return next(file for file in (*named, pips.strip(), ssl.get_default_verify_paths().cafile, CERTIFICATES) if file)


class Buildah:
    """One storage of images in a folder: by the kernel's overlays, or by whole copies where it has none to give."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.driver = folder, "overlay"
        self.configuration = folder / "pip.conf"
        self.configuration.write_text(f"[global]\ncert = {CERTIFICATES}\n", encoding="utf-8")
        try:
            self("rm", self("from", "scratch"))
        except AssertionError:
            self.driver = "vfs"

    def __call__(self, *arguments: str, seconds: int = 600) -> str:
        command = ["buildah", "--root", f"{self.folder}/images", "--runroot", f"{self.folder}/run"]
        done = subprocess.run(
            [*command, "--storage-driver", self.driver, *arguments],
            env={**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(self.folder)},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"buildah {' '.join(arguments)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout.strip()

    def base(self, public: str) -> str:
        """The Dockerfiles' own base where it can be pulled, else one that debootstrap makes."""
        try:
            self("pull", "--quiet", public, seconds=120)
        except (AssertionError, subprocess.TimeoutExpired):
            made = subprocess.run(
                [CHECKOUT / "tools" / "base-image"],
                env={**os.environ, "PATH": SBIN},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            container = self("from", "scratch")
            self("add", "--quiet", container, made.stdout.strip(), "/")
            self("commit", "--quiet", "--rm", container, "localhost/base")
            return "localhost/base"
        return public

    def build(self, service: str, base: str, *, dockerfile: str = "", name: str = "") -> str:
        """The image of services/SERVICE/Dockerfile, or of another, in the format that has a health check."""
        dockerfile, name = dockerfile or f"services/{service}/Dockerfile", f"localhost/{name or service}"
        self(
            *("build", "--quiet", "--layers", "--format", "docker", "--network", "host", "--build-arg", f"BASE={base}"),
            *("--volume", f"{bundle()}:{CERTIFICATES}:ro", "--volume", f"{self.configuration}:/etc/pip.conf:ro"),
            *("--ignorefile", f"{dockerfile}.dockerignore", "--file", dockerfile, "--tag", name),
            *("--build-arg", f"SERVICE={service}", "."),
        )
        return name

    def pushed(self, service: str, registry: str) -> str:
        """Push it under the tag that the stack gives it; what the registry says that it is, as repository@sha256:..."""
        tag = context_digest({"context": "..", "dockerfile": f"../services/{service}/Dockerfile"})[:12]
        repository = f"{registry}/backlog-{service}"
        self("push", "--quiet", "--tls-verify=false", f"localhost/{service}", f"docker://{repository}:{tag}")
        self("rmi", "--force", f"localhost/{service}")
        request = urllib.request.Request(
            f"http://{registry}/v2/backlog-{service}/manifests/{tag}",
            headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
            method="HEAD",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return f"{repository}@{answer.headers['Docker-Content-Digest']}"

    @contextmanager
    def mounted(self, name: str) -> Iterator["Image"]:
        """An image that was built here."""
        container = self("from", "--quiet", name)
        try:
            yield Image(Path(self("mount", container)), {})
        finally:
            self("rm", container)

    @contextmanager
    def pulled(self, reference: str) -> Iterator["Image"]:
        """The image of a reference by digest, from its registry."""
        container = self("from", "--quiet", "--pull-always", "--tls-verify=false", reference)
        inspected = json.loads(self("inspect", "--type", "image", reference))
        try:
            yield Image(Path(self("mount", container)), inspected["Docker"]["config"])
        finally:
            self("rm", container)


class Image:
    """A pulled image: where its files are, and its configuration as Docker spells it (Cmd, Env, User, ...)."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root, self.config = root, config

    def bytes(self) -> int:
        """What its files take."""
        return sum(file.lstat().st_size for file in self.root.rglob("*") if file.is_file() and not file.is_symlink())

    def command(self, container: Mapping[str, Any], environment: Mapping[str, str], *, user: str = "") -> list[str]:
        """The process of a container definition: its command, else the image's, as the user that either names."""
        variables = {**dict(entry.split("=", 1) for entry in self.config["Env"]), **environment}
        words = [*(self.config.get("Entrypoint") or []), *(container.get("command") or self.config["Cmd"])]
        named = (user or container.get("user") or self.config["User"], self.config["WorkingDir"])
        arguments = [str(self.root), *named, *(f"{key}={value}" for key, value in variables.items()), *words]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", RUN, "run", *arguments]


@contextmanager
def registry(folder: Path, port: int, until: Callable[..., Any]) -> Iterator[str]:
    """A registry on loopback with a folder of its own; its address."""
    configuration = folder / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n",
        encoding="utf-8",
    )
    with (
        (folder / "registry.log").open("wb") as log,
        subprocess.Popen(["docker-registry", "serve", configuration], stdout=log, stderr=log) as running,
    ):

        def answers() -> bool:
            assert running.poll() is None, (folder / "registry.log").read_text(encoding="utf-8")
            try:
                return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=2).status == 200)
            except OSError:
                return False

        try:
            until(answers, what="the registry")
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()
