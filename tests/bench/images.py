"""What the images' files take, beside the plain way of one stage and pip, on the same base."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from local.folder import CHECKOUT
from tests.bench.figures import Figure
from tests.integration.image_tools import Buildah, missing
from tests.servers import Servers

_PLAIN = "tests/bench/plain/Dockerfile"
_MB = 1_000_000


def measure(_: Servers) -> list[Figure]:
    """API and worker; nothing where this machine cannot build images, which is said."""
    if why := missing():
        sys.stderr.write(f"bench: images are not measured: {why}\n")
        return []
    root = Path(tempfile.mkdtemp(prefix="backlog-images-"))
    buildah = Buildah(root)
    try:
        return _measured(buildah)
    finally:
        buildah("rm", "--all")  # a build that failed leaves its container mounted
        subprocess.run(["rm", "-rf", root], check=True)  # tens of thousands of files


def _measured(buildah: Buildah) -> list[Figure]:
    public = re.search(r"^ARG BASE=(\S+)", (CHECKOUT / _PLAIN).read_text(encoding="utf-8"), re.MULTILINE)
    assert public
    base = buildah.base(public[1])
    figures = []
    for service in ("api", "worker"):
        with (
            buildah.mounted(buildah.build(service, base)) as ours,
            buildah.mounted(buildah.build(service, base, dockerfile=_PLAIN, name=f"plain-{service}")) as plain,
        ):
            one, two = ours.bytes(), plain.bytes()
        figures.append(Figure(f"image of {service}", f"{one / _MB:.0f} MB", f"{two / _MB:.0f} MB", two / one))
    return figures
