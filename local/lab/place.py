"""Where the lab of this machine is: its folder and its ports, or those of LAB_FOLDER and LAB_PORT."""

import os
from pathlib import Path

from local.folder import StackFolder, folder_of
from local.lab.servers import Ports

STACK = "lab"
_FIRST_PORT = 6440


def lab_folder() -> StackFolder:
    """`.backlog/lab` of the checkout, unless LAB_FOLDER names another."""
    given = os.environ.get("LAB_FOLDER")
    return StackFolder(Path(given)) if given else folder_of(STACK)


def lab_ports() -> Ports:
    """Three from 6440 on, beside those of stack local, or from LAB_PORT on."""
    first = int(os.environ.get("LAB_PORT") or _FIRST_PORT)
    return Ports(first, first + 1, first + 2)
