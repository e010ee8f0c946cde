"""A review becomes one comment for each stack: what a run left is believed only as far as GitHub says the same."""

import pytest

from operations.github_api import LONGEST
from operations.review_comment import main
from operations.review_marker import marker

HEAD, OLD, MERGE = "a" * 40, "b" * 40, "c" * 40
FORK = "mallory/backlog"
RUN, NUMBER = 900, 17


@pytest.fixture
def opened(github):
    """Pull request 17 from a fork, and the run of its newest commit."""
    github.runs[RUN] = {
        "id": RUN,
        "run_attempt": 1,
        "event": "pull_request",
        "path": ".github/workflows/preview.yml",
        "head_sha": HEAD,
        "head_repository": {"full_name": FORK},
        "html_url": "https://github.example/run",
    }
    github.pulls[NUMBER] = {
        "state": "open",
        "head": {"sha": HEAD, "repo": {"full_name": FORK}},
        "base": {"repo": {"full_name": "acme/backlog"}},
    }
    return github


def review(stack="dev", fingerprint="0123456789abcdef", text="Nothing is lost."):
    return f"<!-- backlog-review stack={stack} commit={MERGE} fingerprint={fingerprint} -->\n{text}\n"


@pytest.fixture
def left(tmp_path):
    """`left("dev")`: what the run left of a stack."""

    def write(stack, text=None, number=NUMBER):
        folder = tmp_path / f"review-{number}-{stack}"
        folder.mkdir()
        (folder / "comment.md").write_text(review(stack) if text is None else text)

    write.folder = tmp_path
    return write


@pytest.fixture
def post(left, capsys):
    """Run the command: its exit code, and all that it said."""

    def run(run_id=RUN):
        code = main([str(left.folder), "--run", str(run_id)])
        return code, "".join(capsys.readouterr())

    return run


def bodies(github, number=NUMBER):
    return [comment["body"] for comment in github.comments.get(number, [])]


def test_each_stack_gets_a_comment_that_names_the_pull_requests_own_commit(opened, left, post):
    left("dev")
    left("prod")
    code, _ = post()
    assert code == 0
    assert [marker(body).stack for body in bodies(opened)] == ["dev", "prod"]
    assert {marker(body).commit for body in bodies(opened)} == {HEAD}
    assert all("Nothing is lost." in body and "https://github.example/run" in body for body in bodies(opened))


def test_a_second_run_edits_the_first_ones_comment(opened, left, post):
    left("dev")
    post()
    opened.runs[RUN] |= {"run_attempt": 2}
    (left.folder / "review-17-dev" / "comment.md").write_text(review(text="Something is lost."))
    code, _ = post()
    (body,) = bodies(opened)
    assert code == 0
    assert "Something is lost." in body


def test_a_comment_is_found_behind_a_hundred_others(opened, left, post):
    for each in range(250):
        opened.comment(NUMBER, f"comment {each}", {"login": "alice"})
    left("dev")
    post()
    post()
    assert len(bodies(opened)) == 251


def test_an_older_run_does_not_overwrite_a_newer_one(opened, left, post):
    left("dev")
    opened.runs[RUN + 1] = {**opened.runs[RUN], "id": RUN + 1}
    post(RUN + 1)
    (newer,) = bodies(opened)
    code, said = post(RUN)
    assert (code, bodies(opened)) == (0, [newer])
    assert "run 901 is newer" in said


def test_a_run_of_a_commit_that_is_no_more_the_newest_says_nothing(opened, left, post):
    left("dev")
    opened.runs[RUN]["head_sha"] = OLD
    code, said = post()
    assert (code, opened.written()) == (0, [])
    assert "is at aaaaaaa, and this run was of bbbbbbb" in said


def test_the_number_of_somebody_elses_pull_request_is_not_believed(opened, left, post):
    opened.pulls[18] = {**opened.pulls[NUMBER], "head": {"sha": HEAD, "repo": {"full_name": "acme/backlog"}}}
    left("dev", number=18)
    _, said = post()
    assert opened.written() == []
    assert "pull request 18 is not from mallory/backlog" in said


@pytest.mark.parametrize("pull", [{"state": "closed"}, {"base": {"repo": {"full_name": "other/backlog"}}}])
def test_a_pull_request_that_is_closed_or_elsewhere_is_left_alone(opened, left, post, pull):
    left("dev")
    opened.pulls[NUMBER] |= pull
    assert post()[0] == 0
    assert opened.written() == []


@pytest.mark.parametrize("run", [{"event": "push"}, {"path": ".github/workflows/checks.yml"}])
def test_a_run_of_another_workflow_posts_nothing(opened, left, post, run):
    left("dev")
    opened.runs[RUN] |= run
    assert post()[0] == 1
    assert opened.written() == []


@pytest.mark.parametrize("user", [{"login": "mallory"}, {"login": "github-actions"}, None])
def test_a_comment_that_others_wrote_is_not_edited_whatever_it_says_of_itself(opened, left, post, user):
    theirs = opened.comment(NUMBER, review("dev"), user or {"login": "ghost"})["body"]
    left("dev")
    post()
    assert len(bodies(opened)) == 2
    assert bodies(opened)[0] == theirs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no marker",
        f"\n{review('dev')}",
        review("prod"),
        review("dev", fingerprint="not-hex"),
        review("dev").replace("-->", "--> <b>"),
    ],
)
def test_a_file_that_is_no_review_of_its_stack_is_refused_and_the_others_are_posted(opened, left, post, text):
    left("dev", text)
    left("prod")
    code, said = post()
    assert code == 1
    assert "review-17-dev/comment.md is not a review of dev" in said
    assert [marker(body).stack for body in bodies(opened)] == ["prod"]


@pytest.mark.parametrize("name", ["review-17-staging", "review-x-dev", "review-17", "other", "review-17-dev-more"])
def test_a_folder_that_is_named_otherwise_is_refused(opened, left, post, name):
    (left.folder / name).mkdir()
    code, said = post()
    assert (code, opened.written()) == (1, [])
    assert repr(name) in said


def test_a_link_is_not_followed(opened, post, tmp_path):
    (tmp_path / "review-17-dev").mkdir()
    secret = tmp_path.parent / f"{tmp_path.name}-secret"
    secret.write_text(review("dev", text="a secret of the machine"))
    (tmp_path / "review-17-dev" / "comment.md").symlink_to(secret)
    assert post()[0] == 1
    assert opened.written() == []


def test_nobody_is_called_by_a_text_that_anybody_may_have_written(opened, left, post):
    left("dev", review(text="ask @acme/owners and alice@example.com"))
    post()
    (body,) = bodies(opened)
    assert "@acme" not in body
    assert "@example" not in body


def test_a_review_that_is_too_long_for_a_comment_is_named_and_left_out(opened, left, post):
    left("dev", review(text="x" * LONGEST))
    assert post()[0] == 0
    (body,) = bodies(opened)
    assert len(body) < 1_000
    assert "longer than a comment can be" in body


@pytest.mark.usefixtures("opened")
def test_what_github_refuses_is_one_line(post, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "stolen")
    code, said = post()
    assert code == 1
    assert said.startswith("review-comment: GET /actions/runs/900: 401")
    assert len(said.splitlines()) == 1


def test_without_a_token_nothing_is_asked(opened, post, monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN")
    assert post() == (1, "review-comment: not set: GITHUB_TOKEN\n")
    assert opened.asked == []
