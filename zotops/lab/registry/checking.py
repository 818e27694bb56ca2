"""What zot finds wrong in a configuration whose keys are all known, in zot's order and words."""

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from zotops.lab.registry.exchange import NOT_IMPLEMENTED
from zotops.lab.registry.meaning import access_control, branch, enabled, words
from zotops.lab.registry.patterns import BadPattern, compiled

Tree = Mapping[str, Any]

HIGHEST_PORT = 65535
CLUSTER_KEY = 16


class BadConfiguration(Exception):
    """zot refuses this configuration; the text is what it prints after `Error: `."""


def first_problem(configuration: Tree) -> str | None:
    """The first thing that zot would refuse the configuration for."""
    checks: tuple[Callable[[Tree], Iterator[str]], ...] = (
        _http,
        _gc,
        _openid,
        _sync,
        _storage,
        _extensions,
        _access,
        _cluster,
    )
    return next((problem for check in checks for problem in check(configuration)), None)


def unsupported(configuration: Tree) -> tuple[str, ...]:
    """Valid parts of a configuration that the stand-in cannot serve."""
    http, storage = branch(configuration, "http"), branch(configuration, "storage")
    auth = branch(http, "auth")
    found = [f"http.auth.{key}" for key in ("htpasswd", "ldap", "bearer", "sessiondriver", "mtls") if auth.get(key)]
    found += [f"http.auth.openid.{key}" for key in ("github",) if key in branch(auth, "openid", "providers")]
    found += [f"http.{key}" for key in ("tls", "ratelimit") if http.get(key)]
    found += [f"storage.{key}" for key in ("storagedriver", "subpaths", "cachedriver") if storage.get(key)]
    return tuple(found)


def _http(configuration: Tree) -> Iterator[str]:
    port = branch(configuration, "http").get("port") or ""
    if port and not (re.fullmatch(r"[+-]?\d+", port) and 0 <= int(port) <= HIGHEST_PORT):
        yield f"invalid port {port}"


def _gc(configuration: Tree) -> Iterator[str]:
    storage = branch(configuration, "storage")
    for key, name in (("gcdelay", "delay"), ("gcinterval", "interval")):
        if (storage.get(key) or 0) < 0:
            yield f"invalid garbage-collect {name} specified"


def _storage(configuration: Tree) -> Iterator[str]:
    storage = branch(configuration, "storage")
    roots = [("default storage", storage.get("rootdirectory") or "")]
    for path, one in sorted(branch(storage, "subpaths").items()):
        roots.append((f"substore (route: {path})", one.get("rootdirectory") or ""))
    for (name, root), (other, second) in itertools.combinations(roots, 2):
        first, last = posixpath.normpath(root), posixpath.normpath(second)
        if f"{first}/".startswith(f"{last}/") or f"{last}/".startswith(f"{first}/"):
            yield f"invalid storage config, {name} and {other} cannot use the same root directory"


def _openid(configuration: Tree) -> Iterator[str]:
    for key, provider in branch(configuration, "http", "auth", "openid", "providers").items():
        present = provider.get("clientid") and provider.get("scopes")
        if key in {"oidc", "google", "gitlab"}:
            if not present or not provider.get("issuer"):
                yield "OpenID provider config requires clientid, issuer and scopes parameters"
        elif key != "github":
            yield "unsupported openid/oauth2 provider"
        elif not present:
            yield "OAuth2 provider config requires clientid and scopes parameters"


def _sync(configuration: Tree) -> Iterator[str]:
    compatible = bool(words(branch(configuration, "http"), "compat"))
    for registry in branch(configuration, "extensions", "sync").get("registries") or ():
        for needing in ("maxRetries", "maxRetryDelay"):
            if registry.get(needing.lower()) is not None and registry.get("retrydelay") is None:
                yield f"retryDelay is required when using {needing}"
        if (registry.get("maxretrydelay") or inf) < (registry.get("retrydelay") or 0):
            yield "maxRetryDelay must be greater than or equal to retryDelay"
        if registry.get("preservedigest") and not compatible:
            yield "can not use PreserveDigest option without enabling http.Compat"
        for content in registry.get("content") or ():
            yield from _content(content)


def _content(content: Tree) -> Iterator[str]:
    prefix = content.get("prefix") or ""
    if not _readable(prefix):
        yield f"sync prefix could not be compiled: {prefix}"
    for key, name in (("regex", "regex"), ("excluderegex", "excludeRegex")):
        try:
            re.compile(branch(content, "tags").get(key) or "")
        except re.error:
            yield f"sync content {name} could not be compiled: {branch(content, 'tags').get(key)}"
    if content.get("stripprefix") and "/*" not in prefix and content.get("destination") == "/":
        yield "can not use stripPrefix true and destination '/' without using glob patterns in prefix"


def _extensions(configuration: Tree) -> Iterator[str]:
    extensions = branch(configuration, "extensions")
    path = branch(extensions, "metrics", "prometheus").get("path")
    if path is not None:
        if path != posixpath.normpath(path or "."):
            yield "invalid metrics path"
        if not path.startswith("/"):
            yield "metrics path must start with /"
        if path in {"/", "/v2"}:
            yield "metrics path is not allowed"
    if enabled(extensions, "ui") and not enabled(extensions, "search"):
        yield "failed to enable ui, search extension must be enabled"


def _access(configuration: Tree) -> Iterator[str]:
    http = branch(configuration, "http")
    if "accesscontrol" not in http:
        return
    access, auth = access_control(http["accesscontrol"] or {}), branch(http, "auth")
    authenticates = any(auth.get(key) for key in ("apikey", "openid", "ldap", "bearer")) or branch(
        auth, "htpasswd"
    ).get("path")
    only_metrics = not access.repositories and not access.admin.groups and "read" in access.metrics_anonymous
    if not authenticates and not access.only_anonymous and not (only_metrics and not access.admin.actions):
        yield (
            "access control config requires one of htpasswd, ldap, openid or mTLS authentication "
            "or using only 'anonymousPolicy' policies"
        )
    if any(policy.conditional for policy in access.all_policies):
        yield f"{NOT_IMPLEMENTED}: conditions"  # they are programs in a language of their own
    if not all(_readable(pattern) for pattern in access.repositories):
        yield "failed to compile authorization pattern"


def _cluster(configuration: Tree) -> Iterator[str]:
    if configuration.get("cluster") is not None:
        if not words(configuration["cluster"], "members"):
            yield "cannot have 0 members in a scale out cluster"
        if len(configuration["cluster"].get("hashkey") or "") != CLUSTER_KEY:
            yield f"hashKey for scale out cluster must have {CLUSTER_KEY} characters"


def _readable(pattern: str) -> bool:
    try:
        compiled(pattern)
    except BadPattern:
        return False
    except re.error:
        return True
    return True
