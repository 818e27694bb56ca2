"""The API's calls about applications, providers, bindings and scope mappings."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from zotops.lab.provider.access import (
    application_object,
    application_of,
    binding_object,
    mapping_object,
    provider_object,
)
from zotops.lab.provider.answers import Refused, answer, not_found, page_of, store_of
from zotops.lab.provider.callers import caller_of
from zotops.lab.provider.document import user_of_pk
from zotops.lab.provider.endpoints import endpoints
from zotops.lab.provider.policies import bindings_of, passes
from zotops.lab.provider.tokens import id_claims
from zotops.lab.state import Document


async def application(request: Request) -> Response:
    """GET core/applications/{slug}/."""
    caller, document, slug = caller_of(request), store_of(request).read(), request.path_params["slug"]
    if slug not in document["applications"] or not caller.superuser:
        raise not_found("Application")
    return answer(request, application_object(document, slug))


async def check_access(request: Request) -> Response:
    """GET core/applications/{slug}/check_access/: `for_user` counts for superusers, others learn about themselves."""
    caller, document, slug = caller_of(request), store_of(request).read(), request.path_params["slug"]
    if slug not in document["applications"]:
        raise not_found("Application")
    username: str | None = caller.user
    if caller.superuser and "for_user" in request.query_params:
        username = user_of_pk(document, request.query_params["for_user"])
    if username is None:
        raise Refused(400, {"for_user": ["User not found"]})
    passing = passes(document, slug, username)
    return answer(request, {"passing": passing, "messages": [], "log_messages": []})


async def bindings(request: Request) -> Response:
    """GET policies/bindings/: filters `target` (the application's pk), `order`, `enabled`."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    slugs = document["applications"] if caller.superuser else {}
    rows = [binding_object(document, row) for slug in slugs for row in bindings_of(document, slug)]
    for name in ("target", "order", "enabled"):
        if name in wanted:
            rows = [row for row in rows if str(row[name]).lower() == wanted[name].lower()]
    return answer(request, page_of(request, rows))


async def providers(request: Request) -> Response:
    """GET providers/oauth2/: filters `client_id`, `application` and `name`."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    rows = [provider_object(document, name) for name in (document["providers"] if caller.superuser else [])]
    for name in ("client_id", "name"):
        if name in wanted:
            rows = [row for row in rows if row[name] == wanted[name]]
    if "application" in wanted:
        pks = {slug: row["pk"] for slug, row in document["applications"].items()}
        rows = [row for row in rows if pks.get(row["assigned_application_slug"]) == wanted["application"]]
    return answer(request, page_of(request, rows))


async def provider(request: Request) -> Response:
    """GET providers/oauth2/{id}/."""
    document = store_of(request).read()
    return answer(request, provider_object(document, _visible_provider(request, document)))


async def setup_urls(request: Request) -> Response:
    """GET providers/oauth2/{id}/setup_urls/: built from the host of this request; 404 without an application."""
    store = store_of(request)
    document = store.read()
    name = _visible_provider(request, document)
    slug = application_of(document, name)
    if slug is None:
        raise not_found("Application")
    urls = endpoints(request, document["providers"][name], slug, store.quirks())
    return answer(request, urls)


async def preview_user(request: Request) -> Response:
    """GET providers/oauth2/{id}/preview_user/: the claims of the ID token for `for_user`, else for the caller."""
    store, caller = store_of(request), caller_of(request)
    document, quirks = store.read(), store.quirks()
    name = _visible_provider(request, document)
    wanted = request.query_params.get("for_user")
    username = caller.user if wanted is None else user_of_pk(document, wanted)
    slug = application_of(document, name)
    if username is None or slug is None:
        raise Refused(400, {"for_user": ["User not found"]})
    issuer = endpoints(request, document["providers"][name], slug, quirks)["issuer"]
    scopes = document["providers"][name]["property_mappings"]
    preview = id_claims(document, quirks, name, issuer=issuer, username=username, scopes=scopes)
    differs = quirks.get("preview_differs")
    return answer(request, {"preview": preview | (differs if isinstance(differs, dict) else {})})


def _visible_provider(request: Request, document: Document) -> str:
    caller, wanted = caller_of(request), request.path_params["id"]
    found = (name for name, row in document["providers"].items() if str(row["pk"]) == wanted and caller.superuser)
    name: str | None = next(found, None)
    if name is None:
        raise not_found("OAuth2Provider")
    return name


async def scope_mappings(request: Request) -> Response:
    """GET propertymappings/provider/scope/: filters `scope_name`, `managed`, `name`."""
    caller, document, wanted = caller_of(request), store_of(request).read(), request.query_params
    rows = [mapping_object(document, scope) for scope in (document["scope_mappings"] if caller.superuser else [])]
    for name in ("scope_name", "managed", "name"):
        if name in wanted:
            rows = [row for row in rows if row[name] in wanted.getlist(name)]
    return answer(request, page_of(request, rows))
