"""Harden a registry: sign-in, keys and three tiers of access, proven step by step."""

from __future__ import annotations

from inspect import cleandoc
from urllib.parse import urlsplit

from zotops.actions.build import DispatchBuild
from zotops.actions.create_key import CreateCiKey
from zotops.actions.deploy_registry import DeployRegistry, RestoreRegistry
from zotops.actions.set_password import SetCiPassword
from zotops.actions.store_key import StoreKey
from zotops.actions.sync_app import SyncApp
from zotops.actions.sync_secrets import SyncForgeSecrets
from zotops.actions.verify_by_writing import VerifyByWriting
from zotops.checks.access import (
    AnybodyMayRead,
    CiMayCreate,
    CiMayNotDelete,
    CiMayNotOverwrite,
    MadeUpKeyMayNothing,
    NobodyMayWrite,
)
from zotops.checks.application import ApplicationLetsCiIn, ProviderIsRight
from zotops.checks.argocd import AppIsSynced
from zotops.checks.blueprint import BlueprintIsApplied
from zotops.checks.builds import BuildSucceeded, TagsAreNew
from zotops.checks.ci_password import CiPasswordIsKept
from zotops.checks.ci_user import CiUserIsRight, ClaimsAreRight
from zotops.checks.combined import MayBeUnknownUntil
from zotops.checks.configuration import CredentialsAreHidden, ReviewedConfiguration
from zotops.checks.consumers import ConsumersStillPull
from zotops.checks.forge import SecretIsListed
from zotops.checks.front_of_house import NothingIsChangedOnTheWay
from zotops.checks.issuer import IssuerIsExact
from zotops.checks.key_api import CiKeyIsListed, KeyApiIsThere, KeyIsCiUsers
from zotops.checks.metrics import MetricsAsBefore
from zotops.checks.planting import CiMayNotPlant
from zotops.checks.process import ProcessIsYounger
from zotops.checks.pull import CatalogIsPublic, ImageIsPulledAnonymously
from zotops.checks.pull_through import MirrorFormIsUsed, PullThroughWorks
from zotops.checks.questions import ApiKeyOptionWorks, ClaimMatchesGroup, KeyInheritsGroup
from zotops.checks.reachable import CurrentState, RegistryIsReachable
from zotops.checks.scratch import ScratchImageCameBack
from zotops.checks.second_factor import NoSecondFactorLeft
from zotops.checks.server import ServerLetsUsIn
from zotops.checks.services import ServicesLines
from zotops.checks.sessions import NoSessionLeft
from zotops.checks.sign_in import SignInRedirects
from zotops.checks.tools import ToolsAreSignedIn, ToolsAreThere
from zotops.checks.vault import KeyIsStored, OtherFieldsUnchanged, OwnItemIsThere, ReferencesResolve
from zotops.checks.vault_unlocked import VaultIsUnlocked
from zotops.checks.version import VersionAtFloor
from zotops.checks.workflows import KeyNotInArgv, WorkflowsUseTheSecret
from zotops.model import Box, Check, Question, Runbook, Step
from zotops.profile import Profile
from zotops.runbooks.in_common import build_by_every_path, built_commit, give_ci_the_key, make_a_key, pasted_key
from zotops.systems.forgejo import secrets_page
from zotops.systems.services_check import SERVICES_OF_REGISTRY
from zotops.systems.vault_by_hand import in_key_chain, make_own_item, own_item_command, store_name
from zotops.systems.zot_image import SCRATCH_DIGEST, SCRATCH_TAG, pulled_through
from zotops.systems.zot_login import SIGNED_IN_AND_BACK

TAG_FORM = r"\w[\w.-]{0,127}"
DIGEST_FORM = r"sha256:[0-9a-f]{64}"
PULL_REQUEST = "Boxes of the pull request"
CARD = "Boxes of the card"
QUESTIONS = "Open questions of the plan"


def runbook(profile: Profile) -> Runbook:
    """The ten steps of the hardening, for this place."""
    return Runbook(
        title="Harden the registry",
        purpose=(
            "From a registry in which anybody may do anything to one in which anybody may pull, CI may push new tags "
            "and nothing else, and administrators may do the rest: by sign-in at the identity provider, API keys and "
            "three tiers of access."
        ),
        needs=(
            f"the infrastructure checkout in `{profile.programs.directory}`; run every command below there",
            f"on `{profile.forge.branch}`, merged and pulled: the change of the registry's role and of the blueprint",
            "the key chain, unlocked" if in_key_chain(profile) else "`op`, signed in",
            "`argocd`, signed in; `kubectl`, `mise`, `git` and `ssh`",
            "to look for yourself also `curl` and `jq`, and `skopeo` for the last step by hand",
            f"a superuser's API token for <{profile.identity_provider.url}> in the vault",
            f"zotops' own item `{profile.secrets.own_title}` in the vault",
        ),
        steps=(
            preflight(profile),
            deploy_blueprint(profile),
            let_ci_sign_in(profile),
            review_zot_change(profile),
            deploy_zot(profile),
            create_ci_key(profile),
            store_ci_key(profile),
            sync_forge_secrets(profile),
            test_build(profile),
            verify(profile),
        ),
        boxes=boxes(profile),
        not_checked=(
            "the boundary of the private network around the registry: who can reach it at all",
            f"the security of {profile.identity_provider.url} itself",
            "two first pushes of one tag at the same moment: the registry looks before it writes, and may take both",
            f"`{profile.provisioning.services_check}` as a proof of access: it passes with authentication off, too",
            f"what a key may once {profile.ci.name} has left its group: shown in the rehearsal only",
        ),
    )


def boxes(profile: Profile) -> tuple[Box, ...]:
    """The promises of the pull request and of the card, and the plan's open questions."""
    task, tag = profile.provisioning.task, profile.provisioning.registry_tag
    pulls = (CatalogIsPublic(profile=profile), ImageIsPulledAnonymously(profile=profile))
    refused, services = NobodyMayWrite(profile=profile), ServicesLines(profile=profile)

    def login(known_as: str, text: str) -> Box:
        shown_by = (str(SignInRedirects(profile=profile)),)
        fact = SIGNED_IN_AND_BACK
        return Box(known_as=known_as, text=text, shown_by=shown_by, fact=fact, claim=fact.name)

    def box(known_as: str, text: str, *checks: Check) -> Box:
        return Box(known_as=known_as, text=text, shown_by=tuple(str(check) for check in checks))

    return (
        box(
            PULL_REQUEST,
            f"`mise run {task} -- --check --diff --tags {tag}` shows expected config changes",
            ReviewedConfiguration(profile=profile),
        ),
        box(PULL_REQUEST, "Anonymous pull works after deploy", *pulls),
        box(PULL_REQUEST, "Unauthenticated push fails (401)", refused),
        login(PULL_REQUEST, "OIDC browser login redirects to Authentik and back"),
        box(
            PULL_REQUEST,
            "API key push works after key generation",
            CiMayCreate(profile=profile),
            ScratchImageCameBack(profile=profile),
        ),
        box(
            PULL_REQUEST,
            "CI push succeeds with both Dagger and skopeo paths",
            BuildSucceeded(profile=profile),
            TagsAreNew(profile=profile),
        ),
        box(PULL_REQUEST, f"`mise run {profile.provisioning.services_check}` passes", services),
        box(CARD, f"Anonymous pull works (`curl -sf {profile.registry.url}/v2/_catalog`)", *pulls),
        box(CARD, "Unauthenticated push fails (401)", refused),
        login(CARD, "OIDC browser login works (redirect to Authentik and back)"),
        box(
            CARD,
            "API key push works (`docker login` with `zak_...` token)",
            KeyIsCiUsers(profile=profile),
            MadeUpKeyMayNothing(profile=profile),
            ScratchImageCameBack(profile=profile),
        ),
        box(CARD, "Pull-through caching still works", PullThroughWorks(profile=profile)),
        box(CARD, f"`mise run {profile.provisioning.services_check}` passes", services),
        box(
            QUESTIONS,
            "Does the claim of the `profile` scope match the groups of `accessControl`?",
            ClaimMatchesGroup(profile=profile),
        ),
        box(
            QUESTIONS,
            "Does `http.auth.apikey: true` work in the version built here?",
            ApiKeyOptionWorks(profile=profile),
        ),
        box(QUESTIONS, "Do API keys inherit their maker's group?", KeyInheritsGroup(profile=profile)),
    )


def preflight(profile: Profile) -> Step:
    """What must stand before anything is changed."""
    registry, provider, secrets = profile.registry, profile.identity_provider, profile.secrets
    return Step(
        id="preflight",
        title="Look around before anything is changed",
        why="A missing right or an unreadable secret is found here, not in the middle of a change.",
        instructions=cleandoc(f"""
            1. You are signed in: `{own_item_command(profile)}` shows
               `{secrets.own_title}`, and `argocd account get-user-info` says `Logged In: true`.
            2. <{registry.url}/v2/_catalog> answers.
            3. <{provider.issuer}.well-known/openid-configuration>,
               asked for from `{profile.server.ssh}`, names exactly `{provider.issuer}` as its issuer. (404 is fine
               before `deploy-blueprint`: the provider does not know the registry yet.)
            4. The workflows in `{profile.forge.workflow_folder}` name `{profile.forge.secret}` and `{profile.ci.name}`.
            """)
        + "\n\n"
        + make_own_item(profile),
        checks=(
            ToolsAreThere(profile=profile),
            VaultIsUnlocked(profile=profile),
            ToolsAreSignedIn(profile=profile),
            ServerLetsUsIn(profile=profile),
            ReferencesResolve(profile=profile),
            OwnItemIsThere(profile=profile),
            RegistryIsReachable(profile=profile),
            CurrentState(profile=profile),
            MayBeUnknownUntil(check=VersionAtFloor(profile=profile), step="verify"),
            MayBeUnknownUntil(check=IssuerIsExact(profile=profile), step="deploy-blueprint"),
            WorkflowsUseTheSecret(profile=profile),
            KeyNotInArgv(profile=profile),
        ),
        safe_to_stop="Nothing has been changed.",
        back="There is nothing to take back.",
        look_only=True,
    )


def deploy_blueprint(profile: Profile) -> Step:
    """The user's step 1."""
    argocd, provider = profile.argocd, profile.identity_provider
    arguments = " ".join(("", *argocd.arguments))
    return Step(
        id="deploy-blueprint",
        title="Deploy the identity provider's blueprint",
        why=(
            f"Without it the identity provider neither knows {profile.ci.name} nor lets anybody of the group "
            f"{profile.tiers.ci.group} into the registry."
        ),
        instructions=f"""
            1. `argocd app sync {argocd.app}{arguments}`
            2. `argocd app wait {argocd.app} --sync --health --operation{arguments}`
            3. Wait until <{provider.url}/if/admin/#/blueprints/instances>
               shows `{provider.blueprint.path}` as successful, applied after the sync. The worker may take a minute
               to see the new file. Synced and healthy in ArgoCD says nothing about that.
            """,
        action=SyncApp(profile=profile),
        checks=(
            AppIsSynced(profile=profile),
            BlueprintIsApplied(profile=profile),
            ApplicationLetsCiIn(profile=profile),
            ProviderIsRight(profile=profile),
        ),
        safe_to_stop="The registry works as before; only the identity provider knows more. Any length of time.",
        back=f"revert the commit and sync {argocd.app} again; the registry does not use it yet",
    )


def let_ci_sign_in(profile: Profile) -> Step:
    """The user's step 2."""
    provider, user = profile.identity_provider, profile.ci.name
    by_password = profile.ci.sign_in == "password"
    return Step(
        id="let-ci-sign-in",
        title=f"Let {user} sign in",
        why=f"A key carries the rights of the account that made it, so one has to sign in as {user} once.",
        instructions=f"""
            1. <{provider.url}/if/admin/#/identity/users>:
               `{user}` is active, a service account, and in `{profile.tiers.ci.group}` only. The blueprint made it so;
               if it is not, go back to `deploy-blueprint`.
            2. Set nothing. In `create-ci-key` you **impersonate** it, or zotops makes a recovery key that works once.

            The plan says: set a password for `{user}`. Whether a service account may sign in by one has not been seen;
            where that demands a second factor, the first sign-in has to enrol it, and it stays; and the password is one
            more secret to keep.
            """,
        action=SetCiPassword(profile=profile) if by_password else None,
        checks=(
            CiUserIsRight(profile=profile),
            ClaimsAreRight(profile=profile),
            *((CiPasswordIsKept(profile=profile),) if by_password else ()),
        ),
        safe_to_stop="Nothing in the registry has changed.",
        back="There is nothing to take back." if not by_password else f"set another password for {user}",
    )


def review_zot_change(profile: Profile) -> Step:
    """The test plan's first box."""
    provisioning = profile.provisioning
    return Step(
        id="review-zot-change",
        title="Review what the registry's configuration will be",
        why="A half-hardened registry is worse than an open one: people trust it.",
        instructions=f"""
            1. `mise run {provisioning.task} -- --check --diff --tags {provisioning.registry_tag}`

                **Its output may show the client secret**, old and new, if the role lacks `no_log`: paste it nowhere.

            2. What the configuration will be has all four parts: `http.auth.openid`, `http.auth.apikey`,
               `http.accessControl` and `http.externalUrl`. It names no groups but `{profile.tiers.ci.group}` and
               `{profile.tiers.admins.group}`. Nothing else changes.
            3. No difference at all is fine if the present file has the four parts already.
            """,
        checks=(ReviewedConfiguration(profile=profile),),
        safe_to_stop="Nothing has been changed.",
        back="There is nothing to take back.",
        look_only=True,
        holds="then",
    )


def deploy_zot(profile: Profile) -> Step:
    """The user's step 3."""
    provisioning, provider, server = profile.provisioning, profile.identity_provider, profile.server
    return Step(
        id="deploy-zot",
        title="Deploy the registry's configuration",
        why="From here on the registry asks who one is before it lets anybody write.",
        instructions=f"""
            1. No build is running at <{profile.forge.web_url}/{profile.forge.owner}/{profile.forge.repo}/actions>:
               from now on CI is refused until `sync-forge-secrets` is done.
            2. The identity provider answers from there; without it the registry does not start:
               `ssh {server.ssh} curl -sf {provider.issuer}.well-known/openid-configuration`
            3. Keep the old configuration: `ssh {server.ssh} cp {server.config} {server.config}.before`
            4. `mise run {provisioning.task} -- --tags {provisioning.registry_tag}`
            5. The registry answers again, and its process is younger than its configuration file (the first row
               below). If it is older, the restart was lost with a failed play. Running the play again does not make
               up for it: restart it yourself.

            Back by hand: `ssh {server.ssh} mv {server.config}.before {server.config}`, then restart it.
            Restart: `ssh {server.ssh} launchctl unload {server.plist}`, then the same with `load`.
            """,
        action=DeployRegistry(profile=profile),
        undo=RestoreRegistry(profile=profile),
        checks=(
            ProcessIsYounger(profile=profile),
            AnybodyMayRead(profile=profile),
            NobodyMayWrite(profile=profile),
            NothingIsChangedOnTheWay(profile=profile),
            KeyApiIsThere(profile=profile),
            MetricsAsBefore(profile=profile),
            ConsumersStillPull(profile=profile),
            CredentialsAreHidden(profile=profile),
        ),
        safe_to_stop=(
            "Before it, all is as it was. After it, pulls work, and nobody can push: CI neither, until "
            "sync-forge-secrets is done. Builds that push fail meanwhile."
        ),
        back="`invoke deploy --undo deploy-zot`",
    )


def create_ci_key(profile: Profile) -> Step:
    """The user's step 4."""
    registry, user = profile.registry, profile.ci.name
    return Step(
        id="create-ci-key",
        title="Make the API key that CI pushes with",
        why="Since deploy-zot the registry refuses CI. CI needs a key of its own, with its group's rights and no more.",
        instructions=make_a_key(profile),
        asks=(pasted_key(profile),),
        action=CreateCiKey(profile=profile),
        checks=(
            KeyIsCiUsers(profile=profile),
            CiKeyIsListed(profile=profile),
            CiMayCreate(profile=profile),
            CiMayNotOverwrite(profile=profile),
            CiMayNotDelete(profile=profile),
            MadeUpKeyMayNothing(profile=profile),
            CiMayNotPlant(profile=profile),
            NoSessionLeft(profile=profile),
            NoSecondFactorLeft(profile=profile),
        ),
        safe_to_stop="Pulls work, CI cannot push yet. A key that was made lies in the vault's pending field.",
        back=f"delete the key on {registry.url}/user/apikey, signed in as {user}",
    )


def store_ci_key(profile: Profile) -> Step:
    """The user's step 5."""
    secrets = profile.secrets
    return Step(
        id="store-ci-key",
        title="Store the key where the forge's role reads it",
        why="The key waits in our own item; CI's copy is made from the shared one.",
        instructions=f"""
            1. In {store_name(profile)}, look at field `{secrets.key_field}` of `{secrets.shared_title}`. If a key is
               there (`zak_` and 32 more characters), copy it into field `previous` of `{secrets.own_title}`.
            2. Copy `pending` into field `{secrets.key_field}` of `{secrets.shared_title}`. Touch no other field of
               it: the forge lives on them. No blank and no line end may come along.
            3. In `{secrets.own_title}`, empty `pending` and write the day of expiry into `expires`; into `due` the day
               {profile.rotation.due_day} days after the key was made.

            The plan names `zot-ci-apikey` as the place; the role reads `{secrets.key_field}` in
            `{secrets.shared_title}`.
            """,
        action=StoreKey(profile=profile),
        checks=(KeyIsStored(profile=profile), OtherFieldsUnchanged(profile=profile)),
        safe_to_stop="Pulls work; CI still has no valid key until sync-forge-secrets is done.",
        back="put `previous` back into the shared item, if there was a key before",
    )


def sync_forge_secrets(profile: Profile) -> Step:
    """The user's step 6."""
    return Step(
        id="sync-forge-secrets",
        title="Give CI the key",
        why="The forge keeps its own copy of the secret; nothing shows whether it is the new one but a push.",
        instructions=f"{give_ci_the_key(profile)}\n\n<{secrets_page(profile)}> then lists `{profile.forge.secret}`.",
        action=SyncForgeSecrets(profile=profile),
        checks=(SecretIsListed(profile=profile),),
        safe_to_stop="CI should be able to push again; the next step shows it.",
        back="run it again after putting `previous` back",
    )


def test_build(profile: Profile) -> Step:
    """The user's step 7."""
    return Step(
        id="test-build",
        title="Build and push a test container",
        why="A green run proves nothing by itself: both workflows stay green when they skip the push.",
        instructions=build_by_every_path(profile),
        asks=(built_commit(),),
        action=DispatchBuild(profile=profile),
        checks=(BuildSucceeded(profile=profile), TagsAreNew(profile=profile)),
        safe_to_stop="CI works or it does not; nothing is half done.",
        back="there is nothing to take back; the two tags stay",
        holds="then",
    )


def verify(profile: Profile) -> Step:
    """The user's step 8 and the rest of both test plans."""
    registry = profile.registry
    host, images = urlsplit(registry.url).netloc, ", ".join(f"`{m.prefix}/{m.image}`" for m in registry.mirrors)
    there, here = f"docker://{host}/{registry.image}:<a tag>", f"docker://{host}/{registry.scratch}:<new tag>"
    copy = f"skopeo copy --src-no-creds --dest-authfile ci.json --digestfile /dev/stdout {there} {here}"
    return Step(
        id="verify",
        title="Verify everything, from outside",
        why="What was true of single steps has to be true of the whole, for somebody who only sees the registry.",
        instructions=f"""
            1. `curl -sf {registry.url}/v2/_catalog`
            2. Push to the scratch repository with CI's key, under a tag that does not exist. The first command asks
               for the key, the second prints the digest, the last one removes the key again:

                `skopeo login --authfile ci.json --username {profile.ci.name} {host}`

                `{copy}`

                `skopeo logout --authfile ci.json {host}`

            3. Pull {images} through the registry, best what is not cached yet; this prints the digest:
               `skopeo inspect --no-creds --format '{{{{.Digest}}}}' docker://{host}/<image>`
            4. <{registry.url}> in a private window: **SIGN IN WITH OIDC**, and see that you come back signed in.
            5. `mise run {profile.provisioning.services_check}`
            """,
        asks=(
            Question(id=SCRATCH_TAG.name, prompt=f"Tag that you pushed to {registry.scratch}", form=TAG_FORM),
            Question(id=SCRATCH_DIGEST.name, prompt="Digest that the push printed", form=DIGEST_FORM),
            *(
                Question(
                    id=pulled_through(mirror).name,
                    prompt=f"Digest of {mirror.prefix}/{mirror.image} that you pulled",
                    form=DIGEST_FORM,
                )
                for mirror in registry.mirrors
            ),
            Question(
                id=SERVICES_OF_REGISTRY.name,
                prompt=f"Its lines {', '.join(profile.provisioning.services_lines)}, as `name OK, name FAILED`",
                form=r"[^,]+ (OK|FAILED)(, [^,]+ (OK|FAILED))*",
            ),
            Question(
                id=SIGNED_IN_AND_BACK.name,
                prompt="Did signing in lead you there and back, signed in? (yes or no)",
                form="yes|no",
                claim=True,
            ),
        ),
        action=VerifyByWriting(profile=profile),
        checks=(
            CatalogIsPublic(profile=profile),
            ImageIsPulledAnonymously(profile=profile),
            NobodyMayWrite(profile=profile),
            SignInRedirects(profile=profile),
            ScratchImageCameBack(profile=profile),
            PullThroughWorks(profile=profile),
            MirrorFormIsUsed(profile=profile),
            ServicesLines(profile=profile),
            ClaimMatchesGroup(profile=profile),
            ApiKeyOptionWorks(profile=profile),
            KeyInheritsGroup(profile=profile),
        ),
        safe_to_stop="Everything is in place; only the proof is not complete.",
        back="there is nothing to take back",
        holds="then",
    )
