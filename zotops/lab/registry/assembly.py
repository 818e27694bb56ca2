"""Puts a registry together from its settings, and opens its files."""

import fcntl
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from zotops.lab.registry.accounts import Accounts
from zotops.lab.registry.addresses import account_routes, extension_routes, health_routes, registry_routes
from zotops.lab.registry.application import Application
from zotops.lab.registry.authentication import Authentication
from zotops.lab.registry.blobs import Blobs
from zotops.lab.registry.guarding import Guard
from zotops.lab.registry.images import Images
from zotops.lab.registry.keys import Keys
from zotops.lab.registry.layout import Layout
from zotops.lab.registry.listings import Listings
from zotops.lab.registry.live import Live
from zotops.lab.registry.logbook import Logbook
from zotops.lab.registry.login import Login
from zotops.lab.registry.monitoring import Monitoring
from zotops.lab.registry.pull import Pulls
from zotops.lab.registry.push import Pushes
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.relying import DiscoveryFailed, RelyingParty
from zotops.lab.registry.sessions import Sessions
from zotops.lab.registry.settings import Settings
from zotops.lab.registry.sync import Mirror
from zotops.lab.registry.uploading import Uploading
from zotops.lab.registry.uploads import Uploads

LOCK = "cache.db"
LOCK_PATIENCE = 10.0
"""Seconds after which zot gives up on a folder that another one uses."""


class FolderInUse(Exception):
    """Another registry works on the same `rootDirectory`."""


def take_folder(root: Path) -> IO[bytes]:
    """Make the folder and keep others off it while the returned file is open; OSError when it cannot be written."""
    root.mkdir(parents=True, exist_ok=True)
    file = (root / LOCK).open("ab")
    until = time.monotonic() + LOCK_PATIENCE
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        time.sleep(0.05)
    file.close()
    raise FolderInUse("timeout")


def assemble(live: Live, book: Logbook, quirks: Quirks) -> Application:
    """The application for these settings; DiscoveryFailed when an OpenID provider cannot be used."""
    settings = live()
    layout = Layout(Path(settings.root))
    blobs, monitoring = Blobs(layout), Monitoring(live)
    accounts = sessions = None
    routes = health_routes(monitoring)
    if settings.authenticates:
        accounts, sessions = Accounts(layout.root / "meta.db"), _sessions(settings, layout.root)
        login = Login(parties=_parties(settings, book), sessions=sessions, accounts=accounts, settings=live, book=book)
        routes += account_routes(login, Keys(accounts, quirks))
    images, uploads = Images(layout, blobs), Uploads(layout, blobs)
    mirror = _mirror(settings, layout, blobs)
    routes += registry_routes(
        settings,
        pulls=Pulls(layout=layout, blobs=blobs, mirror=mirror),
        pushes=Pushes(images=images, blobs=blobs, docker_manifests=settings.docker_manifests),
        uploading=Uploading(uploads, blobs),
        listings=Listings(layout),
    )
    return Application(
        settings=live,
        routes=[*routes, *extension_routes(settings, monitoring)],
        guarded=settings.access is not None,
        authentication=Authentication(settings=live, accounts=accounts, sessions=sessions, quirks=quirks),
        guard=Guard(layout, quirks),
        monitoring=monitoring,
        quirks=quirks,
        book=book,
    )


def _parties(settings: Settings, book: Logbook) -> dict[str, RelyingParty]:
    parties = {}
    for key, provider in settings.providers.items():
        try:
            parties[key] = RelyingParty.discover(provider, origin=settings.origin)
        except DiscoveryFailed as error:
            redirect = f"{settings.origin}/zot/auth/callback/{key}"
            sentence = "failed to initialize new relying party oidc"
            book.error(sentence, error=str(error), issuer=provider.issuer, redirectURI=redirect)
            raise
    return parties


def _sessions(settings: Settings, root: Path) -> Sessions:
    return Sessions(
        root / "_sessions",
        hash_key=settings.hash_key,
        encrypt_key=settings.encrypt_key,
        secure=settings.secure_session,
    )


def _mirror(settings: Settings, layout: Layout, blobs: Blobs) -> Mirror | None:
    if not settings.upstreams:
        return None
    return Mirror(upstreams=settings.upstreams, layout=layout, blobs=blobs, docker_manifests=settings.docker_manifests)
