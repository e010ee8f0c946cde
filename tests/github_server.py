"""A GitHub on loopback, as far as the workflows' commands ask it: runs, pull requests, comments and issues."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/backlog"
TOKEN = "ghs_correct-horse"
BOT = {"login": "github-actions[bot]"}


class GitHubServer:
    """What is in it is what tests put in: `runs`, `pulls`, `issues`, and the `comments` of both by their number."""

    def __init__(self) -> None:
        self.runs: dict[int, dict[str, Any]] = {}
        self.pulls: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self._last = 100
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                server.asked.append(f"{self.command} {self.path}")
                status, found = 401, {"message": "Bad credentials"}
                if self.headers["Authorization"] == f"Bearer {TOKEN}":
                    status, found = server.answer(self.command, self.path, body)
                content = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and content of one answer."""
        path, asked = urlsplit(target).path.removeprefix(f"/repos/{REPOSITORY}"), parse_qs(urlsplit(target).query)
        ids = [int(number) for number in re.findall(r"\d+", path)]
        match method, re.sub(r"\d+", "N", path):
            case "GET", "/actions/runs/N" if ids[0] in self.runs:
                return 200, self.runs[ids[0]]
            case "GET", "/pulls/N" if ids[0] in self.pulls:
                return 200, self.pulls[ids[0]]
            case "GET", "/issues/N/comments":
                return 200, _page(self.comments.get(ids[0], []), asked)
            case "GET", "/issues":
                return 200, _page([issue for issue in self.issues if issue["state"] == "open"], asked)
            case "POST", "/issues/N/comments":
                return 201, self.comment(ids[0], body["body"])
            case "POST", "/issues":
                return 201, self.issue(**body)
            case "PATCH", "/issues/comments/N":
                (found,) = [one for of in self.comments.values() for one in of if one["id"] == ids[0]]
                return 200, found | _changed(found, body)
            case "PATCH", "/issues/N":
                (found,) = [one for one in self.issues if one["number"] == ids[0]]
                return 200, found | _changed(found, body)
        return 404, {"message": "Not Found"}

    def comment(self, number: int, body: str, user: dict[str, str] | None = None) -> dict[str, Any]:
        """Somebody comments; a workflow, where nobody is named."""
        self._last += 1
        made = {"id": self._last, "body": body, "user": user or BOT, "html_url": f"{self.url}#{self._last}"}
        self.comments.setdefault(number, []).append(made)
        return made

    def issue(self, title: str, body: str, **more: Any) -> dict[str, Any]:
        """Somebody opens an issue; a workflow, where nobody is named."""
        self._last += 1
        made = {"number": self._last, "title": title, "body": body, "state": "open", "user": BOT, **more}
        self.issues.append({"html_url": f"{self.url}/{self._last}", **made})
        return self.issues[-1]

    def written(self) -> list[str]:
        """What was asked of it that changes something."""
        return [asked for asked in self.asked if not asked.startswith("GET")]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _page(found: list[Any], asked: dict[str, list[str]]) -> list[Any]:
    size, page = int(asked["per_page"][0]), int(asked["page"][0])
    return found[size * (page - 1) : size * page]


def _changed(found: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    found.update(body)
    return body
