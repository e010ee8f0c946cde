"""The images: built as their Dockerfiles say, pushed, pulled by digest, and run as a task definition says."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import psutil
import pytest

from local.engine import Engine
from local.folder import CHECKOUT, StackFolder

sys.path.insert(0, str(Path(__file__).parent))
from image_tools import Buildah, missing, registry

SERVICES = ("api", "worker", "lab")
DOCKERFILES = {name: (CHECKOUT / "services" / name / "Dockerfile").read_text(encoding="utf-8") for name in SERVICES}
#: MB. About a tenth over what was measured on a base by debootstrap: who makes an image larger says so here.
LARGEST = {"api": 255, "worker": 260, "lab": 150}

pytestmark = [pytest.mark.xdist_group("images"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def folder():
    """On a disk, not in memory, and short: storage has long paths."""
    if why := missing():
        # CI's machines are made so that nothing is missing.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    root = Path(tempfile.mkdtemp(prefix="backlog-images-"))
    yield root
    subprocess.run(["rm", "-rf", root], check=True)  # tens of thousands of files


@pytest.fixture(scope="module")
def pushed(folder, free_port, until):
    """Each service's reference by digest, as `infra` gives it to task definitions, and the buildah that pulls it."""
    buildah = Buildah(folder)
    (public,) = {re.search(r"^ARG BASE=(\S+)", text, re.MULTILINE)[1] for text in DOCKERFILES.values()}
    base = buildah.base(public)
    with registry(folder, free_port(), until) as address:
        references = {}
        for service in SERVICES:
            buildah.build(service, base)
            references[service] = buildah.pushed(service, address)
        yield buildah, references


@pytest.fixture(scope="module")
def images(pushed):
    """Each service's image, pulled by its digest."""
    buildah, references = pushed
    with contextlib.ExitStack() as pulled:
        yield {service: pulled.enter_context(buildah.pulled(reference)) for service, reference in references.items()}


@pytest.fixture(scope="module")
def definitions():
    """The containers of stack dev's task definitions, by service and name."""
    root = Path(tempfile.mkdtemp(prefix="backlog-"))
    with Engine("dev", StackFolder(root / "stack")).opened() as stack:
        stack.up()
        resources = stack.export_stack().deployment["resources"]
    shutil.rmtree(root)
    return {
        resource["urn"].rsplit("::", 1)[1]: {
            container["name"]: container for container in json.loads(resource["outputs"]["containerDefinitions"])
        }
        for resource in resources
        if resource["type"] == "aws:ecs/taskDefinition:TaskDefinition"
    }


@pytest.fixture
def run(images, definitions):
    """Runs a container of a task definition in its image, with what the test's servers put in AWS's place."""
    running = []

    def begin(service, name, told, log, **more):
        container = definitions[service][name]
        plain = {entry["name"]: entry["value"] for entry in container["environment"]}
        # Every variable of the definition, and no other; where it names something of AWS, the test's server instead.
        here = {key: told[key] for key in (*plain, *(entry["name"] for entry in container["secrets"])) if key in told}
        agent = {key: value for key, value in told.items() if key.startswith("AWS_")}
        command = images[service].command(container, {**plain, **agent, **here, **more})
        with log.open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        running.append(process)
        return process

    yield begin
    for process in running:
        # unshare itself heeds no SIGTERM: the container's first process is its child, and gets what ECS would send.
        for first in psutil.Process(process.pid).children() if process.poll() is None else ():
            first.terminate()
        process.wait(timeout=60)


def inside(image, *words, user=""):
    """What a command says that runs in the image."""
    command = image.command({"command": list(words)}, {}, user=user)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def ask(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def answers(url):
    try:
        return ask(url)
    except OSError:
        return None


@pytest.mark.parametrize("service", SERVICES)
def test_the_registrys_digest_is_what_a_task_definition_names_and_can_be_pulled_by(pushed, images, service):
    assert re.fullmatch(rf"127\.0\.0\.1:\d+/backlog-{service}@sha256:[0-9a-f]{{64}}", pushed[1][service])
    assert (images[service].root / "app").is_dir()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_says_who_it_is_and_runs_as_nobody_in_particular(images, service):
    config = images[service].config
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.title"] == f"backlog-{service}"
    assert config["Labels"]["org.opencontainers.image.base.name"]
    assert config["Cmd"][0] != "/bin/sh"  # a shell of the shell form would take the signals
    entries = dict(entry.split("=", 1) for entry in config["Env"])
    assert not [name for name in entries if re.search("KEY|TOKEN|SECRET|PASSWORD|PROXY", name.upper())]
    done = (
        inside(images[service], "python", "-c", "import os; print(os.getuid(), os.getgid(), os.getcwd())")
        if service != "lab"
        else inside(images[service], "--help")
    )
    assert done.stdout.startswith("10001 10001 /app" if service != "lab" else "Usage: queue-lab"), done.stderr


@pytest.mark.parametrize("service", ["api", "worker"])
def test_an_image_asks_for_its_health_as_the_task_definition_does(images, definitions, service):
    health = images[service].config["Healthcheck"]
    assert health["Test"] == definitions[service][service]["healthCheck"]["command"]
    assert images[service].config["Cmd"] == definitions[service][service]["command"]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_left_of_what_built_an_image(images, service):
    root = images[service].root
    held = {str(file.relative_to(root)) for file in root.rglob("*") if not file.is_dir()}
    names = {path.rsplit("/", 1)[-1] for path in held}
    assert not {"apt", "apt-get", "cc", "gcc", "git", "make", "pip", "pip3", "uv", "slim"} & names
    assert not [
        path for path in held if re.search(r"\.(whl|deb)$|/ensurepip/|site-packages/pip/|(^|/)\.git(/|$)", path)
    ]
    assert not [path for path in held if path.startswith(("root/.cache/", "var/cache/", "var/lib/apt/", "tmp/", "uv/"))]
    # Certificates of authorities are no secrets, and the only .pem files there are.
    secret = re.compile(r"(^|/)(\.env|\.netrc|\.pypirc|id_\w+|credentials|.*\.key|Pulumi\..*)$")
    assert not [path for path in held if secret.search(path)]
    bundles = {"app/botocore/cacert.pem", "app/certifi/cacert.pem", "app/backlog_todos/rds-ca.pem"}
    assert {path for path in held if path.startswith("app/") and path.endswith(".pem")} <= bundles
    assert not [path for path in held if path.startswith("app/") and re.search(r"/tests?/", path)]


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_becomes_root_in_an_image_and_nobody_changes_it(images, service):
    root = images[service].root
    found = [file for file in root.rglob("*") if file.exists() and not file.is_symlink()]
    assert not [file for file in found if file.is_file() and file.stat().st_mode & 0o6000]
    assert {
        file.relative_to(root).parts[0] for file in found if file.stat().st_mode & 0o002 and file.is_file()
    } == set()
    assert not [file for file in found if file.stat().st_uid == 10001]


def test_of_aws_only_what_the_services_call_is_described(images):
    for service, called in (("api", {"rds", "sqs"}), ("worker", {"rds", "sns", "sqs"}), ("lab", {"sns", "sqs"})):
        folder = images[service].root / "app" / "botocore" / "data"
        assert {file.name for file in folder.iterdir() if file.is_dir()} == called


def test_images_are_small(images):
    sizes = {service: round(image.bytes() / 1e6) for service, image in images.items()}
    print("MB:", sizes)  # noqa: T201 - a bench table has them
    assert not {service: size for service, size in sizes.items() if size > LARGEST[service]}


def test_the_root_of_what_runs_is_read_only(images):
    """So that the next test means something: not even root can write."""
    done = inside(images["api"], "sh", "-c", "touch /app/mine", user="0:0")
    assert "Read-only file system" in done.stderr


def test_the_images_do_the_services_work(run, as_owner, environment, free_port, until, tmp_path):
    """Migrated, healthy, a calendar asked of the one image and built by the other; by the definitions' own commands."""
    log = {name: tmp_path / name for name in ("migrate", "api", "worker")}
    assert run("api", "migrate", as_owner, log["migrate"]).wait(60) == 0, log["migrate"].read_text()

    port = free_port()
    role = {"DATABASE_USER": as_owner["DATABASE_APP_USER"], "DATABASE_PASSWORD": as_owner["DATABASE_APP_PASSWORD"]}
    api = run("api", "api", environment, log["api"], **role, PORT=str(port), HOST="127.0.0.1")
    worker = run("worker", "worker", environment, log["worker"], **role)
    url = f"http://127.0.0.1:{port}/api/v1"
    until(lambda: api.poll() is None and answers(f"{url}/health"), 60, "the API's health")
    ask(f"{url}/todos", "POST", {"title": "Buy milk"})
    task = ask(f"{url}/todos/ical", "POST")
    done = until(
        lambda: (standing := ask(task["task_url"]))["task_status"] not in ("PENDING", "STARTED") and standing,
        60,
        "the calendar",
    )
    assert done["task_status"] == "SUCCESS", log["worker"].read_text()
    with urllib.request.urlopen(done["result_url"], timeout=10) as calendar:
        assert b"SUMMARY:Buy milk" in calendar.read()
    assert api.poll() is worker.poll() is None
    users = {child.uids().real for process in (api, worker) for child in psutil.Process(process.pid).children(True)}
    assert users == {10001}
