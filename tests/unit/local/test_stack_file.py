"""A stack's file that is malformed: what, where, what to do, and all of it at once."""

import pytest

from infra.mistakes import Mistakes
from local import stack_file
from local.folder import CHECKOUT
from local.stack_settings import local_settings_of, ports_of, settings_of

GOOD = (CHECKOUT / "Pulumi.local.yaml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: backlog\n", encoding="utf-8")
    return tmp_path


def mistakes(folder, content, meaning=str):
    (folder / "Pulumi.local.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Mistakes) as found:
        meaning(stack_file.read("local", folder))
    return list(found.value.args)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("config:\n  backlog:api: [\n", 3, "no YAML"),
        ("config:\n\tbacklog:api: 1\n", 2, "no YAML"),
        ("a: 1\n---\nb: 2\n", 2, "no YAML"),
        (b"config:\n  backlog:api: \xff\n", 2, "0xff is not UTF-8; save the file in UTF-8"),
        ("config: [1, 2]\n", 1, "must be lines `backlog:key: value`, and not a list"),
        ("config:\n  backlog:api: {}\n  backlog:job: {}\n  backlog:api: {}\n", 4, "on line 2 already"),
        ("config:\n  backlog:api: {port: 1,\n    port: 2}\n", 3, "port is on line 2 already"),
        ("config:\n  backlgo:api: {}\n", 2, "did you mean backlog?"),
        ("config:\n  listenerPort: 80\n", 2, "backlog:listenerPort"),
        ("confg:\n  backlog:api: {}\n", 1, "did you mean config?"),
    ],
)
def test_a_malformed_file_is_one_sentence_with_the_line(folder, content, line, words):
    (sentence,) = mistakes(folder, content)
    assert sentence.startswith(f"Pulumi.local.yaml, line {line}: ")
    assert words in sentence


@pytest.mark.parametrize(
    "content", ["- a\n", "text\n", "config: \x01\n", "config:\n  a:b: &x [*x]\n", "x: 2026-06-31\n"]
)
def test_a_file_that_is_something_else_is_one_sentence(folder, content):
    (sentence,) = mistakes(folder, content)
    assert sentence.startswith("Pulumi.local.yaml")


@pytest.mark.parametrize("content", ["", "config:\n", "# nothing\n"])
def test_an_empty_file_lacks_what_it_must_say(folder, content):
    sentences = mistakes(folder, content, settings_of)
    assert any("aws:region: is missing" in sentence for sentence in sentences)
    assert any("job: is missing" in sentence for sentence in sentences)


@pytest.mark.parametrize("stack", ["nosuch", "../x", "", ".", "a b", "/etc/passwd"])
def test_a_stack_that_is_not_there_is_told_with_those_that_are(folder, stack):
    (folder / "Pulumi.dev.yaml").touch()
    with pytest.raises(Mistakes, match=r"no stack .*there are dev"):
        stack_file.read(stack, folder)


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines(folder):
    content = GOOD.replace("egress", "egres").replace("port: 6400,", "port: x,").replace("meanSeconds", "meanSecond")
    sentences = mistakes(folder, f"{content}  local:awsPort: 99999\n  local:awsport: 1\n", local_settings_of)
    places = [sentence.split(": ")[1] for sentence in sentences]
    assert places == ["api.port", "job.meanSeconds", "job.meanSecond", "local:awsPort", "local:awsport"]
    assert all(sentence.startswith("Pulumi.local.yaml, line ") for sentence in sentences)


@pytest.mark.parametrize("port", ["abc", "99999", "0", "null", "[1]", "true"])
def test_a_port_of_the_embedded_aws_that_is_none_is_told_with_its_line(folder, port):
    (sentence,) = mistakes(folder, f"{GOOD}  local:awsPort: {port}\n", local_settings_of)
    assert sentence.startswith(f"Pulumi.local.yaml, line {GOOD.count(chr(10)) + 1}: local:awsPort: ")


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("port: 6432", "port: 6400", ["database.port", "listenerPort"]),
        ("port: 6432", "port: 6401", ["database.port", "local:awsPort"]),
        ("backlog:listenerPort: 6400", "backlog:listenerPort: 6401", ["listenerPort", "local:awsPort"]),
        ("{port: 6400,", "{port: 6432,", ["api.port", "database.port"]),
    ],
)
def test_two_settings_that_name_one_port_are_named_both(folder, old, new, keys):
    told = " ".join(mistakes(folder, GOOD.replace(old, new), local_settings_of))
    assert all(key in told for key in keys)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("tls: false, ", "", "database.tls"),
        ("6400, maxCount: 1", "6400, minCount: 2, maxCount: 2", "api.minCount"),
        ("backlog:logRetentionDays: 1", "backlog:protect: true", "protect"),
        ("backupDays: 0", "finalSnapshot: true", "database.finalSnapshot"),
    ],
)
def test_what_one_machine_cannot_do_is_refused(folder, old, new, key):
    assert any(f": {key}: " in sentence for sentence in mistakes(folder, GOOD.replace(old, new), local_settings_of))


def test_without_a_database_line_its_defaults_are_looked_at(folder):
    without = "\n".join(line for line in GOOD.splitlines() if "backlog:database" not in line)
    assert any("database.tls" in sentence for sentence in mistakes(folder, without, local_settings_of))


def test_the_ports_are_those_of_the_settings_defaults_and_all(folder):
    content = GOOD.replace("port: 6432, ", "")
    (folder / "Pulumi.local.yaml").write_text(content, encoding="utf-8")
    ports = ports_of(*local_settings_of(stack_file.read("local", folder)))
    assert ports == {"listenerPort": 6400, "api.port": 6400, "database.port": 5432, "local:awsPort": 6401}


@pytest.mark.parametrize("stack", ["dev", "prod", "local", "lab"])
def test_the_projects_own_files_are_right(stack):
    settings_of(stack_file.read(stack))
