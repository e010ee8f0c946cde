"""`make drift-issue REPORTS=folder`: an issue for each stack that drifted, edited meanwhile, closed when it is over.

The reports are what `make drift STACK=... OUT=...` wrote.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from operations.github_api import LONGEST, OURSELVES, GitHub, GitHubSaysNo

_FORM = re.compile(r"<!-- backlog-drift stack=([a-z]{1,20}) drifted=([0-9]{1,6}) -->")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make drift-issue", description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path)
    given = parser.parse_args(arguments)
    wrong = 0
    try:
        github = GitHub.of_the_workflow()
        for file in sorted(given.reports.glob("*.md")):
            text = file.read_text(encoding="utf-8")
            said = _FORM.match(text)
            if not said:
                sys.stderr.write(f"drift-issue: {file} is not a report of drift\n")
                wrong += 1
                continue
            sys.stdout.write(f"{said[1]}: {tell(github, said[1], text, drifted=said[2] != '0')}\n")
    except (GitHubSaysNo, OSError, ValueError) as error:
        sys.stderr.write(f"drift-issue: {error}\n")
        return 1
    return int(bool(wrong))


def tell(github: GitHub, stack: str, text: str, *, drifted: bool) -> str:
    """Open, edit or close the stack's issue; what was done.

    Raises:
        GitHubSaysNo: GitHub refused.
    """
    issue = _open_issue(github, stack)
    body = {"title": f"Stack {stack} drifted", "body": _fits(text)}
    if issue is None:
        return f"opened {github.send('POST', '/issues', body)['html_url']}" if drifted else "nothing drifted"
    if drifted:
        return f"edited {github.send('PATCH', f'/issues/{issue}', body)['html_url']}"
    github.send("POST", f"/issues/{issue}/comments", {"body": "Nothing drifts any more."})
    closed = github.send("PATCH", f"/issues/{issue}", {"state": "closed", "state_reason": "completed"})
    return f"closed {closed['html_url']}"


def _open_issue(github: GitHub, stack: str) -> int | None:
    for issue in github.all("/issues?state=open"):
        said = _FORM.match(issue["body"] or "")
        ours = (issue["user"] or {}).get("login") == OURSELVES and "pull_request" not in issue
        if ours and said and said[1] == stack:
            return int(issue["number"])
    return None


def _fits(text: str) -> str:
    """Whole lines, as many as an issue can hold."""
    if len(text) <= LONGEST:
        return text
    more = "\n\nThere is more: the run's report has all of it.\n"
    return text[: LONGEST - len(more)].rpartition("\n")[0] + more


if __name__ == "__main__":
    sys.exit(main())
