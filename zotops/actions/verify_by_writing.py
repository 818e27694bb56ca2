"""What can only be shown by doing it: push one tiny image, pull through each mirror, run the services' own check."""

from __future__ import annotations

from zotops.errors import ActionFailed, Unreachable
from zotops.model import Action, Attempt, Fact, Facts, Intent, Outcome, Settled, State
from zotops.profile import Mirror, OfProfile
from zotops.systems.services_check import SERVICES_OF_REGISTRY, SERVICES_OTHERS, run_services_check, written
from zotops.systems.zot import Zot, names_in, open_zot, with_key
from zotops.systems.zot_image import (
    SCRATCH_DIGEST,
    SCRATCH_TAG,
    mirrored,
    pull_image,
    pulled_through,
    push_image,
    tiny_image,
)
from zotops.systems.zot_keys import has_key_form
from zotops.world import World

OK = 200
# The registry fetches the whole image before it answers.
FETCHING = 180.0


class VerifyByWriting(OfProfile, Action):
    """Asked for, because it writes: to the scratch repository, and to the mirrors' cache."""

    def __str__(self) -> str:
        registry = self.profile.registry
        mirrors = ", ".join(mirror.image for mirror in registry.mirrors)
        return (
            f"pushes one tiny image to {registry.scratch} with CI's key, "
            + (f"pulls {mirrors} through the registry, " if mirrors else "")
            + f"runs {self.profile.provisioning.services_check}"
        )

    def intent(self, world: World, facts: Facts, attempt: Attempt) -> Intent:
        """The tag and the digest that goes under it: this try's own, or what a try that was cut off has pushed."""
        cut_off = self._pushed_by_an_earlier_try(world, facts, attempt)
        label = cut_off or attempt.label
        return {
            "tag": _tag(label),
            "label": label,
            "digest": tiny_image(label).digest,
            "pushed": "yes" if cut_off else "",
        }

    def perform(self, world: World, intent: Intent, facts: Facts) -> Outcome:
        """ActionFailed when the push is refused; what the mirrors and the services say is for the checks to judge."""
        del facts
        zot = open_zot(world, self.profile)
        self._push(world, zot, intent)
        found: dict[Fact, str] = {SCRATCH_TAG: intent["tag"], SCRATCH_DIGEST: intent["digest"]}
        left = [f"{self.profile.registry.scratch}:{intent['tag']}, a few kilobytes; CI may not delete it"]
        for mirror in self.profile.registry.mirrors:
            repository, tag = mirrored(mirror)
            found[pulled_through(mirror)] = self._pull_through(world, zot, mirror)
            left.append(f"{repository}:{tag} in the cache")
        return Outcome(facts={**found, **self._services(world)}, left=tuple(left))

    def settle(self, world: World, intent: Intent) -> Settled:
        """All but the push may be done again; the next try looks for what was pushed, and goes on with that."""
        del world
        where = f"{self.profile.registry.scratch}:{intent['tag']}"
        return Settled(state=State.DID_NOT, leftover=f"{where} may have been pushed; the next try goes on with it")

    def _pushed_by_an_earlier_try(self, world: World, facts: Facts, attempt: Attempt) -> str:
        """The label of a try of this run whose image is there and of which no end is recorded; or ""."""
        labels = [Attempt(run=attempt.run, number=number).label for number in range(attempt.number - 1, 0, -1)]
        if not labels:
            return ""
        zot, scratch = open_zot(world, self.profile), self.profile.registry.scratch
        reply = zot.tags(scratch)
        tags = names_in(reply, "tags") if reply.status == OK else ()
        for label in labels:
            if _tag(label) in tags and _tag(label) != facts.get(SCRATCH_TAG):
                pulled = pull_image(zot, scratch, _tag(label))
                if pulled.digest == tiny_image(label).digest:
                    return label
        return ""

    def _push(self, world: World, zot: Zot, intent: Intent) -> None:
        login = self.profile.current_key
        key = world.secrets.read(login.secret)
        if not has_key_form(key):
            raise ActionFailed("the vault holds no key to push with", remedy="do create-ci-key and store-ci-key first")
        image, scratch = tiny_image(intent["label"]), self.profile.registry.scratch
        if intent.get("pushed"):
            world.tell("pushed with CI's key", f"{scratch}:{intent['tag']}, by a try that was cut off")
            return
        push_image(zot, scratch, intent["tag"], image, with_key(login.user, key))
        world.tell("pushed with CI's key", f"{scratch}:{intent['tag']}, {image.digest[:19]}")

    def _pull_through(self, world: World, zot: Zot, mirror: Mirror) -> str:
        """The digest that came back; or, in words, why none did."""
        repository, tag = mirrored(mirror)
        try:
            pulled = pull_image(zot, repository, tag, timeout=FETCHING)
            result = pulled.digest if pulled.status == OK else f"not served: {pulled.status}"
        except Unreachable as error:
            result = f"not served: {error.what}"
        world.tell(f"pulled {repository}:{tag}", result[:19] if result.startswith("sha256:") else result)
        return result

    def _services(self, world: World) -> Facts:
        try:
            lines = run_services_check(world, self.profile)
        except Unreachable as error:
            world.tell(self.profile.provisioning.services_check, f"could not be run: {error.what}")
            return {}
        ours = [line for line in lines if line.name in self.profile.provisioning.services_lines]
        others = [line for line in lines if line not in ours]
        bad = sum(not line.ok for line in lines)
        world.tell(
            self.profile.provisioning.services_check, f"{len(lines)} lines, {len(ours)} of the registry, {bad} FAILED"
        )
        return {SERVICES_OF_REGISTRY: written(ours), SERVICES_OTHERS: written(others)}


def _tag(label: str) -> str:
    return label.replace("/", "-")
