"""Who may do what in which repository, by the rules of `http.accessControl`."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from zotops.lab.registry.patterns import matches
from zotops.lab.registry.settings import AccessControl, Policy, RepositoryPolicy

Rules = TypeVar("Rules")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sends a request; without a name somebody anonymous."""

    name: str = ""
    groups: tuple[str, ...] = ()

    @property
    def anonymous(self) -> bool:
        """Whether nobody signed in."""
        return not self.name


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The rules in force for one caller; without rules everybody may do everything."""

    access: AccessControl | None
    caller: Caller

    def may(self, action: str, repository: str) -> bool:
        """Whether the caller may do this there: the longest matching pattern decides, then the admin policy."""
        if self.access is None:
            return True
        rules = decisive(self.access.repositories, repository)
        if rules is not None and self._permitted(rules, action):
            return True
        return self.is_admin and action in self.access.admin.actions

    def sees(self, repository: str) -> bool:
        """Whether the catalog shows the repository, and its blobs count as readable. Unlike `may`, admins see all."""
        if self.access is None or self.is_admin:
            return True
        rules = decisive(self.access.repositories, repository)
        return rules is not None and self._permitted(rules, "read")

    @property
    def is_admin(self) -> bool:
        """Whether the admin policy names the caller or one of the groups."""
        admin = self.access.admin if self.access else Policy()
        return self.caller.name in admin.users or any(group in admin.groups for group in self.caller.groups)

    def _permitted(self, rules: RepositoryPolicy, action: str) -> bool:
        for policy in rules.policies:
            named = self.caller.name in policy.users or any(group in policy.groups for group in self.caller.groups)
            if named and action in policy.actions:
                return True
        return action in (rules.anonymous if self.caller.anonymous else rules.default)


def decisive(repositories: Mapping[str, Rules], repository: str) -> Rules | None:
    """The rules of the longest matching pattern; of equally long ones zot takes any, another one each time."""
    fitting: Iterable[str] = (pattern for pattern in repositories if matches(pattern, repository))
    by_length: dict[int, list[str]] = {}
    for pattern in fitting:
        by_length.setdefault(len(pattern), []).append(pattern)
    if not by_length:
        return None
    return repositories[random.choice(by_length[max(by_length)])]  # noqa: S311  # a choice, no secret
