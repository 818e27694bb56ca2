"""A sign-in as the CI user: its claims looked at before, its traces removed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from zotops.errors import ActionFailed, Stop, Uncertain, Unreachable
from zotops.profile import Profile, parse_ref
from zotops.systems.authentik import open_authentik
from zotops.systems.authentik_claims import claimed_groups
from zotops.systems.browser import Browser
from zotops.systems.sign_in import (
    Answers,
    make_recovery_key,
    sign_in_at_registry,
    use_recovery_key,
    who_is_signed_in,
)
from zotops.systems.zot import Caller
from zotops.systems.zot_login import by_session, end_login
from zotops.world import World


def preview_claims(world: World, profile: Profile) -> None:
    """One sign-in without the group takes the right from all old keys at once: ActionFailed before it happens."""
    groups = claimed_groups(open_authentik(world, profile), profile)
    wanted = profile.tiers.ci.group
    if groups != {wanted}:
        would = ", ".join(sorted(groups)) or "no group"
        raise ActionFailed(
            f"{profile.ci.name} would sign in with {would}, not with {wanted}",
            remedy="nobody signed in, no key was touched; correct the groups at the identity provider first",
        )
    world.tell("claims previewed", f"groups: {wanted} (the CI tier)")


def begin_session(world: World, profile: Profile, browser: Browser) -> Caller:
    """A session at the registry as the CI user. ActionFailed or Unreachable otherwise; `end_session` in any case."""
    sign_in_at_registry(browser, profile, _at_the_provider(world, profile, browser))
    world.tell(f"signed in as {profile.ci.name}", "at the identity provider and at the registry")
    return by_session(browser, profile)


def end_session(world: World, profile: Profile, browser: Browser) -> tuple[str, ...]:
    """Sign out at the registry, end the user's sessions and unused recovery keys at the provider; what may be left.

    Nobody works as the CI user, so every session of it is one that a run has made, this one or one that was killed.
    """
    left: list[str] = []
    ways: tuple[tuple[str, Callable[[], None]], ...] = (
        ("registry", partial(end_login, browser, profile)),
        ("identity provider", partial(_forget, world, profile)),
    )
    for place, leave in ways:
        try:
            leave()
        except Stop as stop:
            left.append(f"a session of {profile.ci.name} may be left at the {place}: {stop.what}")
    world.tell("signed out", "; ".join(left) or "at the registry and at the identity provider")
    return tuple(left)


@contextmanager
def signed_in(world: World, profile: Profile, left: list[str]) -> Iterator[Caller]:
    """The CI user at the registry, signed out again on every way out. ActionFailed: it was not signed in."""
    browser = Browser(http=world.http, register=world.register)
    try:
        try:
            caller = begin_session(world, profile, browser)
        except (Unreachable, Uncertain) as error:
            raise ActionFailed(f"no key was made: {error.what}", remedy=error.remedy) from error
        yield caller
    finally:
        left += end_session(world, profile, browser)


def session_is_left(world: World, profile: Profile) -> bool:
    """Whether a sign-in as the CI user was not brought to its end: a session, or a recovery key that nobody used."""
    authentik = open_authentik(world, profile)
    user = authentik.user(profile.ci.name)
    return user is not None and bool(authentik.sessions(user) or authentik.recovery_tokens(user))


def _at_the_provider(world: World, profile: Profile, browser: Browser) -> Answers:
    name = profile.ci.name
    if profile.ci.sign_in == "password":
        return Answers(user=name, password=world.secrets.read(parse_ref(profile.ci.password)))
    link = make_recovery_key(world.programs, profile)
    world.register(link)
    use_recovery_key(browser, profile, link)
    me = who_is_signed_in(browser, profile)
    if me != name:
        raise ActionFailed(f"the recovery key signed in {me or 'nobody'}, not {name}")
    world.tell("recovery key", "made in the worker, used once, now gone")
    return Answers(user=name)


def _forget(world: World, profile: Profile) -> None:
    authentik = open_authentik(world, profile)
    user = authentik.user(profile.ci.name)
    if user is None:
        return
    for session in authentik.sessions(user):
        authentik.end_session(session)
    for token in authentik.recovery_tokens(user) or ():
        authentik.remove_token(token)
