"""Every key that zot 2.1.20 knows in its configuration, and the kind of value each one takes."""

from collections.abc import Callable, Mapping
from typing import Any

from zotops.lab.registry.spans import parse_span

Kind = str | list[Any] | Mapping[str, Any]
"""A scalar's name, `[kind of the items]`, `{"*": kind}` for free names, or `{key: kind}`."""

TLS: Kind = {"cert": "text", "key": "text", "cacert": "text"}
ACTIONS: Kind = ["text"]
POLICY: Kind = {
    "users": ["text"],
    "groups": ["text"],
    "actions": ACTIONS,
    "conditions": [{"expression": "text", "message": "text"}],
}
KEPT = {"pulledwithin": "span", "pushedwithin": "span"}
COUNTS = {"mostrecentlypushedcount": "number", "mostrecentlypulledcount": "number"}
STORAGE: dict[str, Kind] = {
    "rootdirectory": "text",
    "maxrepos": "number",
    "dedupe": "flag",
    "remotecache": "flag",
    "redirectbloburl": "flag",
    "gc": "flag",
    "commit": "flag",
    "gcdelay": "span",
    "gcinterval": "span",
    "gctimewindow": "text",
    "retention": {
        "dryrun": "flag",
        "delay": "span",
        "policies": [
            {
                "repositories": ["text"],
                "deletereferrers": "flag",
                "deleteuntagged": "flag",
                "keeptags": [{"patterns": ["text"], **KEPT, **COUNTS}],
                "keepuntagged": {**KEPT, **COUNTS},
            },
        ],
    },
    "storagedriver": {"*": "any"},
    "cachedriver": {"*": "any"},
}
PROVIDER: Kind = {
    "credentialsfile": "text",
    "name": "text",
    "clientid": "text",
    "clientsecret": "text",
    "keypath": "text",
    "issuer": "text",
    "authurl": "text",
    "tokenurl": "text",
    "scopes": ["text"],
    "claimmapping": {"username": "text", "groups": "text"},
}
AUTH: Kind = {
    "faildelay": "number",
    "htpasswd": {"path": "text"},
    "ldap": {"*": "any"},
    "bearer": {"*": "any"},
    "openid": {"providers": {"*": PROVIDER}, "callbackalloworigins": ["text"]},
    "apikey": "flag",
    "sessionkeysfile": "text",
    "sessiondriver": {"*": "any"},
    "securesession": "flag",
    "mtls": {"*": "any"},
}
HTTP: Kind = {
    "address": "text",
    "externalurl": "text",
    "port": "text",
    "alloworigin": "text",
    "readtimeout": "span",
    "writetimeout": "span",
    "tls": TLS,
    "auth": AUTH,
    "accesscontrol": {
        "repositories": {"*": {"policies": [POLICY], "defaultpolicy": ACTIONS, "anonymouspolicy": ACTIONS}},
        "adminpolicy": POLICY,
        "groups": {"*": {"users": ["text"]}},
        "metrics": {"users": ["text"], "anonymouspolicy": ACTIONS},
    },
    "realm": "text",
    "ratelimit": {"rate": "number", "methods": [{"method": "text", "rate": "number"}]},
    "compat": ["text"],
}
UPSTREAM: Kind = {
    "urls": ["text"],
    "pollinterval": "span",
    "content": [
        {
            "prefix": "text",
            "tags": {"regex": "text", "excluderegex": "text", "semver": "flag"},
            "destination": "text",
            "stripprefix": "flag",
        },
    ],
    "tlsverify": "flag",
    "ondemand": "flag",
    "certdir": "text",
    "maxretries": "number",
    "retrydelay": "span",
    "maxretrydelay": "span",
    "onlysigned": "flag",
    "synclegacycosigntags": "flag",
    "credentialhelper": "text",
    "oauth2credentialhelper": {"*": "any"},
    "preservedigest": "flag",
    "synctimeout": "span",
    "responseheadertimeout": "span",
}
EXTENSIONS: Kind = {
    "search": {"enable": "flag", "cve": {"*": "any"}},
    "sync": {"enable": "flag", "credentialsfile": "text", "downloaddir": "text", "registries": [UPSTREAM]},
    "metrics": {"enable": "flag", "prometheus": {"path": "text"}},
    "scrub": {"enable": "flag", "interval": "span"},
    "lint": {"enable": "flag", "mandatoryannotations": ["text"]},
    "ui": {"enable": "flag"},
    "mgmt": {"enable": "flag"},
    "apikey": {"enable": "flag"},
    "trust": {"enable": "flag", "cosign": "flag", "notation": "flag"},
    "events": {"*": "any"},
}
CONFIGURATION: Kind = {
    "distspecversion": "text",
    "goversion": "text",
    "commit": "text",
    "releasetag": "text",
    "binarytype": "text",
    "storage": {**STORAGE, "subpaths": {"*": STORAGE}, "fastrestart": "flag"},
    "http": HTTP,
    "log": {"level": "text", "output": "text", "audit": "text"},
    "extensions": EXTENSIONS,
    "scheduler": {"numworkers": "number"},
    "cluster": {"members": ["text"], "hashkey": "text", "tls": TLS},
}
SESSION_KEYS: Kind = {"hashkey": "text", "encryptkey": "text"}
CREDENTIALS: Kind = {"clientid": "text", "clientsecret": "text"}

TRUE = {"1", "t", "T", "TRUE", "true", "True"}
FALSE = {"", "0", "f", "F", "FALSE", "false", "False"}


def as_viper_reads(value: Any) -> Any:
    """The value with all keys in lower case, and without empty objects and nulls: zot's library drops them, so that a
    pattern with empty rules does not exist.
    """
    if isinstance(value, dict):
        read = {str(key).lower(): as_viper_reads(item) for key, item in value.items()}
        return {key: item for key, item in read.items() if item is not None and item != {}}
    return [as_viper_reads(item) for item in value] if isinstance(value, list) else value


def conformed(value: Any, kind: Kind, *, at: str, wrong: list[str]) -> Any:
    """The value as this kind; whatever does not fit is added to `wrong`. Loose, as zot is: "5" is a number."""
    if value is None:
        return None
    if isinstance(kind, str):
        try:
            return SCALARS[kind](value)
        except (TypeError, ValueError) as error:
            wrong.append(f"'{at}' {error}")
            return None
    if isinstance(kind, list):
        items = value if isinstance(value, list) else [value]
        return [conformed(item, kind[0], at=f"{at}[{n}]", wrong=wrong) for n, item in enumerate(items)]
    if not isinstance(value, dict):
        wrong.append(f"'{at}' expected a map or struct, got \"{type(value).__name__}\"")
        return None
    if unknown := sorted(set(value) - set(kind)) if "*" not in kind else []:
        wrong.append(f"'{at}' has invalid keys: {', '.join(unknown)}")
    return {
        key: conformed(item, kind.get(key, kind.get("*", "any")), at=f"{at}.{key}".strip("."), wrong=wrong)
        for key, item in value.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"expected type 'string', got unconvertible type '{type(value).__name__}'")


def _flag(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return bool(value)
    if isinstance(value, str) and value in TRUE | FALSE:
        return value in TRUE
    raise ValueError(f"cannot parse value as 'bool': {value!r}")


def _number(value: Any) -> int:
    if isinstance(value, str | int | float):
        return int(value or 0)
    raise TypeError(f"expected type 'int', got unconvertible type '{type(value).__name__}'")


SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "span": parse_span,
    "any": lambda value: value,
}
