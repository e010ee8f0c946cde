"""Commands in a checkout where another user has a stack up."""

import pytest

from infra.mistakes import Mistakes
from local import commands
from local.folder import StackFolder


@pytest.mark.parametrize("command", [commands.up, commands.down, commands.status, commands.logs])
def test_what_another_user_runs_is_left_alone_and_the_owner_named(command, tmp_path, monkeypatch):
    folder = StackFolder(tmp_path / "local")
    folder.make()
    monkeypatch.setattr(commands, "folder_of", lambda _: folder)
    monkeypatch.setattr(StackFolder, "accessible", lambda _: False)  # root may look everywhere
    with pytest.raises(Mistakes, match=rf"belongs to {folder.root.owner()}"):
        command("")
