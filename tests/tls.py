"""Certificates of an authority that nobody else knows, and a front that speaks TLS for a server that does not."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAYS = 40
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Certified:
    """The file to trust, which a client finds by SSL_CERT_FILE, and what a server on loopback shows."""

    authority: Path
    certificate: Path
    key: Path


def certified(folder: Path, *, days: int = DAYS) -> Certified:
    """Make both in this folder; the certificate ends so many days from now, and an hour."""
    begun = dt.datetime.now(dt.UTC) - dt.timedelta(days=100)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=days, hours=1)
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name("practice authority"), _name("practice registry")

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, extension: x509.ExtensionType) -> bytes:
        made = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), begun, ends)
        made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
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
    """Pass all bytes on to a port on loopback, decrypted, and back; yields the port to speak TLS to."""
    words = [sys.executable, "-m", "tests.tls", str(behind), str(shown.certificate), str(shown.key)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as front:
        assert front.stdout
        try:
            yield int(front.stdout.readline())
        finally:
            front.kill()


async def _front(behind: str, certificate: str, key: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", int(behind))
        await asyncio.gather(_pass_on(reader, to_server), _pass_on(from_server, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=128)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(_front(*sys.argv[1:]))
