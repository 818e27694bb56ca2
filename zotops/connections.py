"""HTTP over a few connections, each of which stays with its server: no redirects, no cookies, no credentials."""

from __future__ import annotations

import logging
import re
import ssl
import sys
import time
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from zotops.no_answer import CutOff
from zotops.world import Headers, Reply

if TYPE_CHECKING:
    import httpx

CONNECTIONS = 32
LARGEST_BODY = 8 * 1024 * 1024
# An IPv6 address or a range in no_proxy: of neither the client makes a pattern of addresses.
NO_NAME = re.compile(r":.*:|/")


class Connections:
    """Clients of one connection each: a client of many looks through all of them at each request (measured).

    Of those that wait for a next request, and those under way, there are no more than 32; one that broke or whose
    answer never ends is not used again.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Of the environment only `https_proxy` and `no_proxy` count, and, for OpenSSL, `SSL_CERT_FILE`."""
        self._environment = environment
        self._lock = Lock()
        self._idle: list[tuple[str, httpx.Client]] = []  # with their servers; who was used last stands last
        self._busy = 0
        self._closed = False

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, body: bytes, timeout: float
    ) -> Reply:
        """Send one request and read its whole answer; raises whatever the client does, and CutOff.

        `timeout`, in seconds, counts for each part of it: a server that trickles takes longer.
        """
        server = "/".join(url.split("/", 3)[:3])
        client = self._taken(server)
        try:
            request = client.build_request(method, url, headers=headers, content=body or None, timeout=timeout)
            reply = _reply(client, request, url=url, within=timeout)
        except BaseException:
            with self._lock:
                self._busy -= 1
            client.close()
            raise
        with self._lock:
            self._busy -= 1
            # Nobody waits any more for an answer that comes after the end, and nobody would close its connection.
            over = self._closed
            if not over:
                self._idle.append((server, client))
        if over:
            client.close()
        return reply

    def close(self) -> None:
        """Close all that are not under way, and those that are as soon as they are not."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, client in idle:
            client.close()

    def _taken(self, server: str) -> httpx.Client:
        """One that is connected there already, else a new one, for which the one that waited longest may have to go."""
        with self._lock:
            self._busy += 1
            known = next((place for place in reversed(self._idle) if place[0] == server), None)
            if known:
                self._idle.remove(known)
                return known[1]
            over = self._idle.pop(0) if self._idle and self._busy + len(self._idle) > CONNECTIONS else None
        if over:
            over[1].close()
        try:
            return self._client(secure=server.lower().startswith("https://"))
        except BaseException:
            with self._lock:
                self._busy -= 1
            raise

    def _client(self, *, secure: bool) -> httpx.Client:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # they log headers, and so keys
        return httpx.Client(
            # Over plain http nobody is trusted: reading the system's authorities costs more than a request.
            verify=self._trust() if secure else self._nobody,
            trust_env=False,  # else .netrc would add credentials, and proxies for plain http would count
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": "zotops", "Accept-Encoding": "identity"},
            mounts=self._mounts() if secure else {},
        )

    def _trust(self) -> ssl.SSLContext:
        """What this system trusts: one context for all where OpenSSL finds that, else one for each connection.

        Truststore's (macOS keeps its authorities in a keychain) does one handshake at a time, and reads them each time.
        """
        if self._of_openssl:
            return self._of_openssl

        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    @cached_property
    def _nobody(self) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    @cached_property
    def _of_openssl(self) -> ssl.SSLContext | None:
        places = ssl.get_default_verify_paths()
        # In its folder it looks only for names of this form.
        found = places.cafile or any(Path(places.capath or "/nonexistent").glob("[0-9a-f]*.0"))
        if sys.platform != "linux" or not found:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        return context

    def _mounts(self) -> Mapping[str, httpx.BaseTransport | None]:
        """Which addresses are asked through the proxy of the environment; None: directly."""
        import httpx

        environment = self._environment
        proxy = environment.get("https_proxy") or environment.get("HTTPS_PROXY")
        if not proxy:
            return {}
        exempt = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").replace(" ", "").split(",")
        mounts: dict[str, httpx.BaseTransport | None] = {
            f"https://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")
        }
        names = [host for host in exempt if host and not NO_NAME.search(host)]
        mounts |= {f"https://*{host.removeprefix('*')}": None for host in names}
        return {**mounts, "https://": httpx.HTTPTransport(verify=self._trust(), proxy=proxy)}


def _reply(client: httpx.Client, request: httpx.Request, *, url: str, within: float) -> Reply:
    answer = client.send(request, stream=True)
    certificate = _certificate(answer)
    try:
        received = _body(answer, within=within)
    finally:
        answer.close()
    return Reply(
        method=request.method,
        url=url,
        status=answer.status_code,
        headers=Headers(answer.headers.multi_items()),
        body=received,
        certificate=certificate,
    )


def _certificate(answer: httpx.Response) -> bytes:
    stream = answer.extensions.get("network_stream")
    spoken = stream.get_extra_info("ssl_object") if stream else None
    # What httpcore gives may be the inner object of ssl, whose method takes no argument by name.
    return (spoken.getpeercert(True) or b"") if spoken else b""


def _body(answer: httpx.Response, *, within: float) -> bytes:
    end = time.monotonic() + within
    received = bytearray()
    # By hand: the client's own decoder makes a gigabyte of a megabyte before anybody can look at its size.
    packed = answer.headers.get("content-encoding", "").strip().lower() in {"gzip", "x-gzip", "deflate"}
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if packed else None
    for chunk in answer.iter_raw():
        try:
            received += unpacking.decompress(chunk, LARGEST_BODY + 1 - len(received)) if unpacking else chunk
        except zlib.error as error:
            raise CutOff("its answer is damaged: it is not compressed as it says") from error
        if len(received) > LARGEST_BODY:
            raise CutOff(f"it answered with more than {LARGEST_BODY // 1024 // 1024} MiB")
        if time.monotonic() > end:
            raise CutOff(f"no whole answer within {within:g} s")
    return bytes(received)
