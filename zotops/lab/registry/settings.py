"""The registry's settings, as handlers use them, made from the configuration that zot reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


def settings_from(configuration: Mapping[str, Any]) -> Settings:
    """Settings of a configuration that was read and checked (see `loading`)."""
    http, log = branch(configuration, "http"), branch(configuration, "log")
    auth, extensions = branch(http, "auth"), branch(configuration, "extensions")
    providers = branch(auth, "openid", "providers")
    metrics = enabled(extensions, "metrics")
    return Settings(
        root=branch(configuration, "storage").get("rootdirectory") or "",
        address=http.get("address") or "127.0.0.1",
        port=int(http.get("port") or 8080),
        external_url=http.get("externalurl") or "",
        realm=http.get("realm") or "",
        docker_manifests="docker2s2" in words(http, "compat"),
        fail_delay=auth.get("faildelay") or 0,
        # zot forces API keys on beside OpenID, whatever the configuration says
        api_keys=bool(auth.get("apikey")) or "openid" in auth,
        providers={key: _provider(key, value) for key, value in providers.items()},
        callback_origins=words(branch(auth, "openid"), "callbackalloworigins"),
        secure_session=bool(auth.get("securesession")),
        hash_key=auth.get("sessionhashkey") or "",
        encrypt_key=auth.get("sessionencryptkey") or "",
        access=access_control(http["accesscontrol"] or {}) if "accesscontrol" in http else None,
        upstreams=_upstreams(extensions),
        metrics_path=(branch(extensions, "metrics", "prometheus").get("path") or "/metrics") if metrics else None,
        search=enabled(extensions, "search"),
        ui=enabled(extensions, "ui"),
        tls_files=words({"files": [branch(http, "tls").get(key) for key in ("cert", "key")]}, "files")
        if "tls" in http
        else (),
        log_level=log.get("level", "debug"),
        log_output=log.get("output") or "",
    )


def branch(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at this place, or an empty one."""
    for key in path:
        tree = tree.get(key) or {}
    return tree


def words(tree: Mapping[str, Any], key: str) -> Words:
    """The list of strings at this key, or nothing."""
    return tuple(item or "" for item in tree.get(key) or ())


def enabled(extensions: Mapping[str, Any], name: str) -> bool:
    """Whether an extension is there; `enable` is true unless it says otherwise."""
    return name in extensions and branch(extensions, name).get("enable") is not False


def access_control(tree: Mapping[str, Any]) -> AccessControl:
    """`http.accessControl` as rules."""
    repositories = {
        pattern: RepositoryPolicy(
            policies=tuple(_policy(policy or {}) for policy in (rules or {}).get("policies") or ()),
            default=words(rules or {}, "defaultpolicy"),
            anonymous=words(rules or {}, "anonymouspolicy"),
        )
        for pattern, rules in branch(tree, "repositories").items()
    }
    metrics = branch(tree, "metrics")
    return AccessControl(
        repositories=repositories,
        admin=_policy(branch(tree, "adminpolicy")),
        metrics_users=words(metrics, "users"),
        metrics_anonymous=words(metrics, "anonymouspolicy"),
    )


def _policy(tree: Mapping[str, Any]) -> Policy:
    return Policy(
        users=words(tree, "users"),
        groups=words(tree, "groups"),
        actions=words(tree, "actions"),
        conditional=bool(tree.get("conditions")),
    )


def _provider(key: str, tree: Mapping[str, Any]) -> Provider:
    scopes, claims = words(tree, "scopes"), branch(tree, "claimmapping")
    return Provider(
        key=key,
        name=tree.get("name") or "",
        issuer=tree.get("issuer") or "",
        client_id=tree.get("clientid") or "",
        client_secret=tree.get("clientsecret") or "",
        scopes=scopes if "openid" in scopes else ("openid", *scopes),
        username_claim=claims.get("username") or "",
        groups_claim=claims.get("groups") or "groups",
    )


def _upstreams(extensions: Mapping[str, Any]) -> tuple[Upstream, ...]:
    registries = branch(extensions, "sync").get("registries") or () if enabled(extensions, "sync") else ()
    return tuple(
        Upstream(
            urls=words(registry, "urls"),
            contents=tuple(
                Content(
                    prefix=content.get("prefix") or "",
                    destination=content.get("destination") or "",
                    strip_prefix=bool(content.get("stripprefix")),
                )
                for content in registry.get("content") or ()
            ),
            preserve_digest=bool(registry.get("preservedigest")),
        )
        for registry in registries
        if registry.get("ondemand")
    )
