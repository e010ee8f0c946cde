"""Ports by the names of what listens on them, and which of them are meant for strangers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LAST: Final = 65_535
#: Protocols that security groups tell apart; `other` is all the rest (GRE, ESP …), let in only by "every protocol".
PLANES: Final = ("tcp", "udp", "icmp", "other")

#: Source: IANA, Service Name and Transport Protocol Port Number Registry; and the manuals of those it does not list.
_NAMES: Final = {
    20: "FTP",
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    25: "SMTP",
    53: "DNS",
    80: "HTTP",
    110: "POP3",
    111: "rpcbind",
    123: "NTP",
    135: "Windows RPC",
    139: "NetBIOS",
    143: "IMAP",
    161: "SNMP",
    389: "LDAP",
    443: "HTTPS",
    445: "SMB",
    500: "IPsec",
    636: "LDAPS",
    873: "rsync",
    1194: "OpenVPN",
    1433: "SQL Server",
    1434: "SQL Server",
    1521: "Oracle",
    2049: "NFS",
    2181: "ZooKeeper",
    2375: "Docker, without a password",
    2376: "Docker",
    2379: "etcd",
    2380: "etcd",
    3000: "a development server or Grafana",
    3306: "MySQL",
    3389: "RDP, Windows remote desktop",
    4333: "mSQL",
    4500: "IPsec",
    5000: "a development server or a registry",
    5439: "Redshift",
    5432: "PostgreSQL",
    5555: "Flower",
    5601: "Kibana",
    5671: "RabbitMQ, AMQP over TLS",
    5672: "RabbitMQ, AMQP",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
    6379: "Redis or Valkey",
    6443: "the Kubernetes API",
    8080: "HTTP, another port",
    8162: "ActiveMQ's console",
    8182: "Neptune",
    8443: "HTTPS, another port",
    8888: "Jupyter",
    9042: "Cassandra",
    9090: "Prometheus",
    9092: "Kafka",
    9094: "Kafka over TLS",
    9096: "Kafka with SASL",
    9098: "Kafka with IAM",
    9200: "OpenSearch or Elasticsearch",
    9300: "OpenSearch or Elasticsearch",
    10250: "the kubelet",
    11211: "Memcached",
    15671: "RabbitMQ's console",
    15672: "RabbitMQ's console",
    27017: "MongoDB",
    51820: "WireGuard",
    61614: "ActiveMQ, STOMP",
    61616: "ActiveMQ",
    61617: "ActiveMQ over TLS",
}
#: What strangers are meant to reach: the web, and the doors of a virtual private network.
_FOR_STRANGERS: Final = {"tcp": {80, 443}, "udp": {443, 500, 1194, 4500, 51820}}
ADMINISTRATION: Final = (22, 3389, 5985, 5986)
#: Of the names, those that are of no harm where routing keeps the internet out anyway.
_HARMLESS_INSIDE: Final = {80, 443, 500, 1194, 4500, 51820, 8080, 8443, 3000, 5000}


@dataclass(frozen=True, order=True)
class Ports:
    """Ports of a protocol, both ends included; of ICMP and the rest there is no other choice than all."""

    protocol: str
    low: int = 0
    high: int = LAST

    def covers(self, other: "Ports") -> bool:
        """Whether all of the other's ports are among them."""
        return self.protocol == other.protocol and self.low <= other.low and other.high <= self.high

    def has(self, port: int) -> bool:
        """Whether a port of TCP is one of them."""
        return self.protocol == "tcp" and self.low <= port <= self.high


EVERYTHING: Final = tuple(Ports(plane) for plane in PLANES)


def for_strangers(ranges: Iterable[Ports]) -> bool:
    """Whether all of them are what is opened to the internet on purpose, or ICMP."""
    return all(
        one.protocol == "icmp"
        or (
            one.high - one.low < len(meant := _FOR_STRANGERS.get(one.protocol, set()))
            and set(range(one.low, one.high + 1)) <= meant
        )
        for one in ranges
    )


def for_administration(ranges: Iterable[Ports]) -> bool:
    """Whether all of them are what people come by, and programs do not: shells, remote desktops, echoes."""
    return all(one.protocol == "icmp" or (one.low == one.high and one.low in ADMINISTRATION) for one in ranges)


def sensitive(ranges: Iterable[Ports]) -> bool:
    """Whether a shell, a data store, a console or a broker listens on one of them as a rule."""
    return any(
        one.protocol == "other" or any(one.low <= port <= one.high for port in _SENSITIVE)
        for one in ranges
        if one.protocol != "icmp"
    )


_SENSITIVE: Final = tuple(sorted({*_NAMES} - _HARMLESS_INSIDE - {53, 123}))


def called(ranges: Iterable[Ports]) -> str:
    """As a person says them: `22 (SSH) and 443 (HTTPS)`, `every port and protocol`."""
    found = sorted(ranges)
    if {one.protocol for one in found if (one.low, one.high) == (0, LAST)} >= set(PLANES):
        return "every port and protocol"
    names = [_called(one) for one in found]
    if len(names) > _MOST:
        names = [*names[:_MOST], f"{len(names) - _MOST} more ranges"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "no port"


_MOST = 8


def _called(one: Ports) -> str:
    if one.protocol == "icmp":
        return "ICMP"
    if one.protocol == "other":
        return "the other protocols"
    if one.protocol not in PLANES:
        return f"protocol {one.protocol}"
    udp = "UDP " if one.protocol == "udp" else ""
    if (one.low, one.high) == (0, LAST):
        return f"every {one.protocol.upper()} port"
    if one.low == one.high:
        name = _NAMES.get(one.low) if one.protocol == "tcp" or one.low in _OF_UDP else None
        return f"{udp}{one.low}" + (f" ({name})" if name else "")
    among = [f"{port} {_NAMES[port]}" for port in _SENSITIVE if one.low <= port <= one.high and one.protocol == "tcp"]
    told = f" (among them {', '.join(among[:3])}{' …' if len(among) > 3 else ''})" if among else ""  # noqa: PLR2004
    return f"{udp}{one.low}-{one.high}{told}"


_OF_UDP = {53, 123, 161, 443, 500, 1194, 4500, 51820}
