"""The database: what keeps its data, and its password, where they belong."""

import json
import re

import pytest

#: Days that a deleted secret can be had back.
DAYS = {"dev": 0, "prod": 30}


def revealed(stack):
    return stack.one("SecretVersion", "database-app").inputs["secretString"]["value"]


def test_the_master_password_is_rds_own(stack):
    instance = stack.one("Instance", "database").inputs
    assert instance["manageMasterUserPassword"] is True
    assert "password" not in instance


def test_the_services_password_is_random_and_in_clear_nowhere(stack):
    version = stack.one("SecretVersion", "database-app")
    assert ":secret:database-app-" in version.inputs["secretId"]
    assert "secretString" in version.secrets
    assert "secretString" in version.ignore_changes


def test_the_services_password_is_another_one_for_each_stack(run_program):
    logins = [json.loads(revealed(run_program("dev", {}))) for _ in range(2)]
    assert {login["username"] for login in logins} == {"backlog_app"}
    assert logins[0]["password"] != logins[1]["password"]
    assert all(len(login["password"]) >= 32 for login in logins)


def test_the_services_secret_can_be_had_back_where_it_is_protected(declare):
    recovery = {name: declare(name).one("Secret", "database-app").inputs["recoveryWindowInDays"] for name in DAYS}
    assert recovery == DAYS


def test_it_is_encrypted_private_and_in_the_private_subnets(stack):
    instance = stack.one("Instance", "database").inputs
    assert (instance["storageEncrypted"], instance["publiclyAccessible"]) == (True, False)
    assert stack.one("SubnetGroup", "database").inputs["subnetIds"] == ["private-a-id", "private-b-id"]
    assert instance["vpcSecurityGroupIds"] == ["database-id"]


@pytest.mark.parametrize(
    ("name", "verify", "forced", "sslmode"),
    [("dev", True, "1", "verify-full"), ("dev", False, "1", "require"), ("local", True, "0", "disable")],
)
def test_clients_ask_for_what_the_server_demands(declare, name, verify, forced, sslmode):
    stack = declare(name, database={"verifyCertificate": verify})
    (parameter,) = stack.one("ParameterGroup", "database").inputs["parameters"]
    assert (parameter["name"], parameter["value"]) == ("rds.force_ssl", forced)
    told = {entry["name"]: entry["value"] for entry in stack.containers("worker")["worker"]["environment"]}
    assert told["DATABASE_SSLMODE"] == sslmode


def test_the_parameter_group_is_of_the_engines_major_version(declare):
    for version, family in (("18", "postgres18"), ("17.4", "postgres17")):
        stack = declare("dev", database={"engineVersion": version})
        assert stack.one("ParameterGroup", "database").inputs["family"] == family


def test_what_is_protected_cannot_be_deleted_and_its_changes_wait(declare):
    database = declare("prod").one("Instance", "database")
    assert database.protect
    assert (database.inputs["deletionProtection"], database.inputs["applyImmediately"]) == (True, False)
    database = declare("dev").one("Instance", "database")
    assert not database.protect
    assert (database.inputs["deletionProtection"], database.inputs["applyImmediately"]) == (False, True)


@pytest.mark.parametrize("protect", [True, False])
def test_a_final_snapshot_is_left_even_when_protection_was_lifted_for_the_destroy(declare, protect):
    instance = declare("prod", protect=protect).one("Instance", "database").inputs
    assert instance["skipFinalSnapshot"] is False
    assert instance["finalSnapshotIdentifier"] == "database-0123456-final"


def test_a_database_that_another_key_replaces_leaves_a_snapshot_of_its_own(declare):
    names = {
        declare("prod", database={"kmsKeyArn": f"arn:aws:kms:us-east-1:210987654321:key/{key}" if key else None})
        .one("Instance", "database")
        .inputs["finalSnapshotIdentifier"]
        for key in (None, "one", "two")
    }
    assert len(names) == 3
    assert all(re.fullmatch(r"database-0123456-final(-[0-9a-f]{8})?", name) for name in names)


def test_dev_goes_without_a_trace(declare):
    stack = declare("dev")
    instance = stack.one("Instance", "database").inputs
    assert instance["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in instance
    groups = {group.inputs.get("name") for group in stack.all("LogGroup")}
    exported = {
        f"/aws/rds/instance/{instance['identifier']}/{kind}" for kind in instance["enabledCloudwatchLogsExports"]
    }
    assert exported <= groups, "RDS would make them itself, and leave them"


def test_the_logs_groups_are_there_before_rds_would_make_them_and_are_kept_as_long_as_others(stack, configured):
    instance = stack.one("Instance", "database")
    for kind in ("postgresql", "upgrade"):
        group = stack.one("LogGroup", f"database-{kind}")
        assert group.urn in instance.dependencies
        assert group.inputs["retentionInDays"] == configured.log_retention_days


def test_enhanced_monitoring_brings_its_role_and_the_policy_that_rds_demands_first(declare):
    stack = declare("dev", database={"monitoringSeconds": 30})
    instance, attachment = stack.one("Instance", "database"), stack.one("RolePolicyAttachment", "database-monitoring")
    role = stack.one("Role", "database-monitoring")
    assert instance.inputs["monitoringInterval"] == 30
    assert instance.inputs["monitoringRoleArn"] == f"arn:aws:iam:us-east-1:210987654321:Role/{role.name}-0123456"
    assert attachment.urn in instance.dependencies
    assert attachment.inputs["policyArn"] == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["aws:SourceArn"].endswith(":db:database-0123456")


def test_without_it_there_is_no_such_role(dev):
    assert dev.one("Instance", "database").inputs["monitoringInterval"] == 0
    assert not [role for role in dev.all("Role") if "monitoring" in role.name]


def test_one_key_encrypts_everything_and_ecs_may_use_it_for_secrets_alone(declare):
    key = "arn:aws:kms:us-east-1:210987654321:key/0a1b2c"
    stack = declare("dev", database={"kmsKeyArn": key, "performanceInsights": True})
    instance = stack.one("Instance", "database").inputs
    assert {instance[name] for name in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId")} == {key}
    assert stack.one("Secret", "database-app").inputs["kmsKeyId"] == key
    for service in ("api", "worker"):
        (statement,) = [
            statement
            for statement in stack.json("RolePolicy", f"{service}-execution", "policy")["Statement"]
            if statement["Action"] == "kms:Decrypt"
        ]
        assert statement["Resource"] == key
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}


def test_production_has_a_standby_and_two_weeks_of_backups(declare):
    database = declare("prod").one("Instance", "database").inputs
    assert (database["multiAz"], database["backupRetentionPeriod"]) == (True, 14)


def test_a_mistaken_destroy_of_production_is_refused_before_anything_is_down(declare):
    """What stands outermost is deleted first, so that it is what must refuse."""
    kept = {(r.type.rsplit(":", 1)[-1], r.name) for r in declare("prod").resources if r.protect}
    assert {
        ("Policy", "api-load"),
        ("Policy", "worker-backlog"),
        ("Target", "api"),
        ("Target", "worker"),
        ("Service", "api"),
        ("Service", "worker"),
        ("LoadBalancer", "api"),
        ("Instance", "database"),
        ("Bucket", "api-access-logs"),
        ("Queue", "jobs"),
        ("Queue", "jobs-dead-letters"),
        ("Repository", "api"),
        ("Repository", "worker"),
    } == kept
    assert not any(resource.protect for resource in declare("dev").resources)


def test_storage_that_may_not_grow_has_no_threshold(declare):
    """CreateDBInstance takes no MaxAllocatedStorage that is not over AllocatedStorage."""
    assert (
        "maxAllocatedStorage" not in declare("dev", database={"maxStorageGib": 20}).one("Instance", "database").inputs
    )
    assert declare("dev").one("Instance", "database").inputs["maxAllocatedStorage"] == 100


def test_by_iam_there_is_no_password_and_each_service_may_connect_as_one_user(declare):
    stack = declare("dev", database={"iamAuth": True})
    instance = stack.one("Instance", "database").inputs
    assert instance["iamDatabaseAuthenticationEnabled"] is True
    assert "iam-db-auth-error" in instance["enabledCloudwatchLogsExports"]
    assert stack.all("SecretVersion") == []
    user = "arn:aws:rds-db:us-east-1:210987654321:dbuser:db-RESOURCE/backlog_iam"
    for service in ("api", "worker"):
        migrate, main = (stack.containers(service)[name] for name in ("migrate", service))
        assert main["secrets"] == []
        told = {entry["name"]: entry["value"] for entry in main["environment"]}
        assert (told["DATABASE_AUTH"], told["DATABASE_USER"]) == ("iam", "backlog_iam")
        told = {entry["name"]: entry["value"] for entry in migrate["environment"]}
        assert (told["DATABASE_APP_AUTH"], told["DATABASE_APP_USER"]) == ("iam", "backlog_iam")
        assert {entry["name"] for entry in migrate["secrets"]} == {"DATABASE_USER", "DATABASE_PASSWORD"}
        statements = stack.json("RolePolicy", f"{service}-task", "policy")["Statement"]
        assert {"Effect": "Allow", "Action": "rds-db:connect", "Resource": user} in statements


def test_by_password_nobody_may_connect_by_token(dev):
    assert dev.one("Instance", "database").inputs["iamDatabaseAuthenticationEnabled"] is False
    assert not [policy for policy in dev.all("RolePolicy") if "rds-db" in policy.inputs["policy"]]
