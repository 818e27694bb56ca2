"""Every key that zot 2.1.20 knows in its configuration, and the kind of value each one takes."""

from collections.abc import Mapping
from typing import Any

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
