"""`make review-comment REVIEWS=folder RUN_ID=17`: what a run of preview.yml left becomes comments, one for each stack.

That run was of the pull request's own code, so that the folder is what anybody may have written. Believed is what
GitHub says of the run: which commit it was of, and from which repository. The number of the pull request, which stands
in the folders' names (`review-NUMBER-STACK`), counts only if GitHub says that this commit is its newest.

0: posted, or there is nothing newer to say. 1: something in the folder is not what it should be, or GitHub refused.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.github_api import LONGEST, OURSELVES, GitHub, GitHubSaysNo
from operations.review_marker import STACKS, Marker, marker

_WORKFLOW = ".github/workflows/preview.yml"
_FOLDER = re.compile(r"review-(?P<number>[1-9][0-9]{0,9})-(?P<stack>[a-z]{1,20})")
_FILE = "comment.md"
_RUN = re.compile(r"<!-- backlog-review-run ([0-9]{1,20})\.([0-9]{1,6}) -->")
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_TOO_LONG = "The review is longer than a comment can be: it is among what the run left."


class NotARun(Exception):
    """Nothing of this run may be posted, in a sentence that says why."""


@dataclass(frozen=True)
class Run:
    """A run of preview.yml, as GitHub tells of it. A newer run has a greater id."""

    id: int
    attempt: int
    commit: str
    head_repository: str
    link: str


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make review-comment", description=__doc__.splitlines()[0])
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--run", type=int, required=True)
    given = parser.parse_args(arguments)
    try:
        said, wrong = post(GitHub.of_the_workflow(), given.reviews, given.run)
    except (NotARun, GitHubSaysNo, OSError) as error:
        said, wrong = [], [str(error)]
    sys.stdout.write("".join(f"{sentence}\n" for sentence in said))
    sys.stderr.write("".join(f"review-comment: {sentence}\n" for sentence in wrong))
    return int(bool(wrong))


def post(github: GitHub, reviews: Path, run_id: int) -> tuple[list[str], list[str]]:
    """Post what the folder has; sentences of what was done, and of what was wrong.

    Raises:
        NotARun: it is not a run of a pull request's preview.
        GitHubSaysNo: GitHub refused.
    """
    run, said, wrong = _run(github, run_id), [], []
    folders = sorted(folder for folder in reviews.iterdir()) if reviews.is_dir() else []
    for folder in folders:
        named = _FOLDER.fullmatch(folder.name)
        if not named or named["stack"] not in STACKS:
            wrong.append(f"{folder.name!r} is not review-NUMBER-STACK of a stack that is reviewed")
            continue
        number, stack = int(named["number"]), named["stack"]
        body = _body(folder / _FILE, stack, run)
        if body is None:
            wrong.append(f"{folder.name}/{_FILE} is not a review of {stack}")
        elif why := _not_its_own(github, number, run):
            said.append(f"{stack}: nothing was posted: {why}")
        else:
            said.append(f"{stack}: {_write(github, number, stack, run, body)}")
    return said or ["the run left no review"], wrong


def _run(github: GitHub, run_id: int) -> Run:
    found = github.get(f"/actions/runs/{run_id}")
    path = str(found["path"]).partition("@")[0]
    if found["event"] != "pull_request" or path != _WORKFLOW:
        raise NotARun(f"run {run_id} is of {path} by {found['event']}, not of {_WORKFLOW} by pull_request")
    return Run(
        id=int(found["id"]),
        attempt=int(found["run_attempt"]),
        commit=str(found["head_sha"]),
        head_repository=str((found["head_repository"] or {}).get("full_name", "")),
        link=str(found["html_url"]),
    )


def _not_its_own(github: GitHub, number: int, run: Run) -> str:
    """Why the pull request is not the one that the run was of, or not any more; empty if it is."""
    pull = github.get(f"/pulls/{number}")
    head = pull["head"]
    if str((head["repo"] or {}).get("full_name", "")) != run.head_repository:
        return f"pull request {number} is not from {run.head_repository or 'a repository that is gone'}"
    if head["sha"] != run.commit:
        return f"pull request {number} is at {head['sha'][:7]}, and this run was of {run.commit[:7]}"
    if pull["base"]["repo"]["full_name"] != github.repository or pull["state"] != "open":
        return f"pull request {number} is not open here"
    return ""


def _body(file: Path, stack: str, run: Run) -> str | None:
    """The comment: a marker and a last line that are ours, and between them what the run said; none if it said none."""
    try:
        if file.is_symlink() or file.parent.is_symlink() or not file.is_file():
            return None
        with file.open("rb") as opened:
            text = opened.read(4 * LONGEST).decode(errors="replace")
    except OSError:
        return None
    said = marker(text)
    if not said or said.stack != stack:
        return None
    first = f"{Marker(stack, run.commit, said.fingerprint)}\n<!-- backlog-review-run {run.id}.{run.attempt} -->\n"
    last = f"\n\n---\nMade by the pull request's own code at {run.commit[:7]}, in [this run]({run.link}).\n"
    # Nobody is called by a text that anybody may have written.
    rest = _MENTION.sub("@\u200b", text.partition("\n")[2].strip())
    return first + (rest if len(first + rest + last) <= LONGEST else _TOO_LONG) + last


def _write(github: GitHub, number: int, stack: str, run: Run, body: str) -> str:
    for comment in github.all(f"/issues/{number}/comments"):
        if not _is_ours(comment, stack):
            continue
        found = _RUN.search(comment["body"])
        if found and (int(found[1]), int(found[2])) > (run.id, run.attempt):
            return f"nothing was posted: run {found[1]} is newer"
        edited = github.send("PATCH", f"/issues/comments/{comment['id']}", {"body": body})
        return f"edited {edited['html_url']}"
    posted = github.send("POST", f"/issues/{number}/comments", {"body": body})
    return f"posted {posted['html_url']}"


def _is_ours(comment: dict[str, Any], stack: str) -> bool:
    said = marker(comment["body"] or "")
    return (comment["user"] or {}).get("login") == OURSELVES and said is not None and said.stack == stack


if __name__ == "__main__":
    sys.exit(main())
