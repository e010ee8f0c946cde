"""The database: what keeps its data, and its password, where they belong."""

import pytest


def test_the_master_password_is_rds_own(stack):
    instance = stack.one("Instance", "database").inputs
    assert instance["manageMasterUserPassword"] is True
    assert "password" not in instance


def test_it_is_encrypted_private_and_in_the_private_subnets(stack):
    instance = stack.one("Instance", "database").inputs
    assert (instance["storageEncrypted"], instance["publiclyAccessible"]) == (True, False)
    assert stack.one("SubnetGroup", "database").inputs["subnetIds"] == ["private-a-id", "private-b-id"]
    assert instance["vpcSecurityGroupIds"] == ["database-id"]


@pytest.mark.parametrize(("name", "forced", "sslmode"), [("dev", "1", "require"), ("local", "0", "disable")])
def test_clients_ask_for_what_the_server_demands(declare, name, forced, sslmode):
    stack = declare(name)
    (parameter,) = stack.one("ParameterGroup", "database").inputs["parameters"]
    assert (parameter["name"], parameter["value"]) == ("rds.force_ssl", forced)
    told = {entry["name"]: entry["value"] for entry in stack.containers("worker")["worker"]["environment"]}
    assert told["DATABASE_SSLMODE"] == sslmode


def test_the_parameter_group_is_of_the_engines_major_version(declare):
    for version, family in (("18", "postgres18"), ("17.4", "postgres17")):
        stack = declare("dev", database={"engineVersion": version})
        assert stack.one("ParameterGroup", "database").inputs["family"] == family


def test_what_is_protected_cannot_be_deleted_and_leaves_a_snapshot(declare):
    database = declare("prod").one("Instance", "database")
    assert database.protect
    assert database.inputs["deletionProtection"] is True
    assert database.inputs["skipFinalSnapshot"] is False
    assert database.inputs["finalSnapshotIdentifier"] == "database-0123456-final"


def test_what_is_not_protected_goes_without_a_trace(declare):
    database = declare("dev").one("Instance", "database")
    assert not database.protect
    assert database.inputs["deletionProtection"] is False
    assert database.inputs["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in database.inputs


def test_production_has_a_standby_and_two_weeks_of_backups(declare):
    database = declare("prod").one("Instance", "database").inputs
    assert (database["multiAz"], database["backupRetentionPeriod"]) == (True, 14)


def test_a_mistaken_destroy_of_production_is_refused_before_anything_is_down(declare):
    """What stands outermost is deleted first, so that it is what must refuse."""
    kept = {(r.type.rsplit(":", 1)[-1], r.name) for r in declare("prod").resources if r.protect}
    assert {
        ("Policy", "api-cpu"),
        ("Policy", "worker-backlog"),
        ("Target", "api"),
        ("Target", "worker"),
        ("Service", "api"),
        ("Service", "worker"),
        ("LoadBalancer", "api"),
        ("Instance", "database"),
        ("Queue", "jobs"),
        ("Queue", "jobs-dead-letters"),
        ("Repository", "api"),
        ("Repository", "worker"),
    } == kept
    assert not any(resource.protect for resource in declare("dev").resources)
