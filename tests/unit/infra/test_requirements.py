"""What `pulumi install` gives the program is what the lock names."""

import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def pins(name: str) -> dict[str, str]:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.+-]+)", text, flags=re.MULTILINE))


def test_the_program_is_installed_from_the_lock():
    """The language host looks for requirements.txt in the folder that is Pulumi.yaml's `main`.

    Source: pulumi, sdk/python/toolchain/pip.go, InstallDependencies.
    """
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    installed = pins("infra/requirements.txt")
    assert {re.split("[=<>]", requirement)[0] for requirement in wanted} <= installed.keys()
    assert installed.items() <= pins("requirements.lock").items()
