"""Faults of the vault, the forge and CI: where the key is kept, and whether it is used."""

from __future__ import annotations

import copy
from pathlib import Path

from zotops.lab import vault
from zotops.lab.faults.breaking import PROFILE, VARIABLES, in_document, in_file, in_turn, switch, world_of
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.sentences import BUILDS_SUCCEEDED, CI, LISTED, REFERENCES_RESOLVE, STORED, TAGS_ARE_NEW
from zotops.lab.forge.workflows import FOLDER, NIX, files
from zotops.lab.names import NAMES
from zotops.lab.state import Document

SHARED, TITLE, OWN = NAMES["shared_item"], NAMES["shared_title"], NAMES["own_item"]
REPOSITORY = f"{NAMES['owner']}/{NAMES['repo']}"
OTHER = f"{NAMES['owner']}/website"


def copy_item(document: Document) -> None:
    """Give the vault a second item with the shared item's title."""
    twin = copy.deepcopy(document["items"][SHARED])
    twin["id"] = "anotheritemofthattitle00000"
    document["items"][twin["id"]] = twin


def add_repository(document: Document) -> None:
    """Give the forge a second repository."""
    document["repositories"][OTHER] = {**document["repositories"][REPOSITORY], "id": 2}


def put_key_on_the_command_line(root: Path) -> None:
    """Let the checkout's workflow hand the key to skopeo as an argument."""
    path = f"{FOLDER}/{NIX}"
    (root / "checkout" / path).write_text(files(world_of(root), key_in_argv=True)[path])


FAULTS = (
    Fault(
        name="vault-signed-out",
        wrong="The vault is locked, or the session of its command line has ended.",
        noticed="Every step that needs a secret stops; `op vault list` may still answer, from its cache.",
        check="the vault is unlocked, and we may read",
        remedy="Unlock 1Password, or `op signin`, in this terminal.",
        breaks=switch("op", signed_out=True),
    ),
    Fault(
        name="item-ambiguous",
        wrong="An item is named by its title, and the vault has two of that title.",
        noticed="The play stops before it has synced anything, and hides the reason.",
        check=REFERENCES_RESOLVE,
        remedy="Name vaults and items by their ids.",
        breaks=in_turn(in_document("vault", copy_item), in_file(PROFILE, SHARED, TITLE)),
    ),
    Fault(
        name="own-item-missing",
        wrong="The vault has no item of zotops' own for the pending and the previous key.",
        noticed="The first key that is made cannot be kept.",
        check=f"the vault has our own item, {NAMES['own_title']!r}",
        remedy="Make the item as `preflight` says, and put its id into the profile.",
        breaks=in_document("vault", lambda d: d["items"].pop(OWN)),
    ),
    Fault(
        name="key-in-the-wrong-field",
        wrong="The key was stored in another field of the item than the one that the role reads.",
        noticed="The key is in the vault, and CI gets the old one.",
        check=STORED,
        remedy=f"Store it in field `{NAMES['field']}`, whatever the plan calls it, and remove the other field.",
        breaks=switch("operator", stores_in="zot-ci-apikey"),
        by_hand=("store-ci-key",),
    ),
    Fault(
        name="key-with-newline",
        wrong="The key was stored with a line end behind it.",
        noticed="The key looks right, and CI gets 401.",
        check=STORED,
        remedy="Store the 36 characters alone; `zotops` writes a key without a line end.",
        breaks=switch("operator", paste_newline=True),
        by_hand=("store-ci-key",),
    ),
    Fault(
        name="other-field-changed",
        wrong="Since the run began another field of the shared item has changed, too.",
        noticed="Nothing, until whatever lives on that field starts again.",
        check=f"the other fields of '{TITLE}' are unchanged",
        remedy="Compare with the item's history in 1Password, and restore what was lost.",
        breaks=in_document("vault", lambda d: vault.set_value(d, SHARED, "lfs-jwt-secret", "changed-meanwhile")),
        at="store-ci-key",
        by_hand=("store-ci-key",),
    ),
    Fault(
        name="secret-in-the-wrong-repository",
        wrong="The role gives the secret to another repository than the one that builds.",
        noticed="The play ends well; builds fail to push.",
        check=LISTED,
        remedy="Correct the repository in the role's list, sync again, and delete the secret where it is not needed.",
        breaks=in_turn(
            in_document("forge", add_repository),
            in_file(VARIABLES, f'"repository": "{REPOSITORY}"', f'"repository": "{OTHER}"'),
        ),
    ),
    Fault(
        name="empty-ci-secret",
        wrong="The forge keeps the secret, but empty.",
        noticed="The secret is listed, and every build fails to push.",
        check=BUILDS_SUCCEEDED,
        remedy="Sync the forge's secrets again with a token that may, and build once more: only a push shows "
        "the value.",
        breaks=switch("forge", empty_secret=True),
    ),
    Fault(
        name="workflow-without-the-secret",
        wrong="A workflow of the checkout takes another secret than the one that is synced.",
        noticed="One of the two builds fails to push.",
        check=f"all 2 workflows push as {CI} with {NAMES['secret']}",
        remedy="Have the file as on the branch that CI builds: `git fetch`, then `git restore --source "
        f"origin/{NAMES['branch']} {FOLDER}`; or wire the workflow to the secret.",
        breaks=in_file(f"checkout/{FOLDER}/{NIX}", f"secrets.{NAMES['secret']}", "secrets.OLD_KEY"),
    ),
    Fault(
        name="key-on-the-command-line",
        wrong="A workflow hands the key to skopeo as an argument.",
        noticed="Nothing; whoever lists the processes of the runner's host reads the key.",
        check="no workflow puts the key on a command line",
        remedy="Write an authfile that only its owner may read, and give skopeo `--dest-authfile`.",
        breaks=put_key_on_the_command_line,
        state="hardened",
    ),
    Fault(
        name="skopeo-without-credentials",
        wrong="The build that pushes by skopeo sends no credentials.",
        noticed="One of the two builds is green, the other one unauthorized.",
        check=BUILDS_SUCCEEDED,
        remedy="Give skopeo the authfile, and look whether the registry's challenge reaches it.",
        breaks=switch("forge", skopeo_without_credentials=True),
        state="hardened",
    ),
    Fault(
        name="failure-while-jobs-run",
        wrong="A run says failure, because one of its jobs has failed, while others still run.",
        noticed="A red run whose images appear all the same.",
        check=BUILDS_SUCCEEDED,
        remedy="Read the log of the job that failed; wait until no job runs before you build again.",
        breaks=switch("forge", early_failure=True),
        state="hardened",
    ),
    Fault(
        name="green-but-pushed-nothing",
        wrong="The build ends well and has pushed nothing.",
        noticed="A green run, and no image.",
        check=TAGS_ARE_NEW,
        remedy="Read the job's log: a container without a Dockerfile or `default.nix` at that commit is "
        "skipped, and the run is green all the same.",
        breaks=switch("forge", green_without_push=True),
    ),
    Fault(
        name="dispatched-with-a-branch-name",
        wrong="The build was started for a branch instead of a commit, and seven characters of that went into the tag.",
        noticed="Green runs, and a tag that names no commit.",
        check=TAGS_ARE_NEW,
        remedy="Start it with the full id of a commit; an administrator deletes the wrong tag.",
        breaks=switch("operator", builds_branch=True),
        by_hand=("test-build",),
    ),
)
