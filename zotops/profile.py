"""One registry and everything around it, as data: places differ here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from zotops.model import Login
from zotops.world import SecretRef

_HOST = r"https?://([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
Url = Annotated[str, Meta(pattern=rf"^{_HOST}(/[^\s?#]*[^\s?#/])?$")]
Issuer = Annotated[str, Meta(pattern=rf"^{_HOST}(/[^\s?#]*)?$")]
NAMES_A_SECRET = {"names": "a secret"}
Ref = Annotated[str, Meta(pattern=r"^[^/\s][^/]*/[^/]+$", extra=NAMES_A_SECRET)]
MaybeRef = Annotated[str, Meta(pattern=r"^([^/\s][^/]*/[^/]+)?$", extra=NAMES_A_SECRET)]
RightName = Literal["read", "create", "update", "delete"]


def _says(text: str, example: str = "") -> Meta:
    return Meta(description=text, examples=[example] if example else None)


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the profile file."""


class Address(Part, frozen=True, kw_only=True):
    """One more way to the same registry, past the main one: a front door that needs the same rules."""

    url: Annotated[Url, _says("where this door is", "http://registry-host:5050")]
    reached_from: Annotated[Literal["here", "server"], _says("who can reach it: this machine, or only the server")] = (
        "here"
    )
    plain_http_is_trusted: Annotated[bool, _says("whether a key may be sent over plain http to this very address")] = (
        False
    )


class Mirror(Part, frozen=True, kw_only=True):
    """A prefix below which the registry caches what it fetches from an upstream registry."""

    prefix: Annotated[str, _says("first part of the cached repositories' names", "docker.io")]
    image: Annotated[str, _says("a small image to pull through it, as upstream names it", "library/busybox:1.36")]


class Registry(Part, frozen=True, kw_only=True):
    """The registry as clients see it."""

    url: Annotated[
        Url, _says("address that people and CI use, without a trailing slash", "https://registry.example.org")
    ]
    namespace: Annotated[str, _says("first part of the names of our own images", "platform")]
    scratch: Annotated[str, _says("repository that probes may write to", "platform/zotops-scratch")]
    image: Annotated[str, _says("one of our own images that is always there", "platform/nettest")]
    mirrors: Annotated[tuple[Mirror, ...], _says("pull-through caches")] = ()
    addresses: Annotated[tuple[Address, ...], _says("further front doors")] = ()
    metrics_path: Annotated[str, _says("where metrics are read without credentials; empty: nowhere")] = "/metrics"
    version_floor: Annotated[str, _says("oldest version in which CI cannot move a tag", "2.1.20")] = "2.1.20"
    plain_http_is_trusted: Annotated[bool, _says("whether a key may be sent to `url` over plain http")] = False


class Server(Part, frozen=True, kw_only=True):
    """The machine on which the registry runs, reached by ssh."""

    ssh: Annotated[str, _says("name given to ssh", "registry-host")]
    os: Annotated[Literal["darwin", "linux"], _says("its system; launchd has to be there")] = "darwin"
    config: Annotated[str, _says("the registry's configuration file there", "/etc/zot/config.json")]
    credentials: Annotated[str, _says("the OIDC credentials file there", "/etc/zot/oidc-credentials.json")]
    binary: Annotated[str, _says("the registry's program there", "/usr/local/bin/zot")]
    service: Annotated[str, _says("label of its LaunchAgent", "org.example.zot")]
    plist: Annotated[str, _says("its LaunchAgent file", "/Users/me/Library/LaunchAgents/org.example.zot.plist")]
    local_url: Annotated[Url, _says("the registry's own address, seen from there", "http://localhost:5050")]


class Tier(Part, frozen=True, kw_only=True):
    """A group and what it may do."""

    group: Annotated[str, _says("name of the group at the identity provider", "artifact-workloads")]
    actions: Annotated[tuple[RightName, ...], _says("what its members may do")]


class Tiers(Part, frozen=True, kw_only=True):
    """Who may do what: the aim of the whole deployment, and what every access check expects."""

    anonymous: Annotated[tuple[RightName, ...], _says("without credentials")] = ("read",)
    signed_in: Annotated[tuple[RightName, ...], _says("signed in, in neither group")] = ("read",)
    ci: Annotated[Tier, _says("CI")]
    admins: Annotated[Tier, _says("break-glass")]


class Blueprint(Part, frozen=True, kw_only=True):
    """The Authentik blueprint that describes the application, and the cluster that carries it."""

    path: Annotated[str, _says("path as Authentik's worker sees it", "custom/zot.yaml")]
    configmap: Annotated[str, _says("ConfigMap that holds it", "authentik-blueprints")]
    key: Annotated[str, _says("key within the ConfigMap", "zot.yaml")] = "zot.yaml"
    context: Annotated[str, _says("kubectl context of the cluster", "k3s")]
    namespace: Annotated[str, _says("namespace of Authentik", "authentik")] = "authentik"
    worker: Annotated[str, _says("deployment of Authentik's worker", "authentik-worker")] = "authentik-worker"


class IdentityProvider(Part, frozen=True, kw_only=True):
    """Authentik, and what the registry is to it."""

    url: Annotated[Url, _says("address of Authentik", "https://auth.example.org")]
    issuer: Annotated[Issuer, _says("issuer, byte for byte", "https://auth.example.org/application/o/zot/")]
    application: Annotated[str, _says("slug of the application", "zot")] = "zot"
    client_id: Annotated[str, _says("client id of its provider", "zot")] = "zot"
    provider_key: Annotated[str, _says("name of the provider in the registry's configuration")] = "oidc"
    scopes: Annotated[tuple[str, ...], _says("scopes that the registry asks for")] = ("openid", "email", "profile")
    api_token: Annotated[Ref, _says("where a superuser's API token is kept: item/field", "abc123/api-token")]
    client_secret: Annotated[Ref, _says("where the client secret is kept: item/field", "abc123/zot-client-secret")]
    guest: Annotated[str, _says("a user in no group, who must not get in", "guest")]
    blueprint: Annotated[Blueprint, _says("its blueprint")]


class CiUser(Part, frozen=True, kw_only=True):
    """The account that CI pushes as."""

    name: Annotated[str, _says("user name at the identity provider", "zot-ci")]
    sign_in: Annotated[
        Literal["recovery-key", "password"],
        _says(
            "how zotops signs in as it when it has to make a key; by password it was seen in the practice world only"
        ),
    ] = "recovery-key"
    password: Annotated[MaybeRef, _says('where its password is kept, only with `sign_in = "password"`')] = ""


class Workflow(Part, frozen=True, kw_only=True):
    """One way in which CI builds and pushes."""

    file: Annotated[str, _says("workflow file in the forge repository", "build-container.yaml")]
    suffix: Annotated[str, _says("what it adds to the tag", "-nix")] = ""
    pushes_with: Annotated[Literal["dagger", "skopeo"], _says("the client that pushes")]


class Copy(Part, frozen=True, kw_only=True):
    """One more repository that pushes with CI's key; zotops gives it the key by the forge's API."""

    owner: Annotated[str, _says("its owner", "ops")]
    repo: Annotated[str, _says("the repository", "website")]
    secret: Annotated[str, _says("name of its Actions secret", "ZOT_CI_API_KEY")]

    def __str__(self) -> str:
        return f"{self.owner}/{self.repo}"


class Forge(Part, frozen=True, kw_only=True):
    """Forgejo: where CI runs and keeps its copy of the key."""

    api_url: Annotated[Url, _says("base of the API", "https://forge.example.org/api/v1")]
    web_url: Annotated[Url, _says("address for people", "https://forge.example.org")]
    owner: Annotated[str, _says("owner of the repository", "ops")]
    repo: Annotated[str, _says("repository that builds the images", "platform")]
    branch: Annotated[str, _says("branch that CI builds")] = "main"
    token: Annotated[Ref, _says("where an owner's token is kept: item/field", "def456/api-token")]
    issue_token: Annotated[
        MaybeRef, _says("where a token that may open issues is kept: item/field; empty: the token above may")
    ] = ""
    secret: Annotated[str, _says("name of the Actions secret", "ZOT_CI_API_KEY")]
    given_by: Annotated[
        Literal["role", "api"], _says("what gives that repository the key: the role, or zotops by the forge's API")
    ] = "role"
    copies: Annotated[tuple[Copy, ...], _says("further repositories that push with the key")] = ()
    workflows: Annotated[tuple[Workflow, ...], _says("the push paths")]
    watched_by: Annotated[
        str, _says("workflow that looks at the key by a schedule; empty: none does", "watch.yaml")
    ] = ""
    workflow_folder: Annotated[str, _says("folder of the workflow files in the checkout")] = ".forgejo/workflows"


class Build(Part, frozen=True, kw_only=True):
    """The test build: a small container of which a new commit is built."""

    container: Annotated[str, _says("its name; its image is <namespace>/<container>", "nettest")]
    version_file: Annotated[str, _says("file that holds its version", "containers/nettest/Dockerfile")]
    version_pattern: Annotated[str, _says("regular expression with one group: the version")] = (
        r"ARG CONTAINER_APP_VERSION=(\S+)"
    )
    patience: Annotated[float, Meta(gt=0), _says("seconds to wait for a build")] = 1800.0


class ArgoCD(Part, frozen=True, kw_only=True):
    """The ArgoCD application that deploys Authentik."""

    app: Annotated[str, _says("name of the application", "authentik")]
    project: Annotated[str, _says("its project")] = "default"
    arguments: Annotated[tuple[str, ...], _says("arguments added to every call", "--grpc-web")] = ()
    target_revision: Annotated[str, _says("branch that it follows")] = "main"
    repository: Annotated[str, _says("git address that it reads", "ssh://git@forge.example.org/ops/platform.git")]
    patience: Annotated[float, Meta(gt=0), _says("seconds to wait for a sync and what follows it")] = 600.0


class Handed(Part, frozen=True, kw_only=True):
    """One value that is handed to zotops from outside, for the store `environment`: in a file or in a variable.

    With both, the variable counts where it is set, so that one profile serves schedules of several kinds.
    """

    ref: Annotated[Ref, _says("the value's name everywhere else in this profile: item/field", "itemid/zot-ci-api")]
    file: Annotated[
        str, _says("its file: a full path, or the name of a credential of systemd", "/run/secrets/zot-ci")
    ] = ""
    variable: Annotated[
        str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$"), _says("the variable that holds it", "ZOT_CI_API_KEY")
    ] = ""


class Secrets(Part, frozen=True, kw_only=True):
    """Where secrets are kept. Items are named by id: titles can be ambiguous."""

    store: Annotated[
        Literal["onepassword", "keyring", "environment"],
        _says("1Password, the system's key chain, or what is handed over from outside, which can only be read"),
    ] = "onepassword"
    vault: Annotated[
        str, _says("id of the 1Password vault; in a key chain the first part of each entry's name", "vaultid")
    ]
    shared_item: Annotated[str, _says("id of the item that the forge's role reads", "itemid")]
    key_field: Annotated[str, _says("its field that holds CI's key", "zot-ci-api")]
    own_item: Annotated[str, _says("id of zotops' own item: pending and previous key, dates and ids", "itemid2")]
    own_title: Annotated[str, _says("title of zotops' own item, for people")] = "zotops zot-ci"
    shared_title: Annotated[str, _says("title of the shared item, for people")] = "Forgejo Secrets"
    read_by_roles: Annotated[tuple[Ref, ...], _says("everything that provisioning reads: item/field each")] = ()
    unattended: Annotated[
        tuple[Ref, ...], _says("what `verify` and `key-status` may read when nobody is there: item/field each")
    ] = ()
    environment: Annotated[tuple[Handed, ...], _says("what the store `environment` is handed")] = ()
    patience: Annotated[float, Meta(gt=0), _says("seconds that one read may take; a finger may be asked for")] = 150.0


class Provisioning(Part, frozen=True, kw_only=True):
    """The Ansible runs, started through mise."""

    task: Annotated[str, _says("mise task that runs the playbook", "provision-host")]
    registry_tag: Annotated[str, _says("tag of the registry's role")] = "zot"
    secrets_tag: Annotated[str, _says("tag of the forge secrets' role")] = "forgejo_actions_secrets"
    registry_tasks: Annotated[tuple[str, ...], _says("task names that a run of the first must show")]
    secrets_tasks: Annotated[tuple[str, ...], _says("task names that a run of the second must show")]
    services_check: Annotated[str, _says("mise task that checks all services")] = "services-check"
    services_lines: Annotated[tuple[str, ...], _says("its lines that have to do with the registry")] = ()
    patience: Annotated[float, Meta(gt=0), _says("seconds that one run may take")] = 1800.0


class Programs(Part, frozen=True, kw_only=True):
    """How programs are started. Without `search_path` and `environment`: as from your own shell."""

    directory: Annotated[str, _says("the infrastructure checkout; programs run there", "~/code/platform")]
    search_path: Annotated[str, _says("replaces PATH for every program")] = ""
    environment: Annotated[dict[str, str] | None, _says("all that a program gets")] = None


class Rotation(Part, frozen=True, kw_only=True):
    """Life of the key."""

    lifetime_days: Annotated[int, Meta(ge=1), _says("days from making to expiry")] = 90
    due_day: Annotated[int, Meta(ge=1), _says("day on which the next rotation is due")] = 60
    soak_minutes: Annotated[float, Meta(ge=0), _says("minutes that the old key must stay unused")] = 15.0
    warning_days: Annotated[int, Meta(ge=1), _says("days left below which `key-status` warns")] = 14
    critical_days: Annotated[int, Meta(ge=0), _says("days left below which `key-status` calls it critical")] = 7
    stale_hours: Annotated[float, Meta(gt=0), _says("hours after which the last look at the key counts as old")] = 36.0


class Consumer(Part, frozen=True, kw_only=True):
    """Something that pulls without credentials and must keep working, asked for exactly as it asks."""

    name: Annotated[str, _says("what people call it", "k3s")]
    url: Annotated[Url, _says("address that it uses", "https://registry.example.org")]
    reference: Annotated[str, _says("what it asks for below /v2/", "platform/nettest/manifests/v1")]
    agent: Annotated[str, _says("its User-Agent")] = "containerd/2.0"
    reached_from: Annotated[Literal["here", "server"], _says("who can reach that address")] = "here"


class Verify(Part, frozen=True, kw_only=True):
    """Further logins that `invoke verify` tries; none is needed."""

    guest_key: Annotated[MaybeRef, _says("where a key of the user in no group is kept: item/field")] = ""
    admin: Annotated[str, _says("a user with the break-glass rights", "alex")] = ""
    admin_key: Annotated[MaybeRef, _says("where a key of that user is kept: item/field")] = ""
    dead_key: Annotated[MaybeRef, _says("where an expired or revoked key of CI is kept: item/field")] = ""


class Auto(Part, frozen=True, kw_only=True):
    """What `--auto` may do without a person."""

    steps: Annotated[tuple[str, ...], _says("ids of the steps that may act", "deploy-blueprint")] = ()


class Profile(Part, frozen=True, kw_only=True):
    """Everything zotops needs to know about one place."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), _says("short name, for people", "example")]
    practice: Annotated[bool, _says("a practice world: every screen says so")] = False
    registry: Registry
    server: Server
    tiers: Tiers
    identity_provider: IdentityProvider
    ci: CiUser
    forge: Forge
    build: Build
    argocd: ArgoCD
    secrets: Secrets
    provisioning: Provisioning
    programs: Programs
    rotation: Rotation = field(default_factory=Rotation)
    consumers: tuple[Consumer, ...] = ()
    auto: Auto = field(default_factory=Auto)
    verify: Verify = field(default_factory=Verify)

    @property
    def current_key(self) -> Login:
        """CI's key as the forge's role reads it."""
        return Login(self.ci.name, SecretRef(self.secrets.shared_item, self.secrets.key_field))

    @property
    def pending_key(self) -> Login:
        """A key that was made and is not in use yet."""
        return Login(self.ci.name, SecretRef(self.secrets.own_item, "pending"))

    @property
    def redirect_uri(self) -> str:
        """Where the identity provider sends people back to."""
        return f"{self.registry.url}/zot/auth/callback/{self.identity_provider.provider_key}"

    @property
    def provider_token(self) -> SecretRef:
        """Where the identity provider's API token is kept."""
        return parse_ref(self.identity_provider.api_token)

    @property
    def forge_token(self) -> SecretRef:
        """Where the forge's API token is kept."""
        return parse_ref(self.forge.token)


@dataclass(frozen=True, kw_only=True)
class OfProfile:
    """Base of the checks and actions that need a profile and nothing else.

    They inherit what makes a dataclass: made anew for each, it would take a fifth of the time until the first line.
    """

    profile: Profile


def parse_ref(text: str) -> SecretRef:
    """`item/field` as a reference."""
    item, _, name = text.partition("/")
    return SecretRef(item, name)
