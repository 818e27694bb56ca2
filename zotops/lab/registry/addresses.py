"""Every address that the registry answers, in the order in which zot looks at them."""

from http import HTTPStatus

from zotops.lab.registry.exchange import Reply, not_implemented, nothing, page
from zotops.lab.registry.keys import Keys
from zotops.lab.registry.listings import Listings
from zotops.lab.registry.login import CALLBACK, Login
from zotops.lab.registry.monitoring import Monitoring
from zotops.lab.registry.pull import Pulls
from zotops.lab.registry.push import Pushes
from zotops.lab.registry.routes import METRICS, OPEN, REPOSITORY, SIGNED_IN, Route, route
from zotops.lab.registry.settings import Settings
from zotops.lab.registry.uploading import Uploading
from zotops.lab.registry.visit import Visit

UI_PAGES = {"/": "Home", "/login": "Sign in", "/user/apikey": "API keys"}
UI = "<!doctype html><title>zot (practice)</title><h1>zot, practice world</h1><p>{what}</p>"


def health_routes(monitoring: Monitoring) -> list[Route]:
    """Health needs no credentials and ignores bad ones."""
    return [route(path, OPEN, any=monitoring.health) for path in ("/livez", "/readyz", "/startupz")]


def account_routes(login: Login, keys: Keys) -> list[Route]:
    """Signing in and out, and API keys; whatever follows the keys' address is the same address."""
    return [
        route("/zot/auth/login", OPEN, any=login.start),
        route(CALLBACK + "/{provider}", OPEN, any=login.callback),
        route("/zot/auth/logout", OPEN, options=HTTPStatus.OK, post=login.logout),
        route(
            "/zot/auth/apikey",
            SIGNED_IN,
            options=HTTPStatus.NO_CONTENT,
            whole=False,
            get=keys.list,
            post=keys.create,
            delete=keys.delete,
        ),
    ]


def registry_routes(
    settings: Settings, *, pulls: Pulls, pushes: Pushes, uploading: Uploading, listings: Listings
) -> list[Route]:
    """The distribution specification."""
    upload = "/v2/NAME/blobs/uploads/{session}"

    def version(visit: Visit) -> Reply:
        asked = settings.authenticates and visit.request.header("x-zot-api-client") != "zot-ui"
        hint = [("WWW-Authenticate", f"basic realm={settings.realm}")] if asked else []
        kind = ("Content-Type", "application/json")
        return nothing(HTTPStatus.OK, ("Docker-Distribution-API-Version", "registry/2.0"), *hint, kind)

    return [
        route("/v2/NAME/tags/list", REPOSITORY, options=HTTPStatus.NO_CONTENT, get=listings.tags),
        route(
            "/v2/NAME/manifests/{reference}",
            REPOSITORY,
            options=HTTPStatus.NO_CONTENT,
            head=pulls.manifest,
            get=pulls.manifest,
            put=pushes.put_manifest,
            delete=pushes.delete_manifest,
        ),
        route(
            "/v2/NAME/blobs/{digest}",
            REPOSITORY,
            head=pulls.check_blob,
            get=pulls.blob,
            delete=pushes.delete_blob,
        ),
        route("/v2/NAME/blobs/uploads/", REPOSITORY, post=uploading.start),
        route(
            upload,
            REPOSITORY,
            get=uploading.status,
            patch=uploading.append,
            put=uploading.finish,
            delete=uploading.cancel,
        ),
        route("/v2/NAME/referrers/{digest}", REPOSITORY, options=HTTPStatus.NO_CONTENT, get=pulls.referrers),
        route("/v2/_catalog", SIGNED_IN, options=HTTPStatus.NO_CONTENT, get=listings.catalog),
        route("/v2/_oci/ext/discover", SIGNED_IN, options=HTTPStatus.NO_CONTENT, get=lambda _: not_implemented()),
        route("/v2/", SIGNED_IN, options=HTTPStatus.NO_CONTENT, get=version),
    ]


def extension_routes(settings: Settings, monitoring: Monitoring) -> list[Route]:
    """What only exists when the configuration asks for it."""
    found: list[Route] = []
    if settings.metrics_path is not None:
        found.append(route(settings.metrics_path, METRICS, whole=False, get=monitoring.metrics))
    if settings.search:
        found.append(route("/v2/_zot/ext/mgmt", SIGNED_IN, options=HTTPStatus.NO_CONTENT, get=monitoring.mgmt))
        found.append(route("/v2/_zot/ext/", SIGNED_IN, whole=False, any=lambda _: not_implemented()))
    if settings.ui:
        found += [_page(path, what) for path, what in UI_PAGES.items()]
    return found


def _page(path: str, what: str) -> Route:
    return route(path, OPEN, get=lambda _: page(UI.format(what=what)))
