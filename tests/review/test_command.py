"""`make review`: where it takes a preview from, what it refuses, what its exit code says."""

import gzip
import json
import os
import re
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pulumi as pulumi_sdk
import pulumi_aws as aws
import pytest

from infra.review import revisions
from infra.review.__main__ import main
from infra.review.digest import LARGEST
from infra.review.revisions import Compared, main_of
from operations.review_marker import marker
from tests.review.pairs.queues import jobs
from tests.review.previewed import digest_of

CHECKOUT = Path(__file__).parents[2]
SAFE, LOOK, DANGEROUS = "nothing", "look", "dangerous"


@pytest.fixture(scope="module")
def printed():
    """What the command prints, by the verdict of its review."""
    after = {SAFE: jobs(), LOOK: jobs(visibility=90), DANGEROUS: jobs(visibility=20)}
    return {verdict: digest_of(jobs(), program) for verdict, program in after.items()}


@pytest.fixture
def saved(printed, tmp_path):
    files = {}
    for verdict, text in printed.items():
        files[verdict] = tmp_path / f"{verdict}.json"
        files[verdict].write_text(text, encoding="utf-8")
    return files


def asked(capsys, *arguments):
    """The exit code, and what was said on both channels."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as wrong_use:
        code = wrong_use.code
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    ("verdict", "threshold", "code"),
    [
        (SAFE, "look", 0),
        (SAFE, "dangerous", 0),
        (LOOK, "look", 1),
        (LOOK, "dangerous", 0),
        (LOOK, "never", 0),
        (DANGEROUS, "look", 1),
        (DANGEROUS, "dangerous", 1),
        (DANGEROUS, "never", 0),
    ],
)
def test_the_exit_code_is_the_verdicts(capsys, saved, verdict, threshold, code):
    found, out, _ = asked(capsys, "--file", saved[verdict], "--fail-on", threshold)
    assert found == code
    assert out.startswith(f" {verdict.upper() if verdict != SAFE else 'SAFE'}  test\n")


def test_what_is_dangerous_fails_unless_told_otherwise(capsys, saved):
    assert asked(capsys, "--file", saved[DANGEROUS])[0] == 1
    assert asked(capsys, "--file", saved[LOOK])[0] == 0


def fingerprint_of(capsys, file):
    return json.loads(asked(capsys, "--file", file, "--format", "json")[1])["fingerprint"]


def test_another_plan_than_the_approved_one_is_refused_with_both_names(capsys, saved):
    approved, now = fingerprint_of(capsys, saved[LOOK]), fingerprint_of(capsys, saved[DANGEROUS])
    assert asked(capsys, "--file", saved[LOOK], "--check", approved)[0] == 0
    code, _, said = asked(capsys, "--file", saved[DANGEROUS], "--check", approved, "--fail-on", "never")
    assert code == 3
    assert f"that was {approved}, and this is {now}" in said
    assert "approve it anew" in said


def test_several_formats_are_written_in_one_run(capsys, saved, tmp_path):
    folder = tmp_path / "made" / "review"
    code, out, _ = asked(capsys, "--file", saved[DANGEROUS], "--format", "markdown, html json text", "--out", folder)
    assert code == 1
    assert sorted(file.name for file in folder.iterdir()) == ["comment.md", "review.html", "review.json", "review.txt"]
    fingerprint = json.loads((folder / "review.json").read_text(encoding="utf-8"))["fingerprint"]
    assert marker((folder / "comment.md").read_text(encoding="utf-8")).fingerprint == fingerprint
    assert out.startswith("dangerous: ")
    assert fingerprint in out


def test_one_format_is_written_to_the_file_itself(capsys, saved, tmp_path):
    asked(capsys, "--file", saved[SAFE], "--format", "markdown", "--out", tmp_path / "comment.md")
    assert marker((tmp_path / "comment.md").read_text(encoding="utf-8"))


ENCODED = {
    "UTF-8 with a mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "PowerShell's UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16, the other way round": lambda text: text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "text before it": lambda text: b"Loading policy {packs}...\nwarning: {} is old\n" + text.encode(),
}


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_a_digest_is_read_as_shells_leave_it(capsys, printed, tmp_path, encoded):
    file = tmp_path / "preview.json"
    file.write_bytes(encoded(printed[DANGEROUS]))
    assert asked(capsys, "--file", file)[0] == 1


def test_a_digest_is_read_from_standard_input(capsys, printed, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(printed[DANGEROUS].encode())))
    code, out, _ = asked(capsys, "--file", "-")
    assert code == 1
    assert "a preview from standard input" in out


UNREADABLE = {
    "nothing": (b"", "there is nothing in it"),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff\xfe", "it is no text: byte 1 is not UTF-8"),
    "broken gzip": (b"\x1f\x8bxx", "can't be unpacked"),
    "half of a gzip": (gzip.compress(os.urandom(10_000))[:5_000], "it looks like gzip, and is cut off"),
    "an event stream": (b'{"sequence": 0, "preludeEvent": {}}\n{"sequence": 1}\n', "an event stream"),
    "an export": (b'{"version": 3, "deployment": {}}', "an export of a stack's state"),
    "a Terraform plan": (b'{"format_version": "1.2", "resource_changes": []}', "some other JSON"),
    "half a digest": (b'{"config": {}, "steps": [{"op": "sa', "is cut off at line 1"),
    "lists in lists": (b'{"steps": ' + b"[" * 100_000, "nested deeper"),
}


@pytest.mark.parametrize(("data", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_can_not_be_read_is_refused_in_a_sentence(capsys, tmp_path, data, sentence):
    file = tmp_path / "preview.json"
    file.write_bytes(data)
    code, out, said = asked(capsys, "--file", file, "--fail-on", "never")
    assert (code, out) == (2, "")
    assert sentence in said
    assert "Traceback" not in said


def test_gzip_is_not_unpacked_beyond_the_largest_preview(capsys, tmp_path):
    file = tmp_path / "bomb"
    with gzip.open(file, "wb", compresslevel=1) as packing:
        for _ in range(LARGEST // 2**24 + 1):
            packing.write(b" " * 2**24)
    code, _, said = asked(capsys, "--file", file)
    assert code == 2
    assert "larger than any preview" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name the stack"),
        (["--stack", "dev; id"], "'dev; id' is no stack's name"),
        (["--stack", "../dev"], "is no stack's name"),
        (["--stack", "org/backlog/dev"], "is a stack's name in Pulumi's backend"),
        (["--stack", "nowhere", "--base", "HEAD"], "there is no stack 'nowhere'"),
        (["--stack", "dev", "--base", "no such; revision"], "there is no revision 'no such; revision' here"),
        (["--stack", "dev", "--base", "x", "--live"], "not allowed with argument"),
        (["--stack", "dev", "--live", "yes"], "'yes' is neither 1 nor 0"),
        (["--file", "nowhere.json"], "No such file or directory"),
        (["--file", "."], "Is a directory"),
        (["--file", "x", "--format", "pdf"], "'pdf': there are text, markdown"),
        (["--file", "x", "--format", ""], "there are text, markdown"),
        (["--file", "x", "--format", "markdown json"], "several formats need a folder"),
        (["--file", "x", "--fail-on", "sometimes"], "invalid choice"),
        (["--file", "x", "--check", "latest"], "'latest' is no fingerprint"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(capsys, arguments, sentence):
    code, out, said = asked(capsys, *arguments)
    assert (code, out) == (2, "")
    assert sentence in said


def test_where_the_review_can_not_be_written_is_said(capsys, saved, tmp_path):
    (tmp_path / "file").touch()
    code, _, said = asked(capsys, "--file", saved[SAFE], "--out", tmp_path / "file" / "review.txt")
    assert code == 2
    assert str(tmp_path / "file") in said


def test_what_policy_packs_said_is_part_of_the_review(capsys, saved, tmp_path):
    event = {"policyPackName": "backlog", "policyName": "sqs-encrypted", "message": "is not encrypted"}
    (tmp_path / "events").write_text(json.dumps({"sequence": 1, "policyEvent": event}), encoding="utf-8")
    code, out, _ = asked(capsys, "--file", saved[SAFE], "--events", tmp_path / "events", "--fail-on", "look")
    assert code == 1
    assert "backlog sqs-encrypted on the stack: is not encrypted" in out
    (tmp_path / "events").write_text('{"sequence": 1}\n{"seq', encoding="utf-8")
    code, _, said = asked(capsys, "--file", saved[SAFE], "--events", tmp_path / "events")
    assert code == 2
    assert "line 2 of the event stream is no JSON" in said


def test_costs_are_told_by_a_table_that_is_given(capsys, tmp_path):
    file, costs = tmp_path / "preview.json", tmp_path / "costs.json"
    file.write_text(digest_of(lambda: None, jobs()), encoding="utf-8")
    costs.write_text('{"aws:sqs/queue:Queue": 50}', encoding="utf-8")
    code, out, _ = asked(capsys, "--file", file, "--costs", costs, "--fail-on", "look")
    assert code == 1
    assert "+50.00: sqs/Queue jobs" in out
    costs.write_text("much", encoding="utf-8")
    assert asked(capsys, "--file", file, "--costs", costs)[0] == 2


def run(file, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "infra.review", "--file", str(file), *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_terminal_without_unicode_is_told_all_the_same(saved):
    with run(saved[DANGEROUS], "--format", "markdown", PYTHONIOENCODING="ascii") as process:
        out, said = process.communicate()
    assert (process.returncode, said) == (1, b"")
    assert rb"## \U0001f6d1 test: dangerous" in out


def test_a_reader_who_stops_early_changes_nothing(saved):
    with run(saved[DANGEROUS], "--format", "json") as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (1, b"")


def resources(**queue):
    urn = "urn:pulumi:dev::backlog::"
    stack = {"urn": f"{urn}pulumi:pulumi:Stack::backlog-dev", "type": "pulumi:pulumi:Stack"}
    made = {"urn": f"{urn}aws:sqs/queue:Queue::jobs", "type": "aws:sqs/queue:Queue", "custom": True, "inputs": queue}
    return {"version": 3, "deployment": {"resources": [stack, made]}}


def test_a_comparison_tells_what_it_has_not_seen(capsys, printed, monkeypatch):
    monkeypatch.setattr(
        revisions,
        "against",
        lambda base, stack, _: Compared(
            digest=printed[LOOK],
            before=resources(sqsManagedSseEnabled=True),
            after=resources(sqsManagedSseEnabled=False),
            base=f"{base}-{stack}",
            commit="c" * 40,
            placeholders=("backlog:word",),
            libraries=("pulumi-aws 7.51.0 -> 7.51.1",),
        ),
    )
    _, out, _ = asked(capsys, "--stack", "dev", "--base", "there", "--format", "json")
    found = json.loads(out)
    assert found["origin"] == {"how": "compared", "commit": "c" * 40, "base": "there-dev", "file": None}
    told = {(one["section"], one["verdict"], tuple(one["details"])): one["title"] for one in found["findings"]}
    assert "1 secret of the configuration stood aside" in told["blind_spots", "safe", ("backlog:word",)]
    assert "not seen" in told["blind_spots", "look", ("pulumi-aws 7.51.0 -> 7.51.1",)]
    assert any(one["section"] == "policy" and one["title"].startswith("new: sqs-") for one in found["findings"])


def test_what_an_alias_renames_is_no_new_finding(capsys, monkeypatch):
    def queue(name, was=None):
        def program():
            options = pulumi_sdk.ResourceOptions(aliases=[pulumi_sdk.Alias(name=was)] if was else None)
            aws.sqs.Queue(name, sqs_managed_sse_enabled=False, opts=options)

        return program

    before, after = (resources(sqsManagedSseEnabled=False) for _ in range(2))
    after["deployment"]["resources"][1]["urn"] = after["deployment"]["resources"][1]["urn"].replace("jobs", "tasks")
    compared = Compared(digest_of(queue("jobs"), queue("tasks", "jobs"), stack="dev"), before, after, "b", "c")
    monkeypatch.setattr(revisions, "against", lambda *_: compared)
    _, out, _ = asked(capsys, "--stack", "dev", "--format", "json")
    titles = [one["title"] for one in json.loads(out)["findings"] if one["section"] == "policy"]
    assert len(titles) == 1
    assert titles[0].endswith("as before")


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """A `pulumi` that writes down how it was called and prints what it was given."""
    script = tmp_path / "bin" / "pulumi"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/called\ncat {tmp_path}/printed\nexit 0\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    return tmp_path


def test_a_live_review_asks_pulumi_of_the_stack_as_it_is(capsys, pulumi, printed):
    (pulumi / "printed").write_text(f"Logging in {{...}}\n{printed[DANGEROUS]}", encoding="utf-8")
    code, out, _ = asked(capsys, "--stack", "dev", "--live")
    assert code == 1
    assert re.search(r"\n [0-9a-f]{7}( and what is not committed)? over the stack as it is\n", out)
    called = (pulumi / "called").read_text(encoding="utf-8")
    assert "preview --json --show-sames --show-replacement-steps" in called
    assert "--stack dev --refresh" in called
    asked(capsys, "--stack", "dev", "--live", "1", "--refresh", "0")
    assert "--refresh" not in (pulumi / "called").read_text(encoding="utf-8")


def test_a_live_review_whose_preview_failed_is_no_review(capsys, pulumi):
    script = pulumi / "bin" / "pulumi"
    script.write_text("#!/bin/sh\necho 'error: no stack named dev found' >&2\nexit 255\n", encoding="utf-8")
    code, _, said = asked(capsys, "--stack", "dev", "--live")
    assert code == 2
    assert "no stack named dev found" in said


def test_main_is_the_remotes_where_there_is_one(tmp_path):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first", "--allow-empty")
    assert main_of(tmp_path) == "main"
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert main_of(tmp_path) == "origin/main"


@pytest.fixture
def makefile(tmp_path):
    """The Makefile beside an environment whose python prints what it is called with, a line each."""
    for folder in (".venv/bin", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Makefile").write_text((CHECKOUT / "Makefile").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("requirements.lock", "tools/environment", ".venv/.locked"):
        (tmp_path / name).touch()
    for name, script in (("tools/pulumi", "pwd"), (".venv/bin/python", "printf '%s\\n' \"$@\"")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_make_gives_each_value_as_one_word_and_runs_none_of_it(makefile):
    nasty = {"BASE": "a b'c\"d;touch x`touch x`", "OUT": "my folder", "FORMAT": "markdown json", "FAIL_ON": "look"}
    values = {**nasty, "LIVE": "1", "REFRESH": "0", "FILE": "*", "EVENTS": "e", "COSTS": "c", "ALL": "1", "CHECK": "f"}
    wanted = [f"--{name.lower().replace('_', '-')}={value}" for name, value in values.items()]
    for given, environment in (([f"{name}={value}" for name, value in values.items()], {}), ([], values)):
        done = subprocess.run(
            ["make", "--no-print-directory", "review", "STACK=pr od", *given],
            cwd=makefile,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        module, name, stack, *rest = done.stdout.splitlines()
        assert (module, name, stack) == ("-m", "infra.review", "--stack=pr od")
        assert sorted(rest) == sorted(wanted)
        assert not (makefile / "x").exists()
