"""What Authentik's admin API answers, in the fields that zotops looks at; newer servers may send more."""

from __future__ import annotations

from msgspec import Struct

from zotops.world import Secret


class Group(Struct, frozen=True, kw_only=True):
    """A group; `parents` are uuids."""

    pk: str
    name: str
    is_superuser: bool = False


class User(Struct, frozen=True, kw_only=True):
    """A user; `groups_obj` are the direct groups.

    `type`: internal, external, service_account, internal_service_account.
    """

    pk: int
    username: str
    is_active: bool = True
    is_superuser: bool = False
    type: str = ""
    groups_obj: tuple[Group, ...] = ()
    last_login: str | None = None

    @property
    def groups(self) -> frozenset[str]:
        """The names of the direct groups."""
        return frozenset(group.name for group in self.groups_obj)


class Who(Struct, frozen=True, kw_only=True):
    """The user behind a token or a session."""

    pk: int
    username: str
    is_superuser: bool = False
    type: str = ""


class Me(Struct, frozen=True, kw_only=True):
    """Who is signed in; `original` only while impersonating."""

    user: Who
    original: Who | None = None


class RedirectUri(Struct, frozen=True, kw_only=True):
    """An address that the provider sends people back to; `matching_mode`: strict or regex."""

    matching_mode: str
    url: str


class Provider(Struct, frozen=True, kw_only=True):
    """An OAuth2 provider; `signing_key` None: HS256 with the client secret. `grant_types` only from 2026.5 on."""

    pk: int
    name: str
    client_id: str
    client_secret: Secret
    client_type: str = ""
    redirect_uris: tuple[RedirectUri, ...] = ()
    signing_key: str | None = None
    property_mappings: tuple[str, ...] = ()
    issuer_mode: str = ""
    sub_mode: str = ""
    include_claims_in_id_token: bool = True
    grant_types: tuple[str, ...] | None = None
    assigned_application_slug: str | None = None


class Application(Struct, frozen=True, kw_only=True):
    """An application; `target` is what policy bindings point at."""

    pk: str
    slug: str
    name: str = ""
    provider: int | None = None
    policy_engine_mode: str = ""
    pbm_uuid: str | None = None

    @property
    def target(self) -> str:
        """On 2026.2 the application's own key; newer servers send `pbm_uuid`."""
        return self.pbm_uuid or self.pk


class Binding(Struct, frozen=True, kw_only=True):
    """Who is let in: exactly one of group, user and policy is set."""

    pk: str
    order: int
    enabled: bool = True
    negate: bool = False
    group: str | None = None
    group_obj: Group | None = None
    user: int | None = None
    policy: str | None = None


class Access(Struct, frozen=True, kw_only=True):
    """Whether a user would be let in, and what the policies said."""

    passing: bool
    messages: tuple[str, ...] = ()


class Blueprint(Struct, frozen=True, kw_only=True):
    """A blueprint instance. `last_applied_hash`: hex SHA-512 of the file's bytes at the last *successful* apply."""

    pk: str
    path: str
    name: str = ""
    status: str = ""
    enabled: bool = True
    last_applied: str = ""
    last_applied_hash: str = ""


class BlueprintFile(Struct, frozen=True, kw_only=True):
    """A blueprint file as the worker sees it; `hash`: hex SHA-512 of its bytes."""

    path: str
    hash: str


class Session(Struct, frozen=True, kw_only=True):
    """A session of a user at the provider."""

    uuid: str
    user: int
    last_used: str = ""
    expires: str | None = None


class Token(Struct, frozen=True, kw_only=True):
    """A token without its value; `intent`: verification, api, recovery, app_password."""

    identifier: str
    intent: str
    user: int
    expires: str | None = None


class Device(Struct, frozen=True, kw_only=True):
    """A second factor of a user."""

    pk: str
    type: str
    name: str = ""
    confirmed: bool = False
