"""GitHub's REST API, as far as the workflows need it, with Python's own library.

What holds a right to write runs nothing that was installed. Source: GitHub, "REST API endpoints for Actions", "for
pull requests", "for issues"; API version 2022-11-28.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_PAGE = 100  # the most that GitHub gives at once
_PATIENCE = 30.0  # seconds for one answer

#: Who a workflow's own token is. What others wrote is not changed, whatever it says of itself.
OURSELVES = "github-actions[bot]"
#: Characters of a comment or an issue. Source: the API's own error, "body is too long (maximum is 65536 characters)".
LONGEST = 65_536


class GitHubSaysNo(Exception):
    """GitHub refused, or could not be asked, in a sentence."""


@dataclass(frozen=True)
class GitHub:
    """One repository (`owner/name`), asked with a workflow's token."""

    repository: str
    token: str = field(repr=False)
    url: str = "https://api.github.com"

    @classmethod
    def of_the_workflow(cls) -> "GitHub":
        """The one that the workflow runs in, by the variables that GitHub sets.

        Raises:
            GitHubSaysNo: one of them is missing.
        """
        if missing := [name for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN") if not os.environ.get(name)]:
            raise GitHubSaysNo(f"not set: {', '.join(missing)}")
        url = os.environ.get("GITHUB_API_URL") or cls.url
        return cls(os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"], url)

    def get(self, path: str) -> dict[str, Any]:
        """One thing of the repository.

        Raises:
            GitHubSaysNo: there is none, or GitHub could not be asked.
        """
        return cast("dict[str, Any]", self._ask("GET", path))

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Each thing of a list, page by page.

        Raises:
            GitHubSaysNo: see `get`.
        """
        for page in range(1, 1_000):
            found = self._ask("GET", f"{path}{'&' if '?' in path else '?'}per_page={_PAGE}&page={page}")
            yield from cast("list[dict[str, Any]]", found)
            if len(found) < _PAGE:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make (`POST`) or change (`PATCH`) something.

        Raises:
            GitHubSaysNo: it did not become so.
        """
        return cast("dict[str, Any]", self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - GitHub's own address, which the workflow is told
            f"{self.url}/repos/{self.repository}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "backlog",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - see above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            raise GitHubSaysNo(f"{method} {path}: {error.code} {' '.join(said.split())}") from None
        except (OSError, ValueError) as error:
            raise GitHubSaysNo(f"{method} {path}: {error}") from None
