"""What only shows from outside: health, certificate, clock, and what a proxy in front of the registry has changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from zotops.access_matrix import addresses
from zotops.checks.probing import NOT_SIGNED_IN, OK
from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.zot import ANONYMOUS, Zot, clock_of, made_up_key, open_zot
from zotops.world import World

HEALTH = ("/livez", "/readyz", "/startupz")
ENOUGH_DAYS = 14
ALLOWED_DIFFERENCE = timedelta(seconds=60)
# More than the first megabyte, where proxies like to draw the line.
LARGE_BODY = b"\0" * 1_300_000
TOO_LARGE, NO_SUCH_METHOD = 413, 405
NO_CHALLENGE = "no WWW-Authenticate on GET /v2/"


class IsHealthy(OfProfile, Check):
    """The three health endpoints say ok."""

    def __str__(self) -> str:
        return "the registry says that it is well"

    @property
    def look(self) -> Look:
        """Readiness; the other two are alike."""
        return Look(
            command=f"curl -s {self.profile.registry.url}/readyz",
            want="ok",
            otherwise=(Otherwise(answer="404", means="the proxy in front does not pass it on, or the build is older"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """200 and the word, at each."""
        del facts
        zot = open_zot(world, self.profile)
        answers = {path: zot.send("GET", path) for path in HEALTH}
        wrong = [
            f"{path}: {reply.status}"
            for path, reply in answers.items()
            if reply.status != OK or reply.body.strip() != b"ok"
        ]
        return judged(
            not wrong,
            expected=f"200 `ok` from {', '.join(HEALTH)}",
            observed=", ".join(wrong) or "ok, three times",
            likely="it is starting, its storage is gone, or something else answers at that address",
            remedy="look at the registry's log, and at what is in front of it",
        )


class CertificateLasts(OfProfile, Check):
    """The certificate of each https address has some days left."""

    def __str__(self) -> str:
        return f"the certificate lasts {ENOUGH_DAYS} days and longer"

    @property
    def look(self) -> Look:
        """The certificate that is shown to clients."""
        place = urlsplit(self.profile.registry.url)
        shown = f"openssl s_client -connect {place.hostname}:{place.port or 443} </dev/null"
        return Look(
            command=f"{shown} | openssl x509 -noout -enddate",
            want=f"a day at least {ENOUGH_DAYS} days from now",
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """An expired or untrusted one does not even answer: UNKNOWN, with the reason.

        An address that only the server reaches is not asked: from here another server may have that name.
        """
        del facts
        here = [each.url for each in addresses(self.profile) if each.reached_from == "here"]
        urls = [url for url in here if url.startswith("https://")]
        if not urls:
            return judged(True, expected="nothing", observed="no address that is reached from here speaks https")
        left: dict[str, int] = {}
        for url in urls:
            ends = ends_at(Zot(http=world.http, url=url).ping().certificate)
            if ends is None:
                return unknown(expected="a day of expiry", observed=f"{url} shows no certificate that can be read")
            left[url] = (ends - world.clock.now()).days
        return judged(
            min(left.values()) >= ENOUGH_DAYS,
            expected=f"at least {ENOUGH_DAYS} days",
            observed=", ".join(f"{days} days left at {url}" for url, days in left.items()),
            likely="its renewal does not work",
            remedy="look at whatever renews certificates there",
        )


class ClocksAgree(OfProfile, Check):
    """The registry's clock is ours: keys expire by it."""

    def __str__(self) -> str:
        return "the registry's clock agrees with ours"

    @property
    def look(self) -> Look:
        """The Date header."""
        return Look(command=f"curl -sI {self.profile.registry.url}/readyz | grep -i ^date; date -u", want="the same")

    def run(self, world: World, facts: Facts) -> Evidence:
        """Within a minute, between asking and hearing (RFC 9110, section 6.6.1)."""
        del facts
        asked = world.clock.now()
        there = clock_of(open_zot(world, self.profile).ping())
        heard = world.clock.now()
        expected = f"within {ALLOWED_DIFFERENCE.seconds} s"
        if there is None:
            return unknown(expected=expected, observed="its answers have no Date that can be read")
        off = max(asked - there, there - heard, timedelta(0))
        return judged(
            off <= ALLOWED_DIFFERENCE + timedelta(seconds=1),  # the header knows whole seconds only
            expected=expected,
            observed=f"{off.total_seconds():.0f} s off",
            likely="one of the two machines does not keep its time",
            remedy="look at the time service of both; keys expire by the registry's clock",
        )


class NothingIsChangedOnTheWay(OfProfile, Check):
    """What a reverse proxy may spoil: the challenge that skopeo needs even on a 200, and writes."""

    def __str__(self) -> str:
        return "nothing is changed on the way to the registry"

    @property
    def look(self) -> Look:
        """The header that clients miss first."""
        return Look(
            command=f"curl -si {self.profile.registry.url}/v2/ | grep -i www-authenticate",
            want="Basic realm=…, also on the 200",
            otherwise=(
                Otherwise(
                    answer="nothing",
                    means="a proxy strips it: skopeo then pushes without its key",
                    fault="proxy-strips-the-challenge",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """By nobody, at each address that can be asked from here."""
        del facts
        doors = [each for each in addresses(self.profile) if each.reached_from == "here"]
        wrong = [f"{door.url}: {text}" for door in doors for text in self._changed(Zot(http=world.http, url=door.url))]
        return judged(
            not wrong,
            expected="challenge, version header and a body of 1.3 MB pass as they are",
            observed="; ".join(wrong) or f"nothing at {len(doors)} addresses",
            likely="the reverse proxy in front filters headers or methods, or limits bodies",
            remedy="let the proxy pass methods, headers and bodies of any size as they are",
        )

    def _changed(self, zot: Zot) -> list[str]:
        ping = zot.ping()
        if ping.status not in {OK, NOT_SIGNED_IN}:
            raise Unreachable(f"{zot.url} answers {ping.status} to GET /v2/")
        large = zot.send(
            "PUT", f"/v2/{self.profile.registry.image}/manifests/zotops-unused", ANONYMOUS, body=LARGE_BODY
        )
        return [
            *([] if "www-authenticate" in ping.headers or self._judges_nobody(zot) else [NO_CHALLENGE]),
            *([] if "docker-distribution-api-version" in ping.headers or ping.status != OK else ["no version header"]),
            *([f"{TOO_LARGE} to a body of 1.3 MB"] if large.status == TOO_LARGE else []),
            *([f"{NO_SUCH_METHOD} to a PUT, as no registry answers"] if large.status == NO_SUCH_METHOD else []),
        ]

    def _judges_nobody(self, zot: Zot) -> bool:
        """Without authentication there is nothing to challenge for: another check's matter."""
        return zot.ping(made_up_key(self.profile.ci.name)).status == OK


def ends_at(certificate: bytes) -> datetime | None:
    """Until when a certificate (DER) holds; None for what is none."""
    from cryptography import x509

    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None
