"""What the services are told by their environment."""

import re
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509

from backlog_api.settings import ApiSettings
from backlog_todos.broker import Patience, RabbitMq, Sqs, Valkey
from backlog_todos.settings import DatabaseSettings, SettingsError
from backlog_worker.settings import WorkerSettings
from infra.job_contract import JobContract
from infra.rds_authorities import REGIONS

DATABASE = {
    "DATABASE_HOST": "db",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "backlog",
    "DATABASE_USER": "backlog",
    "DATABASE_PASSWORD": "geheim",
    "DATABASE_SSLMODE": "require",
}
QUEUE = {"QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/jobs", "AWS_REGION": "us-east-1"}
CONTRACT = JobContract(
    mean_seconds=1, p99_seconds=5, hard_limit_seconds=60, jobs_at_once=2, latency_objective_seconds=60, attempts=3
)


def test_every_missing_variable_is_named_at_once():
    with pytest.raises(SettingsError) as error:
        DatabaseSettings.from_environment({})
    assert all(name in str(error.value) for name in DATABASE)


def test_a_malformed_variable_says_what_it_must_be():
    with pytest.raises(SettingsError) as error:
        DatabaseSettings.from_environment({**DATABASE, "DATABASE_PORT": "many", "DATABASE_SSLMODE": "maybe"})
    assert "DATABASE_PORT must be a whole number, not 'many'" in str(error.value)
    assert "DATABASE_SSLMODE must be one of" in str(error.value)


def test_the_password_is_shown_nowhere():
    settings = DatabaseSettings.from_environment(DATABASE)
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings.url)


def test_a_password_with_any_character_reaches_the_database():
    password = "p@ss/w:rd%?#&"
    settings = DatabaseSettings.from_environment({**DATABASE, "DATABASE_PASSWORD": password})
    assert settings.url.password == password


def test_the_api_is_told_the_queue():
    assert ApiSettings.from_environment({**DATABASE, **QUEUE}).broker == Sqs(QUEUE["QUEUE_URL"], QUEUE["AWS_REGION"])
    with pytest.raises(SettingsError, match="QUEUE_URL is not set"):
        ApiSettings.from_environment(DATABASE)


ADDRESS = {"BROKER_HOST": "broker", "BROKER_PORT": "5671", "BROKER_USER": "backlog", "BROKER_PASSWORD": "geheim/@:"}


@pytest.mark.parametrize(
    ("kind", "broker"),
    [
        ({"BROKER": "rabbitmq", "BROKER_ATTEMPTS": "3"}, RabbitMq("broker", 5671, "backlog", 3, "geheim/@:")),
        ({"BROKER": "valkey"}, Valkey("broker", 5671, "backlog", "geheim/@:")),
    ],
)
def test_another_broker_is_told_by_its_address_and_shows_its_password_nowhere(kind, broker):
    found = ApiSettings.from_environment({**DATABASE, **ADDRESS, **kind}).broker
    assert found == broker
    assert "geheim" not in repr(found)
    assert "geheim%2F%40%3A@broker:5671" in found.celery(Patience(1, 1, 1))["broker_url"]


def test_a_broker_that_nobody_knows_and_an_address_that_is_not_told_are_mistakes():
    with pytest.raises(SettingsError, match="BROKER must be one of sqs, rabbitmq, valkey, not 'kafka'"):
        ApiSettings.from_environment({**DATABASE, **QUEUE, "BROKER": "kafka"})
    with pytest.raises(SettingsError) as error:
        ApiSettings.from_environment({**DATABASE, "BROKER": "rabbitmq"})
    assert all(name in str(error.value) for name in (*ADDRESS, "BROKER_ATTEMPTS"))


def test_the_worker_reads_what_the_job_contract_writes():
    settings = WorkerSettings.from_environment({**DATABASE, **QUEUE, **CONTRACT.environment()})
    assert (settings.time_limit, settings.visibility_timeout, settings.attempts, settings.concurrency) == (
        CONTRACT.hard_limit_seconds,
        CONTRACT.visibility_timeout_seconds,
        CONTRACT.max_receive_count,
        CONTRACT.jobs_at_once,
    )


def test_a_worker_without_its_contract_does_not_start():
    with pytest.raises(SettingsError, match="JOB_TIME_LIMIT_SECONDS is not set"):
        WorkerSettings.from_environment({**DATABASE, **QUEUE})


def test_certificates_are_verified_by_rds_s_authorities_unless_others_are_named():
    verified = {**DATABASE, "DATABASE_SSLMODE": "verify-full"}
    bundle = DatabaseSettings.from_environment(verified).url.query["sslrootcert"]
    assert Path(bundle).name == "rds-ca.pem"
    other = DatabaseSettings.from_environment({**verified, "DATABASE_SSLROOTCERT": "/other.pem"})
    assert other.url.query == {"sslmode": "verify-full", "sslrootcert": "/other.pem"}
    assert DatabaseSettings.from_environment(DATABASE).url.query == {"sslmode": "require"}


def test_the_authorities_are_those_of_the_regions_that_the_program_takes_and_sign_themselves():
    """Three for each region, long valid; what is in the file beside them nobody would have looked at."""
    bundle = Path(DatabaseSettings.from_environment(DATABASE).authorities).read_bytes()
    certificates = x509.load_pem_x509_certificates(bundle)
    names = Counter()
    for certificate in certificates:
        certificate.verify_directly_issued_by(certificate)
        assert certificate.not_valid_after_utc.year > 2050
        (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        names[re.fullmatch(r"Amazon RDS ([a-z0-9-]+) Root CA (RSA2048|RSA4096|ECC384) G1", name.value)[1]] += 1
    assert names == dict.fromkeys(REGIONS, 3)
    assert bundle.count(b"BEGIN") == len(certificates)


def test_by_iam_there_is_no_password_to_tell():
    told = {**DATABASE, "DATABASE_AUTH": "iam", "AWS_REGION": "eu-central-1"}
    del told["DATABASE_PASSWORD"]
    settings = DatabaseSettings.from_environment(told)
    assert (settings.password, settings.region) == (None, "eu-central-1")
    with pytest.raises(SettingsError) as error:
        DatabaseSettings.from_environment({**told, "AWS_REGION": "", "DATABASE_SSLMODE": "prefer"})
    assert "AWS_REGION is not set" in str(error.value)
    assert "DATABASE_AUTH iam needs DATABASE_SSLMODE require or verify-ca or verify-full" in str(error.value)
