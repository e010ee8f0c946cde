"""Configuration: what is right becomes typed, what is wrong becomes sentences, all of them at once."""

import contextlib
import copy
import inspect

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.mistakes import Mistakes
from infra.settings import FARGATE, Settings, parse

GOOD = {
    "aws:region": "eu-central-1",
    "availabilityZones": ["eu-central-1a", "eu-central-1b"],
    "job": {
        "meanSeconds": 0.5,
        "p99Seconds": 5,
        "hardLimitSeconds": 60,
        "jobsAtOnce": 2,
        "latencyObjectiveSeconds": 60,
        "attempts": 3,
    },
}

ABROAD = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c"
HERE = ABROAD.replace("us-east-1", "eu-central-1")
DOMAIN = {"name": "todos.example.com", "zoneId": "Z0123456789ABC"}
OIDC = {
    "issuer": "https://login.example.com",
    "authorizationEndpoint": "https://login.example.com/authorize",
    "tokenEndpoint": "https://login.example.com/token",
    "userInfoEndpoint": "https://login.example.com/userinfo",
    "clientId": "backlog",
    "clientSecret": "hunter2",
}


def mistakes(**changes):
    """What is said of GOOD with changes; a block's settings are changed one by one."""
    config = copy.deepcopy(GOOD)
    for key, value in changes.items():
        config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
    with pytest.raises(Mistakes) as found:
        parse(config)
    return list(found.value.args)


def test_what_a_stacks_file_says_is_what_its_settings_hold(written, configured):
    held = configured.model_dump(by_alias=True)
    for key, value in written.items():
        if isinstance(value, dict):
            assert held[key].items() >= value.items()
        else:
            assert list(held[key]) == value if isinstance(value, list) else held[key] == value


def test_a_letter_too_few_in_any_key_of_a_stacks_file_is_told_with_the_key_that_was_meant(written):
    for key in written.keys() - {"aws:region"}:
        with pytest.raises(Mistakes) as found:
            parse({name[:-1] if name == key else name: value for name, value in written.items()})
        assert f"{key[:-1]}: there is no such setting; did you mean {key}?" in found.value.args
    for block, inner in ((key, name) for key, value in written.items() if isinstance(value, dict) for name in value):
        broken = {name[:-1] if name == inner else name: value for name, value in written[block].items()}
        with pytest.raises(Mistakes) as found:
            parse({**written, block: broken})
        assert f"{block}.{inner[:-1]}: there is no such setting; did you mean {inner}?" in found.value.args


def test_what_is_not_configured_is_small_and_cheap():
    read = parse(GOOD)
    assert (read.egress, read.database.instance_class, read.api.max_count) == (
        "public-ip",
        "db.t4g.micro",
        2,
    )


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        parse(GOOD).listener_port = 8080  # type: ignore[misc]


def test_text_is_read_as_the_number_that_it_is():
    """`pulumi config set` stores text."""
    read = parse({**GOOD, "listenerPort": "8080", "protect": "true", "job": {**GOOD["job"], "meanSeconds": "0.25"}})
    assert (read.listener_port, read.protect, read.job.mean_seconds) == (8080, True, 0.25)


def test_every_mistake_is_told_at_once():
    found = mistakes(
        egres="nat",
        listenerPort="99999",
        logRetentionDays="13",
        platform="arm",
        vpcCidr="10.20.1.0/16",
        api={"cpu": 300, "minCount": 5, "maxCount": 2},
        database={"storageGib": 20, "maxStorageGib": 21, "port": True},
        job={"meanSeconds": 70, "attempts": 0},
    )
    assert [sentence.split(":")[0] for sentence in found] == [
        "vpcCidr",
        "listenerPort",
        "platform",
        "logRetentionDays",
        "api",  # its size
        "api",  # its counts
        "database.port",
        "job",  # attempts
        "job",  # mean over p99
        "egres",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"egres": "nat"}, "egres: there is no such setting; did you mean egress?"),
        ({"api": {"theads": 2}}, "api.theads: there is no such setting; did you mean threads?"),
        ({"job": {"attemps": 2}}, "job.attemps: there is no such setting; did you mean attempts?"),
        ({"zzz": "1"}, "zzz: there is no such setting"),
        ({"region": "eu-central-1"}, "region: there is no such setting"),
        ({"listener_port": "80"}, "listener_port: there is no such setting; did you mean listenerPort?"),
        ({"listenerPort": "eighty"}, "listenerPort: should be a valid integer, unable to parse string as an integer"),
        ({"database": {"port": True}}, "database.port: must be a number, not true"),
        ({"job": {"attempts": True}}, "job.attempts: must be a number, not true"),
        ({"job": {"meanSeconds": float("nan")}}, "job.meanSeconds: should be a finite number, not nan"),
        ({"database": {"port": 80}}, "database.port: should be greater than or equal to 1150, not 80"),
        ({"logRetentionDays": 13}, "14 is the nearest"),
        ({"vpcCidr": "10.20.1.0/16"}, "vpcCidr: is no address range: 10.20.1.0/16 has host bits set"),
        ({"vpcCidr": "8.8.0.0/16"}, "vpcCidr: must be a private /16"),
        ({"worker": "large"}, "worker: must be a block of settings, not 'large'"),
        ({"job": "quick"}, "job: must be a block of settings, not 'quick'"),
        ({"api": {"minCount": 0}}, "api.minCount: should be greater than or equal to 1, not 0"),
        ({"worker": {"minCount": -1}}, "worker.minCount: should be greater than or equal to 0, not -1"),
        (
            {"worker": {"minCount": 0}},
            "worker.minCount 0 lets a first job wait for 240 s until a task is up, over job.latencyObjectiveSeconds 60",
        ),
        ({"worker": {"minCount": 3, "maxCount": 2}}, "worker: minCount 3 is over maxCount 2"),
        ({"api": {"cpu": 256, "memory": 1536}}, "memory 1536 does not go with cpu 256: Fargate has 512, 1024, 2048"),
        ({"api": {"cpu": 300}}, "api: cpu 300: Fargate has 256, 512"),
        ({"database": {"storageGib": 100, "maxStorageGib": 105}}, "maxStorageGib 105 must be storageGib 100"),
        ({"database": {"instanceClass": "t4g.micro"}}, "database.instanceClass: 't4g.micro' is not of the form"),
        ({"alarmEmail": "ops at example.com"}, "alarmEmail: 'ops at example.com' is not of the form"),
        ({"availabilityZones": ["eu-central-1a"]}, "availabilityZones: must be two or three different zones"),
        ({"availabilityZones": ["eu-central-1a", "eu-central-1a"]}, "must be two or three different zones"),
        (
            {"egress": "endpoints", "telemetry": {"otlpEndpoint": "https://collector.example"}},
            "telemetry.otlpEndpoint is out of reach with egress endpoints",
        ),
        ({"telemetry": {"otlpEndpoint": "http://collector.example:4318"}}, "telemetry.otlpEndpoint"),
        (
            {"egress": "endpoints", "images": {"api": f"ghcr.io/example/api@sha256:{'a' * 64}"}},
            "images.api is not in ECR of eu-central-1, all that egress endpoints leads to",
        ),
        ({"domain": {"name": "todos", "zoneId": "Z0123456789ABC"}}, "domain.name: must be a domain name of at most 64"),
        ({"domain": {"name": "*.example.com", "zoneId": "Z0123456789ABC"}}, "a wildcard belongs in alternativeNames"),
        ({"domain": {"name": "todos.example.com", "zoneId": "example.com"}}, "domain.zoneId: 'example.com' is not"),
        (
            {
                "domain": {
                    "name": "todos.example.com",
                    "zoneId": "Z0123456789ABC",
                    "alternativeNames": ["todos.example.com"],
                }
            },
            "domain: name and alternativeNames have todos.example.com more than once",
        ),
        ({"certificateArn": "arn:aws:iam::123456789012:server-certificate/x"}, "certificateArn: 'arn:aws:iam"),
        (
            {"certificateArn": ABROAD},
            "certificateArn is in us-east-1, and the load balancer in",
        ),
        ({"certificateArn": HERE, "domain": DOMAIN}, "certificateArn and domain: a domain gets its own certificate"),
        ({"domain": DOMAIN, "listenerPort": 8080}, "listenerPort 8080 and domain: with HTTPS the ports are 80 and 443"),
        ({"listenerPort": 443}, "listenerPort 443 needs certificateArn or domain"),
        ({"waf": {"requestsPerFiveMinutes": 5}}, "waf.requestsPerFiveMinutes: should be greater than or equal to 10"),
        ({"api": {"access": "login"}}, "api.access login needs oidc: it says with which provider people log in"),
        ({"api": {"access": "free"}}, "api.access: "),
        ({"api": {"rateBurst": 0}}, "api.rateBurst: should be greater than or equal to 1"),
        ({"accessLogs": {"days": 0}}, "accessLogs.days: should be greater than or equal to 1"),
        ({"flowLogs": {"retentionDays": 13}}, "flowLogs.retentionDays: CloudWatch Logs can't keep logs for 13 days"),
        ({"flowLogs": {"retentionDay": 14}}, "no such setting; did you mean retentionDays?"),
        ({"availabilityZones": ["us-east-1a", "eu-central-1b"]}, "us-east-1a: not in aws:region eu-central-1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_a_sentence_that_says_where_and_what(changes, sentence):
    (found,) = mistakes(**changes)
    assert sentence in found


def test_what_is_missing_is_told_by_the_name_that_it_is_written_under():
    with pytest.raises(Mistakes) as found:
        parse({})
    assert found.value.args == (
        "aws:region: is missing",
        "availabilityZones: is missing",
        "job: is missing",
    )


def test_the_value_of_a_secret_is_never_told():
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, "listenerPort": "hunter2"}, secret={"listenerPort"})
    assert found.value.args == ("listenerPort: is wrong; it is a secret, so that its value is not shown",)


def test_a_login_needs_https():
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, "oidc": OIDC, "api": {"access": "login"}}, secret={"oidc"})
    assert found.value.args == ("oidc needs certificateArn or domain: AWS lets people log in over HTTPS alone",)


@pytest.mark.parametrize("access", ["token", "open"])
def test_a_login_that_the_api_would_not_look_at_is_refused(access):
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, "domain": DOMAIN, "oidc": OIDC, "api": {"access": access}}, secret={"oidc"})
    assert found.value.args == (
        (
            f"oidc and api.access {access}: the load balancer lets people log in, and the API would not look at it; "
            "write api.access login, or leave oidc out"
        ),
    )


def test_a_login_needs_a_way_to_the_keys_that_it_is_signed_with():
    login = {"domain": DOMAIN, "oidc": OIDC, "api": {"access": "login"}}
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, **login, "egress": "endpoints"}, secret={"oidc"})
    assert found.value.args == (
        (
            "api.access login is out of reach with egress endpoints: the API fetches the load balancer's public keys "
            "from the internet"
        ),
    )


def test_an_api_is_closed_unless_its_configuration_says_otherwise():
    assert parse(GOOD).api.access == "token"


def test_a_secret_in_clear_is_told_beside_the_other_mistakes_of_its_block():
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, "domain": DOMAIN, "oidc": {**OIDC, "issuer": "http://login.example.com"}})
    assert [sentence.split(":")[0] for sentence in found.value.args] == ["oidc.issuer", "oidc.clientSecret"]
    assert "hunter2" not in str(found.value.args)


def test_a_secret_shows_in_no_print_of_the_settings():
    read = parse({**GOOD, "domain": DOMAIN, "oidc": OIDC, "api": {"access": "login"}}, secret={"oidc"})
    assert "hunter2" not in repr(read)


def test_a_misspelt_key_in_a_secret_block_is_told_like_any_other():
    with pytest.raises(Mistakes) as found:
        parse({**GOOD, "flowLogs": {"retentionDay": "hunter2"}}, secret={"flowLogs"})
    assert found.value.args == ("flowLogs.retentionDay: there is no such setting; did you mean retentionDays?",)


@given(st.sampled_from(sorted(FARGATE)).flatmap(lambda cpu: st.tuples(st.just(cpu), st.sampled_from(FARGATE[cpu]))))
def test_every_size_that_fargate_has_is_taken(size):
    cpu, memory = size
    assert parse({**GOOD, "worker": {"cpu": cpu, "memory": memory}}).worker.memory == memory


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["listenerPort", "api", "job", "availabilityZones", "vpcCidr", "protect", "database", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["cpu", "port", "attempts"]), inner),
            max_leaves=4,
        ),
    )
)
def test_any_configuration_is_either_taken_or_explained(changes):
    """Nothing else is raised, whatever the values."""
    with contextlib.suppress(Mistakes):
        parse({**GOOD, **changes})


def test_every_setting_is_described():
    def undescribed(model):
        for name, field in model.model_fields.items():
            if not field.description:
                yield f"{model.__name__}.{name}"
            if inspect.isclass(field.annotation) and hasattr(field.annotation, "model_fields"):
                yield from undescribed(field.annotation)

    assert list(undescribed(Settings)) == []


def test_a_broken_stack_is_refused_before_its_first_resource(run_program):
    with pytest.raises(pulumi.RunError, match=r"Pulumi\.dev\.yaml has 2 mistakes:") as found:
        run_program("dev", {"backlog:egres": "nat"}, without=["backlog:job"])
    assert "  - job: is missing\n  - egres: there is no such setting; did you mean egress?" in str(found.value)


def test_a_broken_secret_is_refused_without_being_told(run_program):
    with pytest.raises(pulumi.RunError) as found:
        run_program("dev", {"backlog:listenerPort": "hunter2"}, secret=["backlog:listenerPort"])
    assert "listenerPort: is wrong" in str(found.value)
    assert "hunter2" not in str(found.value)


def test_the_region_is_the_providers_own(run_program, monkeypatch):
    """As the provider has it: the stack's configuration, else AWS_REGION."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    stack = run_program("dev", {}, without=["aws:region"])
    assert stack.one("VpcEndpoint", "s3").inputs["serviceName"] == "com.amazonaws.us-east-1.s3"


def test_a_block_that_is_not_one_is_a_mistake_like_any_other(run_program):
    with pytest.raises(pulumi.RunError, match=r"job: must be a block of settings, not '\{meanSeconds'"):
        run_program("dev", {"backlog:job": "{meanSeconds"})


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        ({"instanceClass": "db.q9.large"}, "the memory of db.q9.large is not known (infra/database_class.py)"),
        ({"backupWindow": "08:10-08:40"}, "backupWindow 08:10-08:40 overlaps maintenanceWindow sun:08:00-sun:08:30"),
        ({"backupWindow": "03:00-03:29"}, "backupWindow 03:00-03:29 is 29 minutes long; RDS asks for 30 at least"),
        ({"maintenanceWindow": "mon:03:00-mon:03:00"}, "maintenanceWindow mon:03:00-mon:03:00 is 0 minutes long"),
        ({"backupWindow": "3am"}, "'3am' is not of the form"),
        ({"performanceInsightsDays": 31}, "performanceInsightsDays 31 needs performanceInsights true"),
        ({"performanceInsightsDays": 8}, "must be 7, 731 or a multiple of 31"),
        ({"iamAuth": True, "tls": False}, "iamAuth true needs tls true: a token is a password"),
        ({"monitoringSeconds": 20}, "must be one of 0, 1, 5, 10, 15, 30, 60, not 20"),
        (
            {"databaseInsights": "advanced", "performanceInsights": True},
            "databaseInsights advanced needs performanceInsights true and performanceInsightsDays 465 at least, not 7",
        ),
    ],
)
def test_what_rds_would_refuse_is_refused_before(database, sentence):
    (said,) = mistakes(database=database)
    assert sentence in said
    assert said.startswith("database")


def test_a_region_whose_authorities_the_images_lack_is_refused_unless_nobody_asks_for_them():
    region = {"aws:region": "il-central-1", "availabilityZones": ["il-central-1a", "il-central-1b"]}
    (said,) = mistakes(**region)
    assert "no certificate authority of RDS in aws:region il-central-1" in said
    assert parse({**GOOD, **region, "database": {"verifyCertificate": False}}).database.sslmode == "require"
