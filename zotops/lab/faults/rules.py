"""Faults of the registry's rules: who may do what, and where."""

from __future__ import annotations

from zotops.lab.faults.breaking import (
    CONFIGURATION,
    behind_the_review,
    in_defaults,
    in_file,
    in_turn,
    redeploy,
    switch,
)
from zotops.lab.faults.fault import Fault
from zotops.lab.faults.front import second_door
from zotops.lab.faults.sentences import CI, GROUP, NOBODY_WRITES, PROVISION, REVIEWED
from zotops.lab.names import NAMES

SCRATCH = f"{NAMES['image_namespace']}/zotops-scratch"
OF_CI = f'"policies": [{{"groups": ["{GROUP}"], "actions": ["read", "create"]}}]'

FAULTS = (
    Fault(
        name="anonymous-may-write",
        wrong="A task that no dry run shows adds `create` to what anonymous callers may do.",
        noticed="Nothing: everything works, for everybody.",
        check=NOBODY_WRITES,
        remedy="Let `anonymousPolicy` hold `read` and nothing else, in every pattern, and restart the registry.",
        breaks=behind_the_review('/"[*][*]"/,/policies/ s/"anonymousPolicy": ."read"/&, "create"/'),
    ),
    Fault(
        name="access-control-added-by-reload",
        wrong="Rules with an anonymousPolicy were written into the file of a running registry that had none: until its "
        "restart anonymous callers may do everything.",
        noticed="The file is right, pulls work, and everybody may push and delete.",
        check=NOBODY_WRITES,
        remedy="Restart the registry at once; rules are only added with a restart.",
        breaks=switch("operator", edits_in_place=True),
        state="half",
        by_hand=("deploy-zot",),
    ),
    Fault(
        name="second-front-door-without-rules",
        wrong="The registry's images can be reached by a second address that asks nobody who they are.",
        noticed="Nothing: the main address refuses as it should.",
        check=NOBODY_WRITES,
        remedy="Close that address, or give it the same rules; name every address in the profile (`addresses` under "
        "`[registry]`), so that each is looked at.",
        breaks=second_door,
        state="hardened",
    ),
    Fault(
        name="anonymous-may-not-read",
        wrong="A task that no dry run shows takes `read` from anonymous callers.",
        noticed="Every pull in the house fails.",
        check="anybody may read",
        remedy='Set `"anonymousPolicy": ["read"]` in every pattern; until then `invoke deploy --undo deploy-zot`.',
        breaks=behind_the_review('s/"anonymousPolicy": ."read".,/"anonymousPolicy": [],/'),
    ),
    Fault(
        name="no-default-policy",
        wrong="The role has no `defaultPolicy`: whoever is signed in, but in no group, may read less than nobody.",
        noticed="People who sign in get 403 where everybody else pulls.",
        check=REVIEWED,
        remedy='Set `"defaultPolicy": ["read"]` beside `anonymousPolicy`, in every pattern.',
        breaks=in_defaults('zot_default_actions: ["read"]', "zot_default_actions: []"),
    ),
    Fault(
        name="ci-may-not-push",
        wrong=f"A task that no dry run shows takes `create` from {GROUP}.",
        noticed="CI signs in, and is refused at its first push.",
        check=f"{CI} may push new tags",
        remedy=f"Give `create` back to the policy of {GROUP}, and provision again.",
        breaks=behind_the_review('s/"read", "create"]}/"read"]}/'),
    ),
    Fault(
        name="ci-may-overwrite",
        wrong="A task that no dry run shows adds `update` to what CI's group may do.",
        noticed="Nothing, until a tag means something else than yesterday.",
        check=f"{CI} may not overwrite a tag",
        remedy="Take `update` and `delete` away from CI's group in every policy, and provision again.",
        breaks=behind_the_review('s/"create"]}/"create", "update"]}/'),
    ),
    Fault(
        name="ci-may-delete",
        wrong="A task that no dry run shows adds `delete` to what CI's group may do.",
        noticed="Nothing, until an image is gone.",
        check=f"{CI} may not delete",
        remedy="Take `delete` away from CI's group in every policy, and provision again.",
        breaks=behind_the_review('s/"create"]}/"create", "delete"]}/'),
    ),
    Fault(
        name="ci-may-plant-images",
        wrong="The mirrors' prefixes have no pattern of their own, so that what CI may everywhere it may there, too.",
        noticed="Nothing, until an image of docker.io is one of CI's.",
        check=f"{CI} may not push below docker.io",
        remedy="Give each prefix a longer pattern of its own, with `read` and nothing else: the longest one decides.",
        breaks=in_turn(
            in_defaults('zot_read_only_prefixes: ["docker.io", "ghcr.io"]', "zot_read_only_prefixes: []"), redeploy
        ),
        state="hardened",
    ),
    Fault(
        name="ci-may-more-meanwhile",
        wrong="Before the last look somebody adds `update` to what CI's group may do.",
        noticed="Nothing, until a tag means something else than yesterday.",
        check=f"the key has the rights of {GROUP}, no more and no fewer",
        remedy=f"Take `update` away again, as the role does: {PROVISION}; an edited rule counts at once, without a "
        "restart.",
        breaks=in_file(CONFIGURATION, '"actions": ["read", "create"]', '"actions": ["read", "create", "update"]'),
        state="hardened",
        at="verify",
    ),
    Fault(
        name="scratch-not-readable",
        wrong="A longer pattern for the scratch repository lets CI push there, and nobody pull.",
        noticed="CI's image is there, and no node can pull it.",
        check="the image pushed with CI's key came back",
        remedy="Repeat `anonymousPolicy` in every pattern: nothing is inherited from a shorter one.",
        breaks=in_file(
            CONFIGURATION, '"**": {', f'"{SCRATCH}": {{"defaultPolicy": ["read"], {OF_CI}}},\n        "**": {{'
        ),
        state="hardened",
        at="verify",
    ),
)
