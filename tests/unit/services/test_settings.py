"""What the services are told by their environment."""

import pytest

from backlog_api.settings import ApiSettings
from backlog_todos.settings import DatabaseSettings, SettingsError
from backlog_worker.settings import WorkerSettings
from infra.job_contract import JobContract

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
    assert ApiSettings.from_environment({**DATABASE, **QUEUE}).queue_url == QUEUE["QUEUE_URL"]
    with pytest.raises(SettingsError, match="QUEUE_URL is not set"):
        ApiSettings.from_environment(DATABASE)


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
