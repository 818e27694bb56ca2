"""Faults of the registry itself and of what stands before and behind it."""

from __future__ import annotations

import json
from pathlib import Path

from zotops.lab.faults.breaking import (
    PROFILE,
    as_it_is,
    ask_supervisor,
    in_defaults,
    in_file,
    restart_registry,
    switch,
)
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.front import in_front
from zotops.lab.faults.sentences import CI, KEY_LISTED, UNCHANGED
from zotops.lab.names import NAMES

IMAGE = f"{NAMES['image_namespace']}/{NAMES['container']}"


def damage_blobs(root: Path) -> None:
    """Turn the bits of every layer and image configuration; manifests stay as they are."""
    for blob in (root / "host" / "zot" / "data" / IMAGE / "blobs" / "sha256").iterdir():
        content = blob.read_bytes()
        if b"schemaVersion" not in content:
            blob.write_bytes(bytes(255 - byte for byte in content))


def shorten_session_key(root: Path) -> None:
    """Give the registry a session key that its cipher cannot use; it starts all the same."""
    file = root / "host" / "zot" / "session-keys.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "encryptKey": "short"}))
    restart_registry(root)


def stop_upstream(root: Path) -> None:
    """End the registry that is cached from."""
    ask_supervisor(root, ask="stop", label="upstream")


FAULTS = (
    Fault(
        name="address-leads-elsewhere",
        wrong="The registry's address in the profile leads to another server.",
        noticed="Something answers, and it is no registry.",
        check="the registry answers",
        remedy="Open the address in a browser, and correct `url` under `[registry]`.",
        breaks=in_file(PROFILE, 'url = "http://127.0.0.1:{registry}"', 'url = "http://127.0.0.1:{forge}"'),
    ),
    Fault(
        name="build-without-key-api",
        wrong="This build of the registry has no API keys: 404, whatever the switch in the configuration says.",
        noticed="People can sign in, and the page for keys is missing.",
        check="the registry has API keys",
        remedy="Build and install a registry that has them; beside openid the switch alone has no effect.",
        breaks=switch("registry", no_key_api=True),
        played_by="stand-in",
    ),
    Fault(
        name="key-api-gone-meanwhile",
        wrong="Before the last look somebody installs a build of the registry without API keys.",
        noticed="Nothing, until a key has to be made.",
        check="the option http.auth.apikey works in this build",
        remedy="Install the build from before.",
        breaks=switch("registry", no_key_api=True),
        state="hardened",
        at="verify",
        played_by="stand-in",
    ),
    Fault(
        name="tag-overwrite-hole",
        wrong="The registry is a 2.1.17 or 2.1.18: CI moves a tag by pushing a digest with `?tag=`.",
        noticed="Nothing, until a tag means something else than yesterday.",
        check="the registry's version is 2.1.20 or later",
        remedy="Build and install 2.1.20 or later.",
        breaks=switch("registry", tag_overwrite_hole=True),
        state="hardened",
        played_by="stand-in",
    ),
    Fault(
        name="key-without-expiry",
        wrong="The key was made without a day on which it ends.",
        noticed="Nothing: it works, for ever.",
        check=KEY_LISTED,
        remedy="Make another key with an expiry, and delete this one.",
        breaks=switch("operator", no_expiry=True),
        by_hand=("create-ci-key",),
    ),
    Fault(
        name="session-key-too-short",
        wrong="The registry's session key has a wrong length: it starts, and every sign-in ends in 500.",
        noticed="SIGN IN WITH OIDC shows an empty page.",
        check="a sign-in leads to the identity provider",
        remedy="Make `encryptKey` 16, 24 or 32 characters long, and restart the registry.",
        breaks=shorten_session_key,
        state="hardened",
    ),
    Fault(
        name="blob-damaged",
        wrong="The bits of stored layers have changed.",
        noticed="Pulls end in a digest mismatch.",
        check=f"{IMAGE} is pulled without credentials",
        remedy="`zot scrub` names what is damaged; push those images again.",
        breaks=damage_blobs,
        state="hardened",
        at="verify",
    ),
    Fault(
        name="upstream-down",
        wrong="The registry that is cached from does not answer.",
        noticed="What is cached comes slowly, what is not does not come.",
        check="pulling through works: docker.io",
        remedy="Look whether the upstream answers from the registry's host; what is cached is served by its digest.",
        breaks=stop_upstream,
        state="hardened",
    ),
    Fault(
        name="plain-mirrors-not-served",
        wrong="A registry that caches below a prefix does not serve those who ask without it: every zot is so.",
        noticed="Nothing: such consumers go to the upstream, and the cache is never used.",
        check="plain mirrors find the cache",
        remedy="In containerd's hosts.toml name `/v2/<prefix>` as the host, with `override_path = true`.",
        breaks=as_it_is,
        state="hardened",
    ),
    Fault(
        name="consumer-asks-in-mirror-form",
        wrong="A consumer asks for an image as containerd asks a plain mirror, without the prefix.",
        noticed="It gets 404, and falls back to the upstream, or fails.",
        check="still pull without credentials: cluster, job runner",
        remedy="Let it ask with the prefix: in containerd's hosts.toml `/v2/<prefix>` with `override_path = true`.",
        breaks=in_file(
            PROFILE,
            f'reference = "{IMAGE}/tags/list"\nagent = "containerd/2.0"',
            'reference = "library/busybox/manifests/1.36?ns=docker.io"\nagent = "containerd/2.0"',
        ),
        state="hardened",
    ),
    Fault(
        name="metrics-cut-off",
        wrong="The new rules say nothing of metrics, and since 2.1.18 that means that nobody may read them.",
        noticed="The graphs end.",
        check="metrics are read as before",
        remedy='Set `"anonymousPolicy": ["read"]` in `http.accessControl.metrics`, or give the scraper a key.',
        breaks=in_defaults('zot_metrics_anonymous_actions: ["read"]', "zot_metrics_anonymous_actions: []"),
    ),
    Fault(
        name="proxy-strips-the-challenge",
        wrong="A proxy before the registry drops `WWW-Authenticate`, without which skopeo sends no credentials.",
        noticed="CI pushes by Dagger's client, and not by skopeo.",
        check=UNCHANGED,
        remedy="Let the proxy pass `WWW-Authenticate` on, also with a 200.",
        breaks=in_front(strips_challenge=True),
        state="hardened",
        played_by="proxy",
    ),
    Fault(
        name="proxy-drops-credentials",
        wrong="A proxy before the registry drops `Authorization`, so that everybody is nobody.",
        noticed="Any password is taken, and nobody may push.",
        check="a made-up key may nothing",
        remedy="Let the proxy pass `Authorization` on.",
        breaks=in_front(drops_credentials=True),
        played_by="proxy",
    ),
    Fault(
        name="proxy-limits-the-body",
        wrong="A proxy before the registry takes no request above a certain size (here one million bytes).",
        noticed="Small images are pushed, large ones end in 413.",
        check=UNCHANGED,
        remedy="Raise the proxy's limit for the registry's name above the largest layer, or push past it.",
        breaks=in_front(largest_body=1_000_000),
        state="hardened",
        played_by="proxy",
    ),
    Fault(
        name="proxy-refuses-writes",
        wrong="A proxy before the registry answers every write itself.",
        noticed="Nothing can be pushed, and the registry's log shows no attempt.",
        check="the registry's state can be told",
        remedy="Let the proxy pass PUT, POST, PATCH and DELETE on.",
        breaks=in_front(refuses_writes=True),
        played_by="proxy",
    ),
    Fault(
        name="proxy-serves-an-old-catalog",
        wrong="A proxy before the registry answers the catalog from its cache.",
        noticed="Images can be pulled that nothing lists.",
        check="the catalog is public",
        remedy="Let the proxy cache nothing below `/v2/`.",
        breaks=in_front(old_catalog=True),
        state="hardened",
        played_by="proxy",
    ),
    Fault(
        name="key-of-another-user",
        wrong=f"The key was made while somebody else than {CI} was signed in: an administrator.",
        noticed="CI's user and that key get 401; with the maker's name it may do everything.",
        check=f"the registry takes this key for {CI}",
        remedy=f"Delete the key, signed in as whoever made it; sign out, sign in as {CI}, and make it again.",
        breaks=switch("operator", key_of=NAMES["admin_user"]),
        by_hand=("create-ci-key",),
    ),
)
