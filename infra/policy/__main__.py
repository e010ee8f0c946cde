"""Starts the policy pack; the engine runs this file (`pulumi preview --policy-pack infra/policy`)."""

import sys
from pathlib import Path

# The engine puts this folder on the path, and not the checkout that the package `infra` lies in.
sys.path[0:1] = [str(Path(__file__).resolve().parents[2])]

from pulumi_policy import PolicyPack  # noqa: E402

from infra.policy.pack import policies  # noqa: E402

PolicyPack(name="backlog", policies=policies())
