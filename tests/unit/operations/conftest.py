"""A GitHub for the workflows' commands."""

import pytest

from tests.github_server import REPOSITORY, TOKEN, GitHubServer


@pytest.fixture
def github(monkeypatch):
    """One that the commands find as they do in a workflow."""
    server = GitHubServer()
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    yield server
    server.close()
