"""What takes an image apart touches no machine."""

import subprocess
from pathlib import Path

SLIM = Path(__file__).resolve().parents[2] / "services" / "slim"


def test_outside_of_an_image_the_system_is_left_alone():
    """With no program on its path, so that it could do nothing if it tried."""
    done = subprocess.run(
        ["/bin/sh", str(SLIM), "system"], env={"PATH": "/nonexistent"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "nothing was touched" in done.stderr
