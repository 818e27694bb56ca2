"""What a configuration tree means: the settings that it gives."""

from collections.abc import Mapping
from typing import Any

from zotops.lab.registry.settings import (
    AccessControl,
    Content,
    Policy,
    Provider,
    RepositoryPolicy,
    Settings,
    Upstream,
    Words,
)


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
