"""Where what is built once is kept, whoever's home folder it is."""

import subprocess

import pytest

from local.folder import CHECKOUT

NOT_WRITABLE = "/proc/nowhere"  # for root neither


@pytest.fixture
def cache(tmp_path):
    """tools/cache of a checkout of its own."""
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools" / "cache"
    script.write_text((CHECKOUT / "tools" / "cache").read_text(encoding="utf-8"), encoding="utf-8")

    def ask(*arguments, **environment):
        return subprocess.run(
            ["/bin/sh", script, *arguments],
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    return ask


def test_it_is_the_users_cache_or_the_one_that_the_user_names(cache, tmp_path):
    home = str(tmp_path)
    assert cache(HOME=home) == f"{home}/.cache/backlog"
    assert cache(HOME=home, XDG_CACHE_HOME=f"{home}/xdg") == f"{home}/xdg/backlog"
    assert cache(HOME=home, BACKLOG_CACHE=f"{home}/named") == f"{home}/named"


@pytest.mark.parametrize("home", [{}, {"HOME": NOT_WRITABLE}, {"HOME": NOT_WRITABLE, "XDG_CACHE_HOME": NOT_WRITABLE}])
def test_without_a_home_folder_that_can_be_written_it_is_in_the_checkout(cache, tmp_path, home):
    assert cache(**home) == f"{tmp_path}/.backlog/cache"


def test_what_was_built_is_found_in_a_folder_that_can_be_read_alone(cache, tmp_path):
    built = tmp_path / ".backlog" / "cache" / "pulumi-1" / "pulumi"
    built.parent.mkdir(parents=True)
    built.touch(mode=0o755)
    assert cache("pulumi-1/pulumi", HOME=str(tmp_path / "home")) == f"{tmp_path}/.backlog/cache"
    assert cache("pulumi-2/pulumi", HOME=str(tmp_path / "home")) == f"{tmp_path}/home/.cache/backlog"
