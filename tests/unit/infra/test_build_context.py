"""An image's digest follows from what Docker would build it from: from all of that, and from nothing else."""

import os
import shutil

import pytest

from infra import build_context
from infra.build_context import context_digest

BUILD = {"context": "..", "dockerfile": "../services/api/Dockerfile", "platform": "linux/arm64"}
WHITELIST = "*\n!services/api/app.py\n!services/api/start.sh\n**/__pycache__\n"
HELD = ("services/api/app.py", "services/api/start.sh")


class Context:
    """A small checkout: what an image is built from, and what is none of its business."""

    def __init__(self, root, monkeypatch):
        self.root = root
        monkeypatch.setattr(build_context, "PROGRAM", root / "infra")
        for path in HELD:
            self.write(path, "1\n")
        self.write("services/api/Dockerfile", "FROM scratch\n")
        self.ignore(WHITELIST)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def ignore(self, patterns):
        self.write("services/api/Dockerfile.dockerignore", patterns)

    def holds(self, path):
        """Whether the digest follows the file's content."""
        self.write(path, "before\n")
        before = context_digest(BUILD)
        self.write(path, "after\n")
        return context_digest(BUILD) != before


@pytest.fixture
def context(tmp_path, monkeypatch):
    return Context(tmp_path, monkeypatch)


@pytest.mark.parametrize("path", HELD)
def test_it_changes_with_every_file_that_the_image_holds(context, path):
    assert context.holds(path)


def test_it_changes_when_a_file_comes_goes_or_is_renamed(context):
    context.ignore("*\n!services/api\n")
    digests = [context_digest(BUILD)]
    new = context.write("services/api/new.py", "")
    digests.append(context_digest(BUILD))
    new.rename(new.with_name("newer.py"))
    digests.append(context_digest(BUILD))
    assert len(set(digests)) == 3
    new.with_name("newer.py").unlink()
    assert context_digest(BUILD) == digests[0]


def test_it_changes_when_a_file_becomes_a_program(context):
    script = context.root / "services/api/start.sh"
    script.chmod(0o644)
    before = context_digest(BUILD)
    script.chmod(0o755)
    assert context_digest(BUILD) != before


def test_it_changes_with_the_umask_of_a_checkout_as_the_layers_do(context):
    """An image that is not the same bytes can't be pushed under a tag that is taken."""
    file = context.root / "services/api/app.py"
    file.chmod(0o644)
    before = context_digest(BUILD)
    file.chmod(0o664)
    assert context_digest(BUILD) != before


def test_it_changes_with_the_dockerfile(context):
    before = context_digest(BUILD)
    context.write("services/api/Dockerfile", "FROM debian\n")
    assert context_digest(BUILD) != before


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("argument", [{"platform": "linux/amd64"}, {"target": "slim"}, {"args": {"DEBUG": "1"}}])
def test_it_changes_with_the_builds_arguments(argument):
    assert context_digest({**BUILD, **argument}) != context_digest(BUILD)


@pytest.mark.parametrize("path", ["README.md", "services/api/notes.md", "services/api/__pycache__/app.pyc"])
def test_it_does_not_change_with_what_is_ignored(context, path):
    before = context_digest(BUILD)
    context.write(path, "new\n")
    assert context_digest(BUILD) == before


def test_it_does_not_change_with_when_files_were_written(context):
    before = context_digest(BUILD)
    os.utime(context.root / "services/api/app.py", (0, 0))
    assert context_digest(BUILD) == before


def test_it_is_the_same_in_another_checkout(context, tmp_path_factory, monkeypatch):
    before = context_digest(BUILD)
    other = tmp_path_factory.mktemp("other") / "checkout"
    shutil.copytree(context.root, other)
    monkeypatch.setattr(build_context, "PROGRAM", other / "infra")
    assert context_digest(BUILD) == before


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        ("*.md", "docs/guide.md"),
        ("tests", "services/tests/app.py"),
        ("__pycache__", "services/__pycache__/app.pyc"),
        ("*\n!services/backlog_*", "services/backlog_api/app.py"),
        ("*\n!services/ap?", "services/api/app.py"),
        ("*\n![st]ervices", "services/app.py"),
        ("*\n!/services/api", "services/api/app.py"),
        ("*\n! services/api/", "services/api/app.py"),
        ("**\n!services", "services/api/app.py"),
        ("services\n!services/api", "services/api/app.py"),
        ("#services", "#services/app.py"),
        (".", "services/app.py"),
    ],
)
def test_patterns_keep_what_docker_keeps(context, patterns, path):
    """They begin at the context's root, where git's begin anywhere, and an exception may hold wildcards."""
    context.ignore(f"{patterns}\n")
    assert context.holds(path)


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        ("*.md", "guide.md"),
        ("**/*.md", "docs/guide.md"),
        ("**/*.md", "guide.md"),
        ("services/", "services/app.py"),
        ("./services", "services/app.py"),
        ("/services", "services/app.py"),
        ("services/api/..", "services/app.py"),
        ("*\n!services\nservices/notes", "services/notes/app.py"),
    ],
)
def test_patterns_drop_what_docker_drops(context, patterns, path):
    context.ignore(f"{patterns}\n")
    assert not context.holds(path)


def test_a_pattern_that_keeps_a_file_twice_changes_nothing(context):
    context.write("services/todos/rules.py", "1\n")
    context.ignore("*\n!services/todos\n")
    before = context_digest(BUILD)
    context.ignore("*\n!services/todos\n!services/todos/rules.py\n")
    assert context_digest(BUILD) == before


def test_a_dockerfiles_own_patterns_go_before_the_contexts(context):
    context.write(".dockerignore", "services\n")
    assert context.holds("services/api/app.py")
    (context.root / "services/api/Dockerfile.dockerignore").unlink()
    assert not context.holds("services/api/app.py")


def test_without_patterns_everything_is_held(context):
    (context.root / "services/api/Dockerfile.dockerignore").unlink()
    assert context.holds("README.md")


def test_a_dockerfile_that_is_not_there_is_an_error(context):
    (context.root / "services/api/Dockerfile").unlink()
    with pytest.raises(FileNotFoundError, match="services/api/Dockerfile"):
        context_digest(BUILD)
