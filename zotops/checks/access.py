"""Who may do what at the registry, by requests that leave nothing behind; the profile's tiers say what is right."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from zotops.access_sentences import MADE_UP, NOBODY_WRITES, says_read
from zotops.checks.ci_rights import CiRight
from zotops.checks.probing import LET_THROUGH, NOT_SIGNED_IN, OK, probe, tag_in
from zotops.connections import CONNECTIONS
from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile, RightName
from zotops.systems.front_doors import FrontDoor, front_doors
from zotops.systems.zot import ANONYMOUS, EMPTY_BASIC, Caller, Zot, error_code, made_up_key, open_zot
from zotops.world import World


class AnybodyMayRead(OfProfile, Check):
    """Pulls need no credentials, at every front door."""

    def __str__(self) -> str:
        return says_read(allowed=self._allowed)

    @property
    def look(self) -> Look:
        """The catalog, without credentials."""
        registry = self.profile.registry
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {registry.url}/v2/{registry.image}/tags/list",
            want="200" if self._allowed else "401",
            otherwise=(
                Otherwise(
                    answer="401",
                    means="anonymous read is missing from the policy: every pull in the house fails",
                    fault="anonymous-may-not-read",
                ),
                Otherwise(answer="000", means="nothing listens there", fault="registry-does-not-come-back"),
            ),
        )

    @property
    def _allowed(self) -> bool:
        return "read" in self.profile.tiers.anonymous

    def run(self, world: World, _facts: Facts) -> Evidence:
        """The catalog and the tags of our own image, at each door; UNKNOWN when one is silent and no other is wrong."""
        doors = front_doors(world, self.profile)
        want = OK if self._allowed else NOT_SIGNED_IN
        answers = {door.name: self._ask(door, want) for door in doors}
        wrong = [f"{door}: {said}" for door, (status, said) in answers.items() if status not in {want, None}]
        silent = [said for status, said in answers.values() if status is None]
        expected = f"{want} to GET of catalog and tags, without credentials, at {len(doors)} addresses"
        if silent and not wrong:
            return unknown(expected=expected, observed="; ".join(silent))
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join((*wrong, *silent)) or f"{want} at {', '.join(answers)}",
            likely=f"anonymousPolicy {'is missing or does not name' if self._allowed else 'names'} `read`",
            remedy="look at http.accessControl; 404 to the tags: name another image as `registry.image` in the profile",
        )

    def _ask(self, door: FrontDoor, want: int) -> tuple[int | None, str]:
        """Of two statuses one that is not as wanted, if there is one, and the words for both; None: no answer."""
        try:
            catalog, tags = door.zot.catalog().status, door.zot.tags(self.profile.registry.image).status
        except Unreachable as error:
            return None, error.what
        return tags if catalog == want else catalog, f"catalog {catalog}, tags {tags}"


class NobodyMayWrite(OfProfile, Check):
    """Without credentials, or with those of a client whose secret is empty, nothing can be written anywhere."""

    def __str__(self) -> str:
        return NOBODY_WRITES

    @property
    def look(self) -> Look:
        """A push that goes nowhere: the media type is refused after the right was looked at."""
        registry = self.profile.registry
        return Look(
            command=(
                "curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Type: text/plain' "
                f"{registry.url}/v2/{registry.image}/manifests/unused"
            ),
            want="401, also with -H 'Authorization: Basic Og=='",
            otherwise=(
                Otherwise(answer="415", means="it would have been let through", fault="anonymous-may-write"),
                Otherwise(
                    answer="403",
                    means="something before the registry refuses; look past it",
                    fault="proxy-refuses-writes",
                ),
            ),
        )

    def run(self, world: World, _facts: Facts) -> Evidence:
        """Each right that nobody is to have, as nobody and with `Basic Og==`, at each door, all at once."""
        doors = front_doors(world, self.profile)
        tag, unseen = self._tag(doors[0].zot)
        rights = [
            right for right in LET_THROUGH if right not in self.profile.tiers.anonymous and (tag or right != "update")
        ]
        jobs = [(door, caller, right) for door in doors for caller in (ANONYMOUS, EMPTY_BASIC) for right in rights]
        # A refusal may be delayed by seconds (failDelay), so all are asked at once.
        with ThreadPoolExecutor(max_workers=CONNECTIONS) as pool:
            answers = list(pool.map(lambda job: self._ask(*job, tag=tag), jobs))
        found = [text for kind, text in answers if kind == "open"]
        unclear = [*unseen, *(text for kind, text in answers if kind == "unclear")]
        expected = f"401 to {', '.join(rights)}, with nothing and with `Basic Og==`, at {len(doors)} addresses"
        if unclear and not found:
            return unknown(expected=expected, observed="; ".join(dict.fromkeys(unclear)))
        return judged(
            not found,
            expected=expected,
            observed="; ".join(dict.fromkeys(found)) or f"401 to all {len(jobs)} requests",
            twin="" if found else "each refusal is the registry's own, so the request was understood",
            likely=_likely(found, doors),
            remedy="look at http.accessControl in the file, and whether the process is younger than the file",
        )

    def _tag(self, zot: Zot) -> tuple[str, Sequence[str]]:
        """A tag to overwrite, and why there is none; nobody can know of one where nobody may read the tags."""
        try:
            tags = zot.tags(self.profile.registry.image)
            return "" if tags.status == NOT_SIGNED_IN else tag_in(tags, zot, self.profile), ()
        except Unreachable as error:
            return "", (error.what,)

    def _ask(self, door: FrontDoor, caller: Caller, right: RightName, *, tag: str) -> tuple[str, str]:
        """One of refused, open, unclear; and the words for it."""
        try:
            reply = probe(door.zot, right, self.profile.registry.image, tag, caller)
        except Unreachable as error:
            return "unclear", error.what
        said = f"{right} at {door.name}: {reply.status}"
        if reply.status in LET_THROUGH[right]:
            return "open", said
        if reply.status == NOT_SIGNED_IN and error_code(reply) == "UNAUTHORIZED":
            return "refused", said
        return "unclear", f"{said} to {caller.name}, which is not the registry's own refusal"


def _likely(found: Sequence[str], doors: Sequence[FrontDoor]) -> str:
    if not any(f" at {doors[0].name}: " in text for text in found):
        return "not the main address, but another one leads to a registry without these rules"
    return "the registry still runs without accessControl, or anonymousPolicy names more than `read`"


class CiMayCreate(CiRight):
    """CI can push new tags."""

    right = "create"

    def __str__(self) -> str:
        return self.says()

    @property
    def look(self) -> Look:
        """A push of nothing under a tag that does not exist."""
        group = self.profile.tiers.ci.group
        return self.as_a_person(
            method="PUT",
            path="unused",
            otherwise=(
                Otherwise(answer="403", means=f"the key has not the rights of {group}", fault="ci-not-in-the-group"),
            ),
        )


class CiMayNotOverwrite(CiRight):
    """CI cannot give an existing tag another content."""

    right = "update"

    def __str__(self) -> str:
        return self.says()

    @property
    def look(self) -> Look:
        """A push of nothing over a tag that exists."""
        return self.as_a_person(
            method="PUT",
            path="<a tag that exists>",
            otherwise=(Otherwise(answer="415", means="it would be overwritten", fault="ci-may-overwrite"),),
        )


class CiMayNotDelete(CiRight):
    """CI cannot delete anything."""

    right = "delete"

    def __str__(self) -> str:
        return self.says()

    @property
    def look(self) -> Look:
        """A delete of a tag that does not exist."""
        return self.as_a_person(
            method="DELETE",
            path="unused",
            otherwise=(Otherwise(answer="404", means="it would be deleted if it were there", fault="ci-may-delete"),),
        )


class MadeUpKeyMayNothing(OfProfile, Check):
    """A key that nobody made opens nothing, not even what needs no key."""

    def __str__(self) -> str:
        return MADE_UP

    @property
    def look(self) -> Look:
        """The ping with a password that is none."""
        return Look(
            command=f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}/v2/",
            want="401 to any made-up password",
            otherwise=(
                Otherwise(answer="200", means="the registry judges no credentials", fault="anonymous-may-write"),
            ),
        )

    def run(self, world: World, _facts: Facts) -> Evidence:
        """Ping, catalog and a push of nothing."""
        zot = open_zot(world, self.profile)
        caller = made_up_key(self.profile.ci.name)
        image = self.profile.registry.image
        answers = {
            "GET /v2/": zot.ping(caller).status,
            "catalog": zot.catalog(caller).status,
            "push": zot.probe_create(image, caller).status,
        }
        without = zot.ping().status
        return judged(
            set(answers.values()) == {NOT_SIGNED_IN},
            expected="401 to GET /v2/, catalog and push",
            observed=", ".join(f"{what} {status}" for what, status in answers.items()),
            twin=f"GET /v2/ without credentials: {without}",
            likely="the registry judges no credentials: authentication is off, or a proxy drops them on the way",
            remedy="look at http.auth in the configuration, and whether the process is younger than the file",
        )
