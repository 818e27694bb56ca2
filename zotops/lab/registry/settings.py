"""The registry's settings, as handlers use them."""

from collections.abc import Mapping
from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who (users, groups) may do what (actions); `conditional` if it says when."""

    users: Words = ()
    groups: Words = ()
    actions: Words = ()
    conditional: bool = False


@dataclass(frozen=True, kw_only=True)
class RepositoryPolicy:
    """The rules of one pattern."""

    policies: tuple[Policy, ...] = ()
    default: Words = ()
    anonymous: Words = ()


@dataclass(frozen=True, kw_only=True)
class AccessControl:
    """`http.accessControl`; patterns are in lower case already."""

    repositories: Mapping[str, RepositoryPolicy]
    admin: Policy
    metrics_users: Words
    metrics_anonymous: Words

    @property
    def lets_anonymous_in(self) -> bool:
        """Whether any pattern has an anonymousPolicy."""
        return any(rules.anonymous for rules in self.repositories.values())

    @property
    def all_policies(self) -> tuple[Policy, ...]:
        """The admin policy and those of all patterns."""
        return (self.admin, *(policy for rules in self.repositories.values() for policy in rules.policies))

    @property
    def only_anonymous(self) -> bool:
        """Whether there is nothing but anonymousPolicy (an admin group without actions counts for nothing)."""
        for rules in self.repositories.values():
            if rules.default or any(policy.actions or policy.users for policy in rules.policies):
                return False
        return not (self.admin.actions or self.admin.users) and self.lets_anonymous_in


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One OpenID provider; `scopes` begins with `openid`."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: Words
    username_claim: str
    groups_claim: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """Which upstream repositories (prefix) come to which local place (destination)."""

    prefix: str
    destination: str
    strip_prefix: bool


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """One registry of `extensions.sync` that is asked on demand."""

    urls: Words
    contents: tuple[Content, ...]
    preserve_digest: bool


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that the stand-in does. `providers` has at most one entry per provider key; None means absent."""

    root: str
    address: str
    port: int
    external_url: str
    realm: str
    docker_manifests: bool
    fail_delay: int
    api_keys: bool
    providers: Mapping[str, Provider]
    callback_origins: Words
    secure_session: bool
    hash_key: str
    encrypt_key: str
    access: AccessControl | None
    upstreams: tuple[Upstream, ...]
    metrics_path: str | None
    search: bool
    ui: bool
    tls_files: Words
    log_level: str
    log_output: str

    @property
    def authenticates(self) -> bool:
        """Whether callers can sign in at all; without it the registry is open."""
        return self.api_keys or bool(self.providers)

    @property
    def origin(self) -> str:
        """Where the registry can be reached from outside, without a slash at the end."""
        return self.external_url.rstrip("/") or f"http://{self.address}:{self.port}"
