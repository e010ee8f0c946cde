"""Logging in by IAM's tokens, before an endpoint that verifies them as RDS does."""

import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from backlog_todos.database import connect
from backlog_todos.iam import tokens
from backlog_todos.settings import DatabaseSettings, SettingsError
from tests.integration.rds_endpoint import RdsEndpoint
from tests.servers import GUNICORN

MIGRATE = [sys.executable, "-m", "backlog_todos.migrate"]


@pytest.fixture
def endpoint(servers, environment, tmp_path):
    """RDS before the test's PostgreSQL, which trusts those whom RDS let through, and nobody else."""
    hba = servers.data / "pg_hba.conf"
    before = hba.read_text(encoding="utf-8")
    servers.run_sql("create role rds_iam")
    hba.write_text(f"host all +rds_iam 127.0.0.1/32 trust\n{before}", encoding="utf-8")
    servers.run_sql("select pg_reload_conf()")
    made = RdsEndpoint(
        tmp_path, int(environment["DATABASE_PORT"]), environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_REGION"]
    )
    yield made
    made.close()
    hba.write_text(before, encoding="utf-8")
    servers.run_sql("select pg_reload_conf()")
    servers.run_sql("drop role rds_iam")


@pytest.fixture
def by_token(endpoint, as_owner):
    """What a service is told: no password, and the endpoint; its role is made by the migration, past the endpoint."""
    role = f"iam_{uuid.uuid4().hex[:8]}"
    migrate = {**as_owner, "DATABASE_APP_AUTH": "iam", "DATABASE_APP_USER": role}
    migrate.pop("DATABASE_APP_PASSWORD")
    done = subprocess.run(MIGRATE, env=migrate, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told = {
        **as_owner,
        "DATABASE_AUTH": "iam",
        "DATABASE_USER": role,
        "DATABASE_PORT": str(endpoint.port),
        "DATABASE_SSLMODE": "verify-full",
        "DATABASE_SSLROOTCERT": str(endpoint.authority),
    }
    for key in ("DATABASE_PASSWORD", "DATABASE_APP_USER", "DATABASE_APP_PASSWORD"):
        del told[key]
    return told


@pytest.fixture
def engine(by_token):
    made = connect(DatabaseSettings.from_environment(by_token))
    yield made
    made.dispose()


def test_each_connection_has_a_token_of_its_own_and_needs_no_password(engine, by_token, endpoint):
    with engine.connect() as one, engine.connect() as two:
        users = {each.execute(text("select current_user")).scalar() for each in (one, two)}
    assert users == {by_token["DATABASE_USER"]}
    assert len(endpoint.tokens) == 2


def test_a_connection_after_a_token_expired_has_a_fresh_one(engine, by_token, endpoint, monkeypatch):
    with engine.connect() as open_since_then:
        later = timedelta(minutes=16)
        endpoint.now = lambda: datetime.now(UTC) + later
        monkeypatch.setattr("botocore.auth.get_current_datetime", endpoint.now)
        with engine.connect() as connection:
            assert connection.execute(text("select count(*) from todos")).scalar() == 0
        open_since_then.execute(text("select 1"))
    first, second = endpoint.tokens
    assert endpoint.refusal(first, by_token["DATABASE_USER"]) == "it has expired"
    assert endpoint.refusal(second, by_token["DATABASE_USER"]) is None


def test_a_token_is_good_for_one_user_of_one_database_and_by_its_signature_alone(by_token, endpoint, monkeypatch):
    settings = DatabaseSettings.from_environment(by_token)
    token = tokens(settings)()
    assert endpoint.refusal(token, settings.user) is None
    assert "another user" in endpoint.refusal(token, "backlog")
    assert "signature" in endpoint.refusal(token.replace("Expires=900", "Expires=90000"), settings.user)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert "signature" in endpoint.refusal(tokens(settings)(), settings.user)


def test_a_server_of_another_authority_is_shown_no_token(by_token, endpoint, tmp_path):
    (tmp_path / "other").mkdir()
    other = RdsEndpoint(tmp_path / "other", 1, "x", "us-east-1")
    engine = connect(DatabaseSettings.from_environment({**by_token, "DATABASE_SSLROOTCERT": str(other.authority)}))
    with pytest.raises(OperationalError, match="certificate verify failed"), engine.connect():
        pass
    assert endpoint.tokens == []
    other.close()


def test_the_migration_leaves_no_password_to_a_role_that_logs_in_by_token(by_token, sql):
    role = by_token["DATABASE_USER"]
    with sql() as session:
        query = text(
            "select rolpassword, pg_has_role(rolname, 'rds_iam', 'member') from pg_authid where rolname = :role"
        )
        assert session.execute(query, {"role": role}).one() == (None, True)


def test_an_api_serves_by_tokens_and_a_refused_one_is_a_503_and_not_the_end_of_it(start, by_token, free_port, endpoint):
    port = free_port()
    api = start(GUNICORN, "backlog_api.health", **by_token, DATABASE_PASSWORD="", PORT=str(port))

    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/todos", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert ask() == 200
    api.kill()
    endpoint.now = lambda: datetime.now(UTC) + timedelta(hours=1)
    api = start(GUNICORN, "backlog_api.health", **by_token, DATABASE_PASSWORD="", PORT=str(port))
    assert ask() == 503
    assert api.process.poll() is None
    endpoint.now = lambda: datetime.now(UTC)
    assert ask() == 200
    assert "X-Amz-Signature" not in api.said()


@pytest.mark.parametrize("sslmode", ["disable", "prefer"])
def test_a_token_is_never_sent_in_clear(by_token, sslmode):
    with pytest.raises(SettingsError, match="a token is a password"):
        DatabaseSettings.from_environment({**by_token, "DATABASE_SSLMODE": sslmode})


def test_the_endpoint_takes_nobody_without_tls(by_token):
    where = {"host": "127.0.0.1", "port": by_token["DATABASE_PORT"], "dbname": by_token["DATABASE_NAME"]}
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**where, user=by_token["DATABASE_USER"], sslmode="disable")
