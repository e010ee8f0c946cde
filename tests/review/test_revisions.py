"""Two revisions of a checkout, compared; the checkout is a small one of this test's own."""

import subprocess

import pytest
import yaml

from infra.mistakes import Mistakes
from infra.review import digest
from infra.review.revisions import PLACEHOLDER, against

PROGRAM = """
import pulumi
import pulumi_aws as aws
from infra.wanted import VISIBILITY

config = pulumi.Config("backlog")
aws.sqs.Queue("jobs", visibility_timeout_seconds=VISIBILITY, tags={"word": config.get("word") or "none"},
              opts=pulumi.ResourceOptions(protect=True))
"""


@pytest.fixture
def git(tmp_path):
    def run(*arguments):
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    run("init", "-q", "-b", "main")
    return run


@pytest.fixture
def checkout(tmp_path, git):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "__init__.py").touch()
    (tmp_path / "infra" / "__main__.py").write_text(
        "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))\n" + PROGRAM
    )
    (tmp_path / "infra" / "wanted.py").write_text("VISIBILITY = 30\n")
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "backlog", "runtime": "python", "main": "infra"}))
    config = {"aws:region": "eu-central-1", "backlog:word": {"secure": "v1:sealed"}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"encryptionsalt": "v1:x", "config": config}))
    git("add", "-A")
    git("commit", "-qm", "first")
    return tmp_path


def changed(compared):
    return [(change.op, change.label, change.reasons) for change in digest.read(compared.digest).changed]


def test_what_the_working_tree_changes_is_previewed_over_the_base(checkout, git):
    (checkout / "infra" / "wanted.py").write_text("VISIBILITY = 60\n")
    compared = against("main", "dev", checkout)
    assert changed(compared) == [("update", "sqs/Queue jobs", ("visibilityTimeoutSeconds",))]
    assert compared.commit == f"{git('rev-parse', 'HEAD')}-dirty"
    assert compared.placeholders == ("backlog:word",)
    visibility = [
        resource["inputs"]["visibilityTimeoutSeconds"]
        for side in (compared.before, compared.after)
        for resource in side["deployment"]["resources"]
        if resource["type"] == "aws:sqs/queue:Queue"
    ]
    assert visibility == [30, 60]
    assert PLACEHOLDER in compared.digest
    assert git("worktree", "list").count("\n") == 0


def test_what_came_to_the_base_since_is_no_part_of_the_change(checkout, git):
    git("checkout", "-qb", "mine")
    git("commit", "-qm", "mine", "--allow-empty")
    git("checkout", "-q", "main")
    (checkout / "infra" / "wanted.py").write_text("VISIBILITY = 90\n")
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "mine")
    assert changed(against("main", "dev", checkout)) == []


def test_a_new_stack_is_created_whole(checkout):
    (checkout / "Pulumi.lab.yaml").write_text(yaml.safe_dump({"config": {"aws:region": "eu-central-1"}}))
    assert changed(against("main", "lab", checkout)) == [("create", "sqs/Queue jobs", ())]


def test_what_the_engine_refuses_is_in_the_preview(checkout):
    main = checkout / "infra" / "__main__.py"
    main.write_text(main.read_text().split("aws.sqs.Queue")[0])
    refused = digest.read(against("main", "dev", checkout).digest)
    assert any("protected" in error for error in refused.errors)


@pytest.mark.parametrize(
    ("base", "stack", "sentence"),
    [
        ("nowhere", "dev", "there is no revision 'nowhere' here"),
        ("--output=x", "dev", "there is no revision '--output=x' here"),
        ("main", "prod", "there is no stack 'prod': Pulumi.prod.yaml does not exist; there are dev"),
    ],
)
def test_what_can_not_be_compared_is_a_sentence(checkout, base, stack, sentence):
    with pytest.raises(Mistakes) as refused:
        against(base, stack, checkout)
    assert sentence in refused.value.args[0]


def test_a_program_that_fails_is_named_with_what_it_said(checkout):
    (checkout / "infra" / "wanted.py").write_text("VISIBILITY = 1 / 0\n")
    with pytest.raises(Mistakes) as refused:
        against("main", "dev", checkout)
    assert refused.value.args[0] == "the working tree can't be declared as stack dev:"
    assert any("ZeroDivisionError" in line for line in refused.value.args)
