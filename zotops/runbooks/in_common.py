"""What several runbooks ask a person to do in the same words."""

from __future__ import annotations

import re
from inspect import cleandoc

from zotops.model import Question
from zotops.profile import Profile
from zotops.systems.builds import BUILD_COMMIT
from zotops.systems.forgejo import secrets_page
from zotops.systems.rotation import BY_API, GIVEN
from zotops.systems.vault_by_hand import store_name
from zotops.systems.zot_keys import FORM

FULL_COMMIT = r"[0-9a-f]{40}"


def pasted_key(profile: Profile) -> Question:
    """A new key, typed or taken from the clipboard; it goes into the pending field and nowhere else."""
    return Question(id="pasted-key", prompt="The new key", keep_as=profile.pending_key.secret, form=FORM.pattern)


def built_commit() -> Question:
    """Which commit was built, where a person started the builds."""
    return Question(id=BUILD_COMMIT.name, prompt="Full id of the commit that you built", form=FULL_COMMIT)


def find_the_key_in_use(profile: Profile) -> str:
    """And whether its user may have another one."""
    user = profile.ci.name
    return cleandoc(f"""
        1. `curl -su {user} {profile.registry.url}/zot/auth/apikey` with the key in use, twice. The key whose `lastUsed`
           moves both times is the one in use; note its label, its `uuid` and its `expirationDate`. 401: it is dead
           already, and `create` needs a sign-in.
        2. `{user}` is active and in `{profile.tiers.ci.group}` only.
        """)


def make_a_key(profile: Profile, *, beware: str = "") -> str:
    """Sign in as the CI user, make a key, leave no trace; `beware` is said of where it goes."""
    registry, user, pending = profile.registry.url, profile.ci.name, profile.pending_key.secret.field
    return f"""
        1. <{profile.identity_provider.url}/if/admin/#/identity/users>, `{user}`: **Impersonate**; any reason.
        2. In the same browser <{registry}>: **SIGN IN WITH OIDC**.
           The account menu must say `{user}`. If it says you: sign out, sign in again.
        3. <{registry}/user/apikey>: make a key that expires in {profile.rotation.lifetime_days} days.
        4. Copy it. At the prompt of zotops paste it, unseen, or type `c`; it goes into {store_name(profile)} only.
           Without zotops put it into field `{pending}` of the item `{profile.secrets.own_title}`{beware}.
           Then copy something else.
        5. Sign out at the registry and end the impersonation.
        """


def give_ci_the_key(profile: Profile) -> str:
    """By the play, or in the forge's settings, as the profile says; then to each further repository."""
    provisioning, forge, secrets = profile.provisioning, profile.forge, profile.secrets
    copies = ", ".join(map(str, forge.copies))
    further = f" Then set the Actions secret of {copies} to the same key." if copies else ""
    if forge.given_by == "api":
        return cleandoc(f"""
            <{secrets_page(profile)}>: set `{forge.secret}` to the key in field `{secrets.key_field}` of
            `{secrets.shared_title}`. No blank and no line end may come along.{further}
            """)
    return cleandoc(f"""
        `mise run {provisioning.task} -- --tags {provisioning.secrets_tag}`

        Its output must show the task `{provisioning.secrets_tasks[0]}`, and the host's line at the end
        `unreachable=0` and `failed=0`. A mistyped tag ends well, too, having done nothing.{further}
        """)


def how_ci_was_given_it(profile: Profile) -> Question:
    """What shows that a person has done that."""
    if profile.forge.given_by == "api":
        return Question(id=GIVEN.name, prompt=f"When it is set, write: {BY_API}", form=re.escape(BY_API))
    prompt, form = "The host's line at the end of the play, as printed", r".*ok=\d+.*unreachable=\d+.*failed=\d+.*"
    return Question(id=GIVEN.name, prompt=prompt, form=form)


def build_by_every_path(profile: Profile, *, then: str = "") -> str:
    """Start each workflow for a commit that was never built; `then` is what else to look at."""
    forge, build = profile.forge, profile.build
    files = " and ".join(f"`{workflow.file}`" for workflow in forge.workflows)
    return f"""
        1. Choose the newest commit of `{forge.branch}` for which
           <{profile.registry.url}/v2/{profile.registry.image}/tags/list>
           has no tag yet (a tag holds the first seven digits), and take its full id.
        2. <{forge.web_url}/{forge.owner}/{forge.repo}/actions>: run {files}
           with container `{build.container}` and that id as `ref`. A branch name there gives a wrong tag.
        3. Wait until they have ended, then ask the registry for the list of tags again{then}.
        """
