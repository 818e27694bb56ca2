"""Faults that only a rotation meets: fields, copies and uses of two keys that live at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from zotops.lab import vault
from zotops.lab.faults.breaking import ask_supervisor, in_document, switch, world_of
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.front import in_front, wait_for
from zotops.lab.faults.sentences import CI
from zotops.lab.faults.traps import make_key
from zotops.lab.first_key import EXPIRES
from zotops.lab.names import NAMES
from zotops.lab.rotating import end_current, use_previous
from zotops.lab.world import StartState

SHARED, OWN, OWN_TITLE = NAMES["shared_item"], NAMES["own_item"], NAMES["own_title"]
REPOSITORY = f"{NAMES['owner']}/{NAMES['repo']}"
ACCOUNTS = "host/zot/data/meta.db"
PENDING = f"{OWN_TITLE!r} has the new key pending"


@dataclass(frozen=True, kw_only=True)
class RotationFault(Fault):
    """A fault that shows itself when the key of a finished deployment is rotated."""

    state: StartState = "hardened"
    runbook: str = "rotate-key"


def forget_a_key(root: Path) -> None:
    """Let the CI user have one more key."""
    make_key(root, label="forgotten", expires=EXPIRES)


def restore_accounts(root: Path) -> None:
    """Give the registry back its accounts as they were before a key was ended, as a backup does."""
    plist = str(root / "host" / "LaunchAgents" / f"{NAMES['service']}.plist")
    ask_supervisor(root, ask="unload", path=plist)
    file = root / ACCOUNTS
    kept = [line for line in file.read_text().splitlines() if json.loads(line).get("details", "") is not None]
    file.write_text("\n".join(kept) + "\n")
    ask_supervisor(root, ask="load", path=plist)
    wait_for(world_of(root)["registry"]["port"])


FAULTS = (
    RotationFault(
        name="stray-key",
        wrong="The CI user has a key that nobody uses and nobody remembers.",
        noticed="Nothing; whoever has that key may push.",
        check=f"{CI} has no other key",
        remedy="Delete it on the registry's page of keys, signed in as the CI user.",
        breaks=forget_a_key,
    ),
    RotationFault(
        name="credentials-judged-by-nobody",
        wrong="A proxy before the registry drops every credential.",
        noticed="A dead key seems to work, and a new one cannot be told from it.",
        check=f"it is known which key of {CI} is in use",
        remedy="Let the proxy pass the header `Authorization` on.",
        breaks=in_front(drops_credentials=True),
        played_by="proxy",
    ),
    RotationFault(
        name="forge-token-reads-only",
        wrong="The forge's token may read, and not write.",
        noticed="The rotation would stop in the middle, with a new key that CI cannot be given.",
        check="the forge's token may write secrets and start builds",
        remedy="Make a token with `write:repository` as an owner of the repository, and put it into the vault.",
        breaks=in_document("forge", lambda d: d["tokens"][0].update(scopes=["read:repository"])),
    ),
    RotationFault(
        name="pending-filled-by-another",
        wrong="Another rotation has put its key into the pending field.",
        noticed="Two rotations would each take the other's key for their own.",
        check=f"no key is pending in {OWN_TITLE!r}",
        remedy="Ask who is rotating; when nobody is, delete that key, and empty the field.",
        breaks=in_document("vault", lambda d: vault.set_value(d, OWN, "pending", f"zak_{'0' * 32}")),
        at="preflight",
    ),
    RotationFault(
        name="old-key-pasted",
        wrong="Instead of the new key the one in use was pasted: it was on the clipboard still.",
        noticed="Everything looks well; the rotation would end the only key that CI has.",
        check=f"{OWN_TITLE!r} has a key pending that is not the one in use",
        remedy="Copy the new key from the registry's page, and paste it again.",
        breaks=switch("operator", pastes_old=True),
        by_hand=("create",),
    ),
    RotationFault(
        name="pending-overwritten",
        wrong="After the new key was made something else was put into the pending field.",
        noticed="CI would get that instead, and could not push.",
        check=PENDING,
        remedy="Delete the new key, and make one again: `invoke rotate-key --step create`.",
        breaks=in_document("vault", lambda d: vault.set_value(d, OWN, "pending", f"zak_{'0' * 32}")),
        at="stage",
    ),
    RotationFault(
        name="old-key-ended-early",
        wrong="Somebody has ended the old key before CI has the new one.",
        noticed="Every push is refused until CI has the new key.",
        check="the old key lives until CI has the new one",
        remedy="Go on with the rotation at once: `invoke rotate-key`.",
        breaks=end_current,
        at="stage",
    ),
    RotationFault(
        name="old-key-not-kept",
        wrong="The shared item's key was overwritten before the old one was kept.",
        noticed="Nothing, until something goes wrong: then there is no way back.",
        check=f"{OWN_TITLE!r} keeps the old key until it is ended",
        remedy="Copy it from the item's history in 1Password into the field `previous`.",
        breaks=switch("operator", forgets_previous=True),
        by_hand=("promote",),
    ),
    RotationFault(
        name="play-stops-half-way",
        wrong="A value that the role reads is missing in the vault, so the play stops before it gives CI the key.",
        noticed="CI goes on with the old key, until that is ended.",
        check=f"{REPOSITORY} was given the new key",
        remedy="Restore the value, then run the play again.",
        breaks=in_document("vault", lambda d: d["items"].pop(NAMES["fly_item"])),
        at="propagate",
        by_hand=("propagate",),
    ),
    RotationFault(
        name="consumer-forgotten",
        wrong="Something that nobody listed still pushes with the old key.",
        noticed="It fails on the day on which the old key is ended.",
        check=f"no key of {CI} but the new one was used since the cut-over",
        remedy="Find it by the registry's log, and give it the new key.",
        breaks=use_previous,
        at="prove",
    ),
    RotationFault(
        name="old-key-stirs",
        wrong="During the soak somebody uses the old key.",
        noticed="It fails on the day on which the old key is ended.",
        check="the old key has been quiet for 0 minutes",
        remedy="Find it by the registry's log, and give it the new key; then propagate again.",
        breaks=use_previous,
        at="soak",
    ),
    RotationFault(
        name="revocation-without-effect",
        wrong="The registry says 200 to the deletion of the key, and nothing has happened.",
        noticed="Nothing: the page looks as if it went well, and the old key works.",
        check=f"the old key is no longer among those of {CI}",
        remedy="Delete it again, by its id, signed in as the CI user, and load the page again.",
        breaks=switch("registry", delete_ignores=True),
        by_hand=("revoke",),
        played_by="stand-in",
    ),
    RotationFault(
        name="leaked-key-not-ended",
        wrong="After a leak the registry says 200 to the deletion of the other keys, and nothing has happened.",
        noticed="Nothing: whoever has the leaked key goes on.",
        check=f"{CI} has the new key and no other",
        remedy="Delete it again, by its id, signed in as the CI user, and load the page again.",
        breaks=switch("registry", delete_ignores=True),
        by_hand=("end-others",),
        runbook="rotate-leaked-key",
        played_by="stand-in",
    ),
    RotationFault(
        name="backup-restored",
        wrong="The registry's accounts were restored from a backup in which the old key was alive.",
        noticed="Nothing: the old key works again.",
        check="the registry refuses the old key, and takes the new one",
        remedy="End it again: `invoke rotate-key --step revoke`.",
        breaks=restore_accounts,
        at="confirm",
        played_by="stand-in",
    ),
    RotationFault(
        name="dates-forgotten",
        wrong="Nobody has noted when the next rotation is due, and the dead key is still kept.",
        noticed="The next rotation is late.",
        check=f"{OWN_TITLE!r} says when the next rotation is due, and keeps no old key",
        remedy="Write the dates: `invoke rotate-key --step arm`.",
        breaks=switch("operator", forgets_dates=True),
        by_hand=("arm",),
    ),
)
