"""TLS on one machine: an authority of the stack's own, and a certificate of it for loopback.

Servers get the certificate; tasks trust the authority beside all others, by SSL_CERT_FILE, as they trust Amazon's on
AWS. So clients verify names here as there, and nothing knows which it is.
"""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.folder import StackFolder

HOST = "127.0.0.1"
_DAYS = 3_650


@dataclass(frozen=True)
class Certificates:
    """Where they are in the stack's folder; made at first use."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.folder / "authority.pem"

    @property
    def certificate(self) -> Path:
        """The servers' certificate, for 127.0.0.1 and localhost."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """Its key, which only its owner reads."""
        return self.folder / "server.key"

    @property
    def trusted(self) -> Path:
        """What tasks trust: this authority, and those that the machine trusts."""
        return self.folder / "trusted.pem"

    def environment(self) -> dict[str, str]:
        """What tasks are given, once there are certificates."""
        return {"SSL_CERT_FILE": str(self.trusted)} if self.trusted.is_file() else {}

    def make(self) -> None:
        """Make them, unless they are there."""
        if self.trusted.is_file():
            return
        self.folder.mkdir(exist_ok=True, mode=0o700)
        authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = _named("Backlog on this machine")
        authority = (
            _builder(name, name, authority_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(authority_key, hashes.SHA256())
        )
        addresses = [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]
        certificate = (
            _builder(_named(HOST), name, key.public_key())
            .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        self.key.touch(mode=0o600)
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        machines = ssl.get_default_verify_paths().cafile
        others = Path(machines).read_bytes() if machines else b""
        self.trusted.write_bytes(others + b"\n" + self.authority.read_bytes())


def certificates(folder: StackFolder) -> Certificates:
    """Those of a stack."""
    return Certificates(folder.root / "tls")


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DAYS))
    )
