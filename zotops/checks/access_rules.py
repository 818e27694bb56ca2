"""What the access rules of a configuration give to whom, judged against the profile's tiers; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zotops.profile import Profile

Json = Any  # what a JSON text holds
Rights = frozenset[str]
NONE: Rights = frozenset()
ADMIN_POLICY = "adminPolicy"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one pattern of repositories, or the policy for administrators, says: who may do what."""

    pattern: str
    anonymous: Rights = NONE
    signed_in: Rights = NONE
    groups: Mapping[str, Rights] = field(default_factory=dict)
    users: tuple[str, ...] = ()

    def of(self, group: str) -> Rights:
        """What members of a group may do by this rule alone."""
        return self.groups.get(group, NONE)


def access_problems(access: Mapping[str, Json], profile: Profile) -> Iterator[str]:
    """Everything in `http.accessControl` that gives more or less than the tiers."""
    if not access:
        yield "http.accessControl is missing"
        return
    rules = [_rule(pattern, body) for pattern, body in table(access, "repositories").items()]
    admins = _rule(ADMIN_POLICY, {"policies": [access[ADMIN_POLICY]] if ADMIN_POLICY in access else []})
    yield from _strangers([*rules, admins], table(access, "groups"), profile)
    for rule in (*rules, admins):
        yield from _too_much(rule, profile)
    for repository in (profile.registry.image, profile.registry.scratch):
        yield from _too_little(repository, rules, admins, profile)
    for mirror in profile.registry.mirrors:
        yield from _unreadable(f"{mirror.prefix}/{mirror.image.partition(':')[0]}", rules, profile)


def _rule(pattern: str, body: Json) -> Rule:
    groups: dict[str, Rights] = {}
    users: list[str] = []
    for policy in body.get("policies") or []:
        users += texts(policy.get("users"))
        for group in texts(policy.get("groups")):
            groups[group] = groups.get(group, NONE) | frozenset(texts(policy.get("actions")))
    return Rule(
        pattern=pattern,
        anonymous=frozenset(texts(body.get("anonymousPolicy"))),
        signed_in=frozenset(texts(body.get("defaultPolicy"))),
        groups=groups,
        users=tuple(users),
    )


def _strangers(rules: Sequence[Rule], defined: Mapping[str, Json], profile: Profile) -> Iterator[str]:
    known = {profile.tiers.ci.group, profile.tiers.admins.group}
    named = {group for rule in rules for group in rule.groups} | set(defined)
    if strangers := sorted(named - known):
        yield f"it names the group {', '.join(strangers)}, which the profile does not know"
    if people := sorted({user for rule in rules for user in rule.users}):
        yield f"it names the user {', '.join(people)}, but rights go by group"


def _tiers(rule: Rule, profile: Profile) -> tuple[tuple[str, Rights, Rights], ...]:
    """Who, what the rule gives, and what the profile wants."""
    tiers = profile.tiers
    return (
        ("anybody", rule.anonymous, frozenset(tiers.anonymous)),
        ("anybody signed in", rule.signed_in, frozenset(tiers.signed_in)),
        (tiers.ci.group, rule.of(tiers.ci.group), frozenset(tiers.ci.actions)),
        (tiers.admins.group, rule.of(tiers.admins.group), frozenset(tiers.admins.actions)),
    )


def _too_much(rule: Rule, profile: Profile) -> Iterator[str]:
    """Rights beyond the tiers, wherever they stand: every pattern is somebody's repository."""
    for who, given, wanted in _tiers(rule, profile):
        if given - wanted:
            yield f"{rule.pattern}: {who} may {', '.join(sorted(given - wanted))}"


def _too_little(repository: str, rules: Sequence[Rule], admins: Rule, profile: Profile) -> Iterator[str]:
    """What one of our own repositories lacks."""
    rule = _deciding(repository, rules)
    if isinstance(rule, str):
        yield rule
        return
    for who, given, wanted in _tiers(rule, profile):
        if less := sorted(wanted - given - admins.of(who)):
            yield f"{repository}: {who} may not {', '.join(less)}"


def _unreadable(repository: str, rules: Sequence[Rule], profile: Profile) -> Iterator[str]:
    """What is cached from elsewhere only has to be readable."""
    rule = _deciding(repository, rules)
    if isinstance(rule, str):
        yield rule
    elif less := sorted(set(profile.tiers.anonymous) - rule.anonymous):
        yield f"{repository}: anybody may not {', '.join(less)}"


def _deciding(repository: str, rules: Sequence[Rule]) -> Rule | str:
    """The longest pattern that matches decides, of two equally long ones a random one (zot 2.1.20, measured)."""
    matching = [rule for rule in rules if pattern_matches(rule.pattern, repository)]
    longest = max((len(rule.pattern) for rule in matching), default=0)
    deciding = [rule for rule in matching if len(rule.pattern) == longest]
    if len(deciding) == 1:
        return deciding[0]
    if not deciding:
        return f"{repository}: no pattern covers it"
    return f"{repository}: {' and '.join(rule.pattern for rule in deciding)} are equally long, so chance decides"


def pattern_matches(pattern: str, repository: str) -> bool:
    """Whether a pattern covers a repository: `**` any part of the path, `*` within one; `a/**` covers `a` as well."""
    expression = "".join(
        {"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part)
        for part in re.split(r"(\*\*|\*)", pattern.lower().removesuffix("/**"))
    )
    below = "(/.*)?" if pattern.endswith("/**") else ""
    return re.fullmatch(expression + below, repository) is not None


def table(document: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """The object of that name; empty when it is absent or none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def texts(value: Json) -> list[str]:
    """The texts of a list; none when it is no list."""
    return [str(each) for each in value] if isinstance(value, list) else []
