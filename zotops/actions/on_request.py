"""What `verify` does only when it is asked to, because something stays: push, overwrite, delete, and fetch."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from zotops.errors import Stop, Unreachable
from zotops.model import Evidence, Login, Verdict, judged, unknown
from zotops.profile import Mirror, Profile, parse_ref
from zotops.systems.push_clients import Target, push_as_dagger, push_as_skopeo
from zotops.systems.skopeo import PROGRAM, push_by_skopeo
from zotops.systems.zot import Caller, Zot, names_in, open_zot, with_key
from zotops.systems.zot_image import Image, pull_image, push_image, tiny_image
from zotops.systems.zot_keys import has_key_form
from zotops.world import World

OK, NOT_THERE, ACCEPTED = 200, 404, 202
# The registry fetches the whole image before it answers.
FETCHING = 180.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one of these showed: its name and sentence, what was seen, and what stays."""

    name: str
    says: str
    evidence: Evidence
    left: tuple[str, ...] = ()
    advisory: bool = False


@dataclass(frozen=True, kw_only=True)
class Requested:
    """What was asked for; `pull_through` is an image as its upstream names it, perhaps below a mirror's prefix."""

    write: bool = False
    pull_through: str = ""
    as_dagger: bool = False
    as_skopeo: bool = False
    sign_in: bool = False


def do(world: World, profile: Profile, wanted: Requested) -> Iterator[Told]:
    """Do it, one after another. What cannot be done is UNKNOWN, what is refused is FAILED."""
    if wanted.write:
        yield from _write(world, profile)
    if wanted.as_dagger:
        yield _pushed(world, profile, name="as-dagger", says="an image is pushed as Dagger pushes", push=push_as_dagger)
    if wanted.as_skopeo:
        yield _as_skopeo(world, profile)
    if wanted.pull_through:
        for mirror in profile.registry.mirrors:
            prefix, _, rest = wanted.pull_through.partition("/")
            named = prefix in {each.prefix for each in profile.registry.mirrors}
            if not named or prefix == mirror.prefix:
                yield from _pull_through(world, profile, mirror, rest if named else wanted.pull_through)


def _as_skopeo(world: World, profile: Profile) -> Told:
    if world.programs.find(PROGRAM):

        def push(target: Target, image: Image) -> None:
            push_by_skopeo(world.programs, target, image)

        return _pushed(world, profile, name="as-skopeo", says="an image is pushed by skopeo itself", push=push)
    says = "an image is pushed as skopeo pushes (it is not installed)"
    return _pushed(world, profile, name="as-skopeo", says=says, push=push_as_skopeo)


def _write(world: World, profile: Profile) -> Iterator[Told]:
    def push(target: Target, image: Image) -> None:
        push_image(target.zot, target.repository, target.tag, image, target.caller)

    tag = _new_tag()
    pushed = _pushed(world, profile, name="write", says="an image pushed with CI's key comes back", push=push, tag=tag)
    named = profile.verify
    if not named.admin_key or not pushed.left:
        yield pushed
        return
    deleted = _by_admin(world, profile, Login(named.admin, parse_ref(named.admin_key)), tag)
    yield replace(pushed, left=()) if deleted.evidence.verdict is Verdict.PASSED else pushed
    yield deleted


def _pushed(
    world: World,
    profile: Profile,
    *,
    name: str,
    says: str,
    push: Callable[[Target, Image], None],
    tag: str = "",
) -> Told:
    """Push one tiny image under a tag of its own as CI, and pull it back as nobody."""
    tag, scratch = tag or _new_tag(), profile.registry.scratch
    image, zot = tiny_image(tag), open_zot(world, profile)
    expected = f"{image.digest[:19]} for {scratch}:{tag}, pushed as {profile.ci.name} and pulled back by nobody"
    try:
        caller = _holder(world, profile.current_key)
        push(Target(zot=zot, repository=scratch, tag=tag, caller=caller), image)
        pulled = pull_image(zot, scratch, tag)
    except Unreachable as stop:
        return Told(name=name, says=says, evidence=unknown(expected=expected, observed=stop.what, remedy=stop.remedy))
    except Stop as stop:
        why = judged(False, expected=expected, observed=stop.what, remedy=stop.remedy or "see the access matrix above")
        return Told(name=name, says=says, evidence=why, left=(f"perhaps blobs in {scratch}, until they are collected",))
    same = pulled.digest == image.digest and not pulled.wrong
    evidence = judged(
        same,
        expected=expected,
        observed="; ".join(pulled.wrong) or f"{pulled.status} {pulled.digest[:19]}".strip(),
        likely="nobody may read it" if pulled.status != OK else "something else answers for that tag",
        remedy="look at http.accessControl and at the registry's log",
    )
    return Told(
        name=name, says=says, evidence=evidence, left=(f"{scratch}:{tag}, a few kilobytes; CI may not delete it",)
    )


def _by_admin(world: World, profile: Profile, login: Login, tag: str) -> Told:
    """Overwrite the tag, delete both digests, and read what is still there."""
    scratch, says = profile.registry.scratch, f"{login.user} overwrites and deletes what was pushed"
    zot, first, second = open_zot(world, profile), tiny_image(tag), tiny_image(f"{tag} again")
    expected = "201 to the overwriting, 202 to both deletions, and the tag is gone"
    try:
        caller = _holder(world, login)
        push_image(zot, scratch, tag, second, caller)
        deleted = [
            zot.send("DELETE", f"/v2/{scratch}/manifests/{each.digest}", caller).status for each in (second, first)
        ]
        tags = names_in(zot.tags(scratch), "tags")
        stays = scratch in names_in(zot.catalog(), "repositories")
    except Unreachable as stop:
        return Told(
            name="write.admin", says=says, evidence=unknown(expected=expected, observed=stop.what, remedy=stop.remedy)
        )
    except Stop as stop:
        why = judged(False, expected=expected, observed=stop.what, remedy="look at adminPolicy in http.accessControl")
        return Told(name="write.admin", says=says, evidence=why)
    # Overwriting may take the first manifest with it: then there is nothing left to delete.
    good = deleted[0] == ACCEPTED and deleted[1] in {ACCEPTED, NOT_THERE} and tag not in tags
    evidence = judged(
        good,
        expected=expected,
        observed=f"{deleted[0]} and {deleted[1]} to the deletions, the tag is {'there' if tag in tags else 'gone'}",
        likely=f"{login.user} has not the rights of {profile.tiers.admins.group}",
        remedy="look at adminPolicy in http.accessControl, and at the groups of that user",
    )
    left = (f"the name {scratch} in the catalog",) if stays else ()
    return Told(
        name="write.admin", says=says, evidence=evidence, left=(*left, f"blobs in {scratch}, until they are collected")
    )


def _pull_through(world: World, profile: Profile, mirror: Mirror, image: str) -> Iterator[Told]:
    """First in the forms that clients set up as plain mirrors send, then in the registry's own."""
    name, _, tag = image.partition(":")
    zot, tag, own = open_zot(world, profile), tag or "latest", f"{mirror.prefix}/{name}"
    try:
        cached = tag in names_in(listed, "tags") if (listed := zot.tags(own)).status == OK else False
        yield _plain_form(zot, mirror, name, tag, profile)
        pulled = pull_image(zot, own, tag, timeout=FETCHING)
        evidence = judged(
            pulled.status == OK and not pulled.wrong,
            expected=f"200 to {own}:{tag}, digests computed",
            observed="; ".join(pulled.wrong)
            or f"{pulled.status} {pulled.digest[:19]}{', but it was cached already' if cached else ''}".strip(),
            likely="upstream has no such image, cannot be reached, or nothing is fetched below that prefix",
            remedy="look at extensions.sync, at http.accessControl for that prefix, and at the registry's log",
        )
        left = () if cached or pulled.status != OK else (f"{own}:{tag} in the cache",)
    except Unreachable as stop:
        evidence = unknown(expected=f"200 to {own}:{tag}", observed=stop.what, remedy=stop.remedy)
        left = (f"perhaps {own}:{tag} in the cache",)
    yield Told(
        name=f"pull-through.{mirror.prefix}", says=f"{own}:{tag} is pulled through", evidence=evidence, left=left
    )


def _plain_form(zot: Zot, mirror: Mirror, name: str, tag: str, profile: Profile) -> Told:
    """What containerd sends (with `?ns=`), and what Docker sends, when a registry is set up as their mirror."""
    path = f"/v2/{name}/manifests/{tag}"
    forms = {
        "containerd": (f"{path}?ns={mirror.prefix}", "containerd/2.0"),
        "Docker": (path, "docker/28.0"),
    }
    seen = {
        who: zot.send("GET", asked, headers={"User-Agent": agent}, timeout=FETCHING).status
        for who, (asked, agent) in forms.items()
    }
    evidence = judged(
        set(seen.values()) == {OK},
        expected="200 to both",
        observed=", ".join(f"{who}'s form {status}" for who, status in seen.items()),
        likely="such clients leave out the prefix, get 404 and silently go upstream: the cache is not used",
        remedy=(
            f"in containerd's hosts.toml: host {profile.registry.url}/v2/{mirror.prefix} with override_path = true; "
            "Docker has no such setting"
        ),
    )
    return Told(
        name=f"pull-through.{mirror.prefix}.plain",
        says=f"plain mirrors of {mirror.prefix} find {name}:{tag}",
        evidence=evidence,
        advisory=True,
    )


def _holder(world: World, login: Login) -> Caller:
    key = world.secrets.read(login.secret)
    if not has_key_form(key):
        raise Unreachable(f"{login.secret} holds no key to push with", remedy="make one and put it there")
    return with_key(login.user, key)


def _new_tag() -> str:
    return f"zotops-verify-{secrets.token_hex(4)}"
