"""Do those that pull without credentials still get what they ask for?"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from zotops.connections import CONNECTIONS
from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import Consumer, OfProfile
from zotops.systems.front_doors import door_at
from zotops.world import World

OK, NOT_SIGNED_IN = 200, 401
# Whom zot takes for Docker, and asks to sign in at the ping (2.1.20, measured).
DOCKER = re.compile(r"Docker-Client|^docker/")


class ConsumersStillPull(OfProfile, Check):
    """Each consumer of the profile is served: asked for at its address, as it asks, from where it can be reached."""

    def __str__(self) -> str:
        return f"still pull without credentials: {', '.join(consumer.name for consumer in self.profile.consumers)}"

    @property
    def look(self) -> Look:
        """The first consumer's request; the others are alike."""
        if not self.profile.consumers:
            return Look(command="true", want="the profile names no consumers")
        first = self.profile.consumers[0]
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' -A '{first.agent}' {first.url}/v2/{first.reference}",
            want="200, and so for each consumer at its own address",
            otherwise=(
                Otherwise(
                    answer="401", means="nobody may read: every pull in the house fails", fault="anonymous-may-not-read"
                ),
                Otherwise(answer="000", means="nothing listens there", fault="registry-does-not-come-back"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN when one cannot be asked and no other is refused."""
        del facts
        consumers = self.profile.consumers
        with ThreadPoolExecutor(max_workers=CONNECTIONS) as pool:
            answers = list(pool.map(lambda consumer: self._ask(world, consumer), consumers))
        refused = [said for status, said in answers if status not in {OK, None}]
        silent = [said for status, said in answers if status is None]
        expected = f"200 to each of {len(consumers)}"
        if silent and not refused:
            return unknown(expected=expected, observed="; ".join(silent))
        return judged(
            not refused,
            expected=expected,
            observed="; ".join((*refused, *silent)) or ", ".join(said for _, said in answers) or "there are none",
            likely="401: anonymousPolicy does not let nobody read; 404: what it asks for is not there",
            remedy="look at http.accessControl; until it is right, `invoke deploy --undo deploy-zot`",
        )

    def _ask(self, world: World, consumer: Consumer) -> tuple[int | None, str]:
        zot = door_at(world, self.profile, consumer.url, consumer.reached_from)
        agent = {"User-Agent": consumer.agent}
        try:
            # Docker pings first, and without a login goes on after a 401.
            ping = zot.send("GET", "/v2/", headers=agent).status if DOCKER.search(consumer.agent) else OK
            if ping not in {OK, NOT_SIGNED_IN}:
                return ping, f"{consumer.name}: {ping} to its ping"
            status = zot.send("GET", f"/v2/{consumer.reference}", headers=agent).status
        except Unreachable as error:
            return None, f"{consumer.name}: {error.what}"
        return status, f"{consumer.name}: {status}"
