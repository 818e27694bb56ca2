"""Faults of the identity provider: who is in which group, who may pass, and what a sign-in says of them."""

from __future__ import annotations

from zotops.lab.faults.breaking import in_blueprint, in_document, switch
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.sentences import (
    ADMINS,
    APPLICATION,
    APPLY_AGAIN,
    CI,
    GROUP,
    IN_FORCE,
    LETS_CI_IN,
    PROVIDER_IS_RIGHT,
    RESTART_WORKER,
    WOULD_CLAIM,
)
from zotops.lab.state import Document

PARENT, CHILD = GROUP, "builders"


def drop_binding(document: Document) -> None:
    """Remove the binding of CI's group."""
    document["bindings"] = [row for row in document["bindings"] if row["group"] != GROUP]


def put_into_child_group(document: Document) -> None:
    """Put CI into a group below its group, and out of its group itself."""
    document["groups"][CHILD] = {**document["groups"][PARENT], "pk": "practice-builders", "num_pk": 99}
    document["groups"][CHILD]["parents"] = [PARENT]
    document["users"][CI]["groups"] = [CHILD]


FAULTS = (
    Fault(
        name="ci-not-in-the-group",
        wrong=f"The blueprint makes {CI} but does not put it into {GROUP}.",
        noticed="CI signs in, and is refused at its first push.",
        check=LETS_CI_IN,
        remedy="Put the account into the group in the blueprint, merge, sync, and sign in anew: rights follow "
        "the last sign-in.",
        breaks=in_blueprint("groups:\n        - !KeyOf ci-group", "groups: []"),
    ),
    Fault(
        name="group-claim-in-other-case",
        wrong="The provider writes the group's name with capital letters.",
        noticed="Everybody signs in, and nobody may push.",
        check=WOULD_CLAIM,
        remedy="Compare the group's name at the provider with `http.accessControl` letter by letter, and "
        "correct the scope mapping that writes the claim.",
        breaks=switch("provider", group_case="title"),
    ),
    Fault(
        name="group-claim-named-roles",
        wrong="A scope mapping puts the groups into a claim named `roles`, and the registry reads `groups`.",
        noticed="Everybody signs in, and nobody may push.",
        check=WOULD_CLAIM,
        remedy="Name the claim `groups` in the `profile` scope mapping, or map it in the registry "
        "(`claimMapping.groups`), then sign in anew.",
        breaks=switch("provider", group_claim="roles"),
    ),
    Fault(
        name="claim-misses-inherited-group",
        wrong=f"{CI} is in a group below {GROUP}: bindings count that, the claim holds direct groups only.",
        noticed="CI gets in, and may push nothing.",
        check=WOULD_CLAIM,
        remedy=f"Put {CI} into {GROUP} itself, as the blueprint does: {APPLY_AGAIN}",
        breaks=in_document("provider", put_into_child_group),
        state="hardened",
    ),
    Fault(
        name="application-binding-missing",
        wrong=f"The application has no binding for {GROUP}.",
        noticed="CI is refused by the provider, before the registry sees it.",
        check=LETS_CI_IN,
        remedy=f"Bind the application to {GROUP}; a sync alone does not, when the blueprint has not changed. Apply it "
        f"in the admin interface, or by {APPLY_AGAIN}",
        breaks=in_document("provider", drop_binding),
        state="hardened",
    ),
    Fault(
        name="engine-mode-all",
        wrong=f"The application demands membership of {ADMINS} and {GROUP} at once (policy engine mode `all`).",
        noticed="Neither administrators nor CI get in.",
        check=LETS_CI_IN,
        remedy=f"Set the application's policy engine mode to `any`, as the blueprint does: {APPLY_AGAIN}",
        breaks=in_document("provider", lambda d: d["applications"][APPLICATION].update(policy_engine_mode="all")),
        state="hardened",
    ),
    Fault(
        name="no-binding-at-all",
        wrong="The application has no binding, so it is open to everybody who can sign in.",
        noticed="Nothing: those who should get in do.",
        check=LETS_CI_IN,
        remedy=f"Bind the application to {ADMINS} and to {GROUP}, as the blueprint does: {APPLY_AGAIN}",
        breaks=in_document("provider", lambda d: d.update(bindings=[])),
        state="hardened",
    ),
    Fault(
        name="blueprint-not-applied",
        wrong="ArgoCD has synced the ConfigMap, but Authentik's worker has not applied the new blueprint.",
        noticed="ArgoCD is green, and nobody of CI's group gets in.",
        check=IN_FORCE,
        remedy="Look at Authentik's blueprint instances; restart the worker, which then applies what differs: "
        f"{RESTART_WORKER}",
        breaks=switch("provider", apply_stuck=True),
    ),
    Fault(
        name="worker-sees-old-file",
        wrong="The ConfigMap is new, and Authentik's worker still has the old file before it.",
        noticed="ArgoCD is green, the blueprint says successful, and nobody of CI's group gets in.",
        check=IN_FORCE,
        remedy="Wait a minute: a mounted ConfigMap is refreshed late. If it stays so, restart the worker: "
        f"{RESTART_WORKER}",
        breaks=switch("provider", worker_stuck=True),
    ),
    Fault(
        name="issuer-without-slash",
        wrong="The provider names itself without the slash at the end.",
        noticed="The registry dies when it starts.",
        check="the provider names the issuer that the registry expects, byte for byte",
        remedy="Make the configured issuer and the provider's own equal, byte for byte: the slash at the end counts.",
        breaks=switch("provider", issuer_without_slash=True),
    ),
    Fault(
        name="redirect-not-registered",
        wrong="The provider knows another address to send people back to than the registry's.",
        noticed="SIGN IN WITH OIDC ends in an error page of the provider.",
        check=PROVIDER_IS_RIGHT,
        remedy="Register the registry's callback at the provider, strict, with its host name and `https`, as the "
        f"blueprint does: {APPLY_AGAIN}",
        breaks=in_document(
            "provider",
            lambda d: d["providers"]["Zot"]["redirect_uris"][0].update(url="https://old.example.org/callback"),
        ),
        state="hardened",
    ),
    Fault(
        name="ci-inactive",
        wrong=f"Somebody has deactivated {CI} at the provider.",
        noticed="The key works; nobody can make the next one.",
        check=f"{CI} is an active service account in {GROUP} only",
        remedy=f"Activate the account again, as the blueprint does: {APPLY_AGAIN}",
        breaks=in_document("provider", lambda d: d["users"][CI].update(is_active=False)),
        state="hardened",
    ),
    Fault(
        name="preview-wrong-while-keys-work",
        wrong=f"The provider would claim no group for {CI} any more, while its old keys still work.",
        noticed="Nothing, until somebody signs in as CI: that takes the rights from all its keys at once.",
        check=WOULD_CLAIM,
        remedy="Sign in as nobody of CI; correct the group or the scope mapping first, until the preview is right.",
        breaks=switch("provider", preview_differs={"groups": []}),
        state="hardened",
    ),
    Fault(
        name="group-claim-changes-meanwhile",
        wrong="Between the making of the key and the last look somebody changes how the claim spells groups.",
        noticed="The key works; the next sign-in takes its rights.",
        check="the provider's group claim matches the registry's policy",
        remedy="Compare the preview at the provider with `http.accessControl` letter by letter.",
        breaks=switch("provider", group_case="title"),
        state="hardened",
        at="verify",
    ),
    Fault(
        name="ci-forced-to-enrol-a-second-factor",
        wrong=f"{CI} was signed in by password, and the provider's flow made it enrol a second factor.",
        noticed="Every later sign-in asks for a code that nobody has.",
        check=f"{CI} has no second factor",
        remedy=f"Delete the device of {CI}; impersonate it, or use a recovery key: neither asks for a second factor.",
        breaks=switch("provider", force_mfa="static"),
        by_hand=("create-ci-key",),
        password=True,
    ),
    Fault(
        name="session-of-ci-left",
        wrong=f"After the key was made {CI} stayed signed in at the provider.",
        noticed="Nothing; whoever has the browser is CI.",
        check=f"no session of {CI} is left",
        remedy=f"Delete the sessions of {CI} in the admin interface, and end the impersonation.",
        breaks=switch("operator", stays_signed_in=True),
        by_hand=("create-ci-key",),
    ),
)
