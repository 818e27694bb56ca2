"""Certificates of an authority that nobody else knows, and a front that speaks TLS for a server that does not."""

import ipaddress
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from zotops.lab.proxy import Handler, Proxy

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Certified:
    """The file to trust, which a client finds by SSL_CERT_FILE, and what a server on loopback shows."""

    authority: Path
    certificate: Path
    key: Path


def certified(folder: Path, *, ends: datetime | None = None) -> Certified:
    """Make both in this folder; without `ends` they hold for forty days."""
    ends = ends or datetime.now(UTC) + timedelta(days=40)
    begun = ends - timedelta(days=200)
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("practice authority"), _name("practice registry")

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, extension: x509.ExtensionType) -> bytes:
        made = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), begun, ends)
        made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    names = [
        x509.DNSName("localhost"),
        x509.DNSName("registry.invalid"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    found = Certified(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    found.authority.write_bytes(signed(issuer, root, extension=x509.BasicConstraints(ca=True, path_length=None)))
    found.certificate.write_bytes(signed(subject, leaf, extension=x509.SubjectAlternativeName(names)))
    kind, closed = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    found.key.write_bytes(leaf.private_bytes(serialization.Encoding.PEM, kind, closed))
    return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@contextmanager
def tls_front(behind: int, shown: Certified) -> Iterator[int]:
    """Pass what is asked over TLS on to a port on loopback, as a reverse proxy does; yields the port to ask."""
    words = [sys.executable, "-m", "tests.tls", str(behind), str(shown.certificate), str(shown.key)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as front:
        assert front.stdout
        try:
            yield int(front.stdout.readline())
        finally:
            front.kill()


class Relay(Handler):
    """Says what it was asked over, as a reverse proxy does."""

    def parse_request(self) -> bool:
        """The provider's addresses begin as the one that it was asked at."""
        read = super().parse_request()
        if read:
            self.headers["X-Forwarded-Proto"] = "https"
        return read


class Front(Proxy):
    """The practice world's proxy without a bad habit, over TLS."""

    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In its own thread: a handshake takes as long as the other side wants."""
        with suppress(OSError), self.context.wrap_socket(request, server_side=True) as spoken:
            super().finish_request(spoken, client_address)


def main() -> None:
    """Be the front until a signal ends it."""
    behind, certificate, key = sys.argv[1:]
    Relay.behind = int(behind)
    Front.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Front.context.load_cert_chain(certificate, key)
    front = Front(("127.0.0.1", 0), Relay)
    sys.stdout.write(f"{front.server_port}\n")
    sys.stdout.flush()
    front.serve_forever()


if __name__ == "__main__":
    main()
