"""Changes in place that are outages all the same: what restarts, when, and how long nobody reaches it.

Sources: Amazon RDS User Guide, "Settings for DB instances" (what restarts, and what waits for the maintenance window);
ElastiCache, Amazon MQ, Amazon MSK and OpenSearch developer guides; Amazon EC2 User Guide, "Change the instance type".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.resources import Hidden
from infra.review.contract import number_of
from infra.review.differences import shown
from infra.review.finding import Finding, Verdict
from infra.review.preview import Change, Preview, State
from infra.review.serving import entries, goes_first, is_on, kind, moved, told

_LOOK, _DANGEROUS = Verdict.LOOK, Verdict.DANGEROUS
_Applies = Callable[[Any, Any], bool]


def _always(_old: Any, _new: Any) -> bool:
    return True


def _from_or_to(value: object) -> _Applies:
    """Such as backups off (0), or magnetic storage."""
    return lambda old, new: value in (old, new)


def _less(old: Any, new: Any) -> bool:
    return (number_of(new) or 0) < (number_of(old) or 0)


@dataclass(frozen=True)
class Setting:
    """A setting whose change is felt.

    Attributes:
        effect: what happens to those who use it; goes on after "at once: ".
        now: the verdict where it happens at once; in the maintenance window it is to be looked at.
        applies: to which values, before and after.
        irreversible: whether it can't be set back.
        spared: a switch that makes of the outage a failover of seconds.
    """

    path: str
    effect: str
    now: Verdict = _DANGEROUS
    applies: _Applies = _always
    irreversible: bool = False
    spared: Callable[[State], bool] = lambda _: False


_DOWN: Final = "it restarts, and nobody reaches it for minutes"
_UPGRADE: Final = "it is upgraded, and nobody reaches it for minutes; there is no way back to the older version"
_STOPPED: Final = "it is stopped and started: what runs on it is down for minutes"
_SWAPPED: Final = "a copy is changed and takes over: connections are cut for less than a minute"
_ROLLING: Final = "its nodes restart one after another: clients are cut off and have to connect again"


def _fails_over(state: State) -> bool:
    return is_on(state, "automaticFailoverEnabled")


def _swaps(state: State) -> bool:
    """Whether a copy is changed and then takes over. Source: RDS User Guide, "Blue/Green Deployments"."""
    return is_on(state, "blueGreenUpdate.enabled")


def _has_standby(state: State) -> bool:
    return state.raw("deploymentMode") not in (None, "SINGLE_INSTANCE")


_INSTANCE: Final = (
    Setting("instanceClass", f"{_DOWN} (one or two where a standby takes over)", spared=_swaps),
    Setting("engineVersion", _UPGRADE, irreversible=True, spared=_swaps),
    Setting("identifier", "its name and so its address change: who has the old one finds nobody"),
    Setting("port", f"{_DOWN}, and then only on the other port"),
    Setting("dbSubnetGroupName", "it moves to another network, and nobody reaches it meanwhile"),
    Setting("storageType", "its storage is moved: nobody reaches it meanwhile", applies=_from_or_to("standard")),
    Setting("storageType", "its storage is moved: it is slower for hours", _LOOK,
            applies=lambda old, new: "standard" not in (old, new)),
    Setting("multiAz", "its standby goes, and without one each failure is an outage", _LOOK,
            applies=lambda _, new: new in (False, None)),
    Setting("multiAz", "a standby is made, and it is slower meanwhile", _LOOK, applies=lambda _, new: new is True),
    Setting("backupRetentionPeriod", _DOWN, applies=_from_or_to(0)),
    Setting("caCertIdentifier", "it may restart, and clients that do not trust the new authority can't connect", _LOOK),
    Setting("iamDatabaseAuthenticationEnabled", "who logs in by an IAM token is refused", _LOOK,
            applies=lambda _, new: new in (False, None)),
    Setting("optionGroupName", "it may restart, as its options ask", _LOOK),
    Setting("networkType", "its addresses change", _LOOK),
    Setting("licenseModel", _DOWN, _LOOK),
    Setting("dedicatedLogVolume", _DOWN),
)  # fmt: skip
_CLUSTER: Final = (
    Setting("engineVersion", _UPGRADE, irreversible=True),
    Setting("port", f"{_DOWN}, and then only on the other port"),
    Setting("clusterIdentifier", "its name and so its address change: who has the old one finds nobody"),
)
_CLUSTER_INSTANCE: Final = (
    Setting("instanceClass", f"{_DOWN} (one or two where another instance takes over)"),
    Setting("engineVersion", _UPGRADE, irreversible=True),
)
#: By kind. Those that wait for the maintenance window unless `applyImmediately` is set.
WAITING: Final[Mapping[str, tuple[Setting, ...]]] = {
    "rds/instance": _INSTANCE,
    "rds/cluster": (
        *_CLUSTER,
        Setting("dbClusterInstanceClass", f"{_DOWN} (one or two where a standby takes over)"),
    ),
    "rds/clusterInstance": _CLUSTER_INSTANCE,
    "docdb/cluster": _CLUSTER,
    "docdb/clusterInstance": _CLUSTER_INSTANCE[:1],
    "neptune/cluster": _CLUSTER,
    "neptune/clusterInstance": _CLUSTER_INSTANCE,
    "elasticache/replicationGroup": (
        Setting("nodeType", _DOWN, spared=_fails_over),
        Setting("engineVersion", _DOWN, spared=_fails_over, irreversible=True),
        Setting("engine", _DOWN, spared=_fails_over, irreversible=True),
        Setting("automaticFailoverEnabled", "a node that fails is no longer taken over for", _LOOK,
                applies=lambda _, new: new in (False, None)),
        Setting("multiAzEnabled", "its nodes may be in one zone", _LOOK, applies=lambda _, new: new in (False, None)),
        Setting("transitEncryptionMode", "clients that don't speak TLS, or do, are refused", _LOOK),
        Setting("transitEncryptionEnabled", "clients that don't speak TLS, or do, are refused"),
        Setting("numCacheClusters", "nodes come or go", _LOOK,
                applies=_less),
        Setting("numNodeGroups", "its slots move between shards: it is slower meanwhile", _LOOK),
    ),
    "elasticache/cluster": (
        Setting("nodeType", f"{_DOWN}, and what it kept may be lost"),
        Setting("engineVersion", f"{_DOWN}, and what it kept may be lost", irreversible=True),
    ),
    "mq/broker": (
        Setting("hostInstanceType", _DOWN, spared=_has_standby),
        Setting("engineVersion", _UPGRADE, irreversible=True, spared=_has_standby),
        Setting("configuration", _DOWN, spared=_has_standby),
        Setting("logs", _DOWN, spared=_has_standby),
        Setting("authenticationStrategy", _DOWN, spared=_has_standby),
    ),
    "redshift/cluster": (
        Setting("nodeType", "it is resized: it can only be read, or not at all, for minutes to hours"),
        Setting("numberOfNodes", "it is resized: it can only be read, or not at all, for minutes", _LOOK),
        Setting("clusterIdentifier", "its name and so its address change: who has the old one finds nobody"),
        Setting("clusterVersion", _UPGRADE, irreversible=True),
    ),
}  # fmt: skip
#: By kind. Those that happen as soon as the update does.
AT_ONCE: Final[Mapping[str, tuple[Setting, ...]]] = {
    "ec2/instance": (
        Setting("instanceType", f"{_STOPPED}, and its public address may change"),
        Setting("userData", _STOPPED),
        Setting("userDataBase64", _STOPPED),
        Setting("ebsOptimized", _STOPPED),
    ),
    "msk/cluster": (
        Setting("brokerNodeGroupInfo.instanceType", _ROLLING, _LOOK),
        Setting("kafkaVersion", _ROLLING + "; there is no way back to the older version", _LOOK, irreversible=True),
        Setting("configurationInfo", _ROLLING, _LOOK),
        Setting("clientAuthentication", "clients that sign in as before may be refused", _LOOK),
        Setting("encryptionInfo.encryptionInTransit.clientBroker", "clients that don't speak TLS, or do, are refused"),
    ),
    "opensearch/domain": (
        Setting("clusterConfig.instanceType", "all its nodes are replaced by new ones: it is slower for hours", _LOOK),
        Setting("clusterConfig.instanceCount", "its nodes come or go: it is slower for hours", _LOOK),
        Setting("engineVersion", "it is upgraded; there is no way back to the older version", _LOOK, irreversible=True),
    ),
    "memorydb/cluster": (
        Setting("nodeType", _ROLLING, _LOOK),
        Setting("engineVersion", _ROLLING, _LOOK, irreversible=True),
    ),
    "cloudwatch/eventRule": (
        Setting("scheduleExpression", "what it starts is started at other times", _LOOK),
        Setting("eventPattern", "what it starts is started by other events", _LOOK),
    ),
    "ec2/mainRouteTableAssociation": (
        Setting("routeTableId", "subnets without a route table of their own go another way", _LOOK),
    ),
    "eks/cluster": (
        Setting("version", "its control plane is upgraded, and there is no way back", _LOOK,
                irreversible=True),
    ),
    "eks/nodeGroup": (
        Setting("version", "its nodes are replaced one after another: all pods move", _LOOK),
        Setting("releaseVersion", "its nodes are replaced one after another: all pods move", _LOOK),
        Setting("launchTemplate", "its nodes are replaced one after another: all pods move", _LOOK),
    ),
    "lambda/function": (
        Setting("runtime", "its code runs in another runtime from the next invocation", _LOOK),
        Setting("handler", "another function of its code is called from the next invocation", _LOOK),
        Setting("timeout", "invocations that take longer are cut off", _LOOK,
                applies=lambda old, new: (number_of(new) or 3) < (number_of(old) or 3)),
        Setting("memorySize", "it has less memory and processor", _LOOK,
                applies=lambda old, new: (number_of(new) or 128) < (number_of(old) or 128)),
        Setting("vpcConfig", "it reaches other networks than before", _LOOK),
        Setting("environment", "its code is given other variables from the next invocation", _LOOK),
        Setting("layers", "its code is given other layers from the next invocation", _LOOK),
        Setting("role", "it runs under another role from the next invocation", _LOOK),
    ),
    "autoscaling/group": (
        Setting("launchTemplate", "new instances are others; only an instance refresh replaces those that run", _LOOK),
        Setting("launchConfiguration", "new instances are other ones; those that run stay as they are", _LOOK),
        Setting("vpcZoneIdentifiers", "its instances move to other subnets", _LOOK),
    ),
    "cloudfront/distribution": (
        Setting("origins", "requests go to other origins than before", _LOOK),
        Setting("defaultCacheBehavior", "requests are answered otherwise than before", _LOOK),
        Setting("orderedCacheBehaviors", "requests are answered otherwise than before", _LOOK),
    ),
    "dynamodb/table": (
        Setting("readCapacity", "reads beyond that are refused", _LOOK, applies=_less),
        Setting("writeCapacity", "writes beyond that are refused", _LOOK, applies=_less),
    ),
}  # fmt: skip
_PARAMETERS: Final = (
    "rds/parameterGroup",
    "rds/clusterParameterGroup",
    "docdb/clusterParameterGroup",
    "neptune/parameterGroup",
    "neptune/clusterParameterGroup",
    "elasticache/parameterGroup",
    "redshift/parameterGroup",
    "memorydb/parameterGroup",
)
#: Parameters that only a restart changes, of the engines most used. Source: pg_settings, context `postmaster`; MySQL
#: Reference Manual, "Server System Variables", not dynamic.
_STATIC: Final = frozenset(
    {
        "autovacuum_freeze_max_age", "autovacuum_max_workers", "hot_standby", "huge_pages", "max_connections",
        "max_files_per_process", "max_locks_per_transaction", "max_logical_replication_workers",
        "max_prepared_transactions", "max_replication_slots", "max_wal_senders", "max_worker_processes",
        "rds.logical_replication", "shared_buffers", "shared_preload_libraries", "track_activity_query_size",
        "track_commit_timestamp", "wal_buffers", "wal_level",
        "innodb_buffer_pool_instances", "innodb_ft_min_token_size", "innodb_log_file_size", "innodb_page_size",
        "innodb_purge_threads", "innodb_read_io_threads", "innodb_write_io_threads", "log_bin",
        "lower_case_table_names", "performance_schema", "skip_name_resolve", "table_open_cache_instances",
    }
)  # fmt: skip
#: Of those, that MySQL changes while it runs.
_DYNAMIC_IN_MYSQL: Final = frozenset({"max_connections"})


def find(preview: Preview) -> Iterator[Finding]:
    """Each change in place that restarts something, and each that waits for a restart."""
    for change in preview.changed:
        if change.op == "replace" and kind(change.type) in _INSTANCES:
            yield from _one_of_a_cluster(preview, change)
        if change.op != "update":
            continue
        of_kind = kind(change.type)
        for setting in WAITING.get(of_kind, ()):
            yield from _waits(preview, change, setting)
        for setting in AT_ONCE.get(of_kind, ()):
            if both := _applies(change, setting):
                yield _said(preview, change, setting, both, "at once", setting.now)
        if of_kind in WAITING:
            yield from _group_of(preview, change)
        if of_kind in _PARAMETERS:
            yield from _parameters(preview, change)


_INSTANCES: Final = ("rds/clusterInstance", "docdb/clusterInstance", "neptune/clusterInstance")


def _one_of_a_cluster(preview: Preview, change: Change) -> Iterator[Finding]:
    """The data is the cluster's; an instance of it is replaced without loss."""
    if goes_first(change):
        sentence = "is deleted before its replacement is there: without another instance nobody reaches the cluster"
        yield told(preview, change, sentence, _DANGEROUS)
    else:
        yield told(preview, change, "is replaced: connections to it are cut, and it has another address", _LOOK)


def _applies(change: Change, setting: Setting) -> tuple[Any, Any] | None:
    both = moved(change, setting.path)
    if both is None or not setting.applies(*both) or (setting.irreversible and _runs_already(change, both[1])):
        return None
    return None if setting.path in _IDENTIFIERS and not _given(change, setting.path) else both


#: Names that Pulumi makes where the program gives none: one that it makes anew is no change of the program's.
_IDENTIFIERS: Final = ("identifier", "clusterIdentifier")


def _given(change: Change, path: str) -> bool:
    declared = change.after.declared if change.after else frozenset()
    return not declared or path in declared


def _runs_already(change: Change, version: Any) -> bool:
    """Whether what runs is of that version: `17` where 17.4 runs, or what was upgraded by AWS itself."""
    actual = change.before.outputs.get("engineVersionActual") if change.before else None
    return isinstance(actual, str) and isinstance(version, str) and f"{actual}.".startswith(f"{version}.")


def _waits(preview: Preview, change: Change, setting: Setting) -> Iterator[Finding]:
    both = _applies(change, setting)
    if both is None or change.after is None:
        return
    immediately = change.after.raw("applyImmediately")
    if isinstance(immediately, Hidden):
        yield _said(
            preview, change, setting, both, "at once or in the maintenance window, which is not known here", setting.now
        )
    elif immediately in (True, "true"):
        yield _said(preview, change, setting, both, "at once", setting.now)
    else:
        yield _said(preview, change, setting, both, _window(change), _LOOK)


def _said(
    preview: Preview, change: Change, setting: Setting, both: tuple[Any, Any], when: str, verdict: Verdict
) -> Finding:
    old, new = both
    effect = setting.effect
    if verdict is _DANGEROUS and change.after is not None and setting.spared(change.after):
        verdict, effect = _LOOK, _SWAPPED if setting.spared is _swaps else _ROLLING
    name = setting.path.rsplit(".", 1)[-1]
    values = "" if isinstance(old, dict | list) or isinstance(new, dict | list) else f" {shown(old)} -> {shown(new)}"
    return told(
        preview, change, f"changes its {name}{values} {when}: {effect}", verdict, irreversible=setting.irreversible
    )


def _window(change: Change) -> str:
    for state in (change.after, change.before):
        for value in (state.raw(path) if state else None for path in _WINDOWS):
            if isinstance(value, str):
                return f"in the next maintenance window ({value} UTC)"
    outputs = change.before.outputs if change.before else {}
    known = next((outputs[path] for path in _WINDOWS if isinstance(outputs.get(path), str)), "")
    return f"in the next maintenance window{f' ({known} UTC)' if known else ''}"


_WINDOWS: Final = ("maintenanceWindow", "preferredMaintenanceWindow")


def _group_of(preview: Preview, change: Change) -> Iterator[Finding]:
    for path in (
        "parameterGroupName",
        "dbClusterParameterGroupName",
        "dbParameterGroupName",
        "clusterParameterGroupName",
    ):
        if both := moved(change, path):
            sentence = (
                f"gets other parameters ({shown(both[0])} -> {shown(both[1])}): those that need a restart wait for one"
            )
            yield told(preview, change, sentence, _LOOK, ["restart it in a quiet hour: nothing here does"], names=False)


def _parameters(preview: Preview, change: Change) -> Iterator[Finding]:
    """Parameters, each with when it takes effect."""
    old, new = (_by_name(side) for side in (change.before, change.after))
    mysql = change.after is not None and any(name in str(change.after.raw("family")) for name in ("mysql", "mariadb"))
    waits, refused = list[str](), list[str]()
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, {}), new.get(name, {})
        if before.get("value") == after.get("value"):
            continue
        line = f"{name}: {shown(before.get('value'))} -> {shown(after.get('value'))}"
        method = (after or before).get("applyMethod")
        static = name in _STATIC and not (mysql and name in _DYNAMIC_IN_MYSQL)
        if method == "pending-reboot":
            waits.append(line)
        elif static and after and "rds" in kind(change.type):
            refused.append(line)
    users = [user.label for user in preview.dependents(change.urn) if kind(user.type) in WAITING]
    whom = ", ".join(users) or "what uses it"
    if refused:
        sentence = "changes at once what only a restart changes: AWS refuses that, and the update fails"
        yield told(preview, change, sentence, _LOOK, [*refused, 'give each apply_method "pending-reboot"'], names=False)
    if waits:
        sentence = (
            f"changes parameters that wait for a restart: {whom} runs with the old ones until somebody restarts it"
        )
        yield told(preview, change, sentence, _LOOK, waits, names=False)
    if not refused and not waits and moved(change, "parameters"):
        names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
        sentence = f"changes parameters of {whom} while it runs: {', '.join(names) or 'which ones is not known here'}"
        yield told(preview, change, sentence, _LOOK, names=False)


def _by_name(state: State | None) -> dict[str, Mapping[str, Any]]:
    found = entries(state.raw("parameters")) if state else []
    return {str(one["name"]): one for one in found if isinstance(one, Mapping) and "name" in one}
