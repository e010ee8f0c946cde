"""What RDS is before PostgreSQL: TLS by a certificate of its own authority, and logins by IAM's tokens.

Tokens are verified as AWS verifies a presigned request, and a client is then let through to a server that trusts it.
"""

import hashlib
import hmac
import select
import socket
import ssl
import struct
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST = 80_877_103
_TEXT_PASSWORD = struct.pack("!cII", b"R", 8, 3)


class RdsEndpoint:
    """Listens on loopback before the PostgreSQL at `upstream`; `authority` is the file of its CA.

    `now` is its clock, and `tokens` what it was shown.
    """

    def __init__(self, folder: Path, upstream: int, secret_key: str, region: str) -> None:
        self.authority, certificate = _certificates(folder)
        self.now = lambda: datetime.now(UTC)
        self.tokens: list[str] = []
        self._upstream, self._secret_key, self._region = upstream, secret_key, region
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more clients."""
        self._listener.close()

    def refusal(self, token: str, user: str) -> str | None:
        """What is wrong with a token. Source: IAM User Guide, "Signature Version 4", query parameters."""
        url = urlsplit(f"https://{token}")
        query = dict(parse_qsl(url.query))
        signature = query.pop("X-Amz-Signature", "")
        if url.netloc != f"127.0.0.1:{self.port}" or query.get("DBUser") != user or query.get("Action") != "connect":
            return "it is another database's, or another user's"
        made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if not made <= self.now() + timedelta(seconds=5) or self.now() > made + timedelta(minutes=15):
            return "it has expired"
        scope = query["X-Amz-Credential"].split("/", 1)[1]
        if scope != f"{made:%Y%m%d}/{self._region}/rds-db/aws4_request":
            return f"its scope is {scope}"
        fields = "&".join(f"{quote(key, safe='')}={quote(query[key], safe='')}" for key in sorted(query))
        nothing = hashlib.sha256(b"").hexdigest()
        canonical = f"GET\n/\n{fields}\nhost:{url.netloc}\n\nhost\n{nothing}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"
        key = f"AWS4{self._secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
        return None if hmac.compare_digest(expected, signature) else "its signature is wrong"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError, EOFError), plain:
            if struct.unpack("!II", _exactly(plain, 8)) != (8, _SSL_REQUEST):
                plain.sendall(_error("28000", "no pg_hba.conf entry, no encryption"))
                return
            plain.sendall(b"S")
            with self._tls.wrap_socket(plain, server_side=True) as client:
                self._let_through(client)

    def _let_through(self, client: ssl.SSLSocket) -> None:
        size = _exactly(client, 4)
        startup = size + _exactly(client, struct.unpack("!I", size)[0] - 4)
        parameters = startup[8:].rstrip(b"\0").split(b"\0")
        user = dict(zip(parameters[::2], parameters[1::2], strict=False))[b"user"].decode()
        client.sendall(_TEXT_PASSWORD)
        _, length = struct.unpack("!cI", _exactly(client, 5))
        token = _exactly(client, length - 4).rstrip(b"\0").decode()
        self.tokens.append(token)
        if self.refusal(token, user):
            client.sendall(_error("28000", f'PAM authentication failed for user "{user}"'))
            return
        with socket.create_connection(("127.0.0.1", self._upstream)) as server:
            server.sendall(startup)
            _relay(client, server)


def _relay(client: ssl.SSLSocket, server: socket.socket) -> None:
    while True:
        ready = [client] if client.pending() else select.select([client, server], [], [])[0]
        for side, other in ((client, server), (server, client)):
            if side in ready:
                data = side.recv(65_536)
                if not data:
                    return
                other.sendall(data)


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = source.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _error(state: str, sentence: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{state}\0M{sentence}\0\0".encode()
    return struct.pack("!cI", b"E", 4 + len(fields)) + fields


def _certificates(folder: Path) -> tuple[Path, Path]:
    """An authority's certificate, and the key and certificate of 127.0.0.1 that it signed."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority of {folder.name}")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "database")])

    def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        start = datetime.now(UTC) - timedelta(days=1)
        builder = x509.CertificateBuilder(
            issuer_name=authority,
            subject_name=subject,
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=start,
            not_valid_after=start + timedelta(days=2),
        ).add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    trusted, own = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(signed(authority, authority_key.public_key(), x509.BasicConstraints(ca=True, path_length=0)))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    own.write_bytes(private + signed(name, key.public_key(), host))
    return trusted, own
