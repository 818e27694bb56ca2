"""The stages of a login that ask for a second factor or set one up."""

from __future__ import annotations

import uuid
from typing import Any

from zotops.lab.provider import mfa
from zotops.lab.provider.scene import Errors, Scene, error, go_on, pending

_WORDS = {"totp": "TOTP Authenticator Setup Stage", "static": "Static Authenticator Setup Stage"}


def show_validation(scene: Scene) -> dict[str, Any]:
    """The user's devices, or what can be set up when there is none."""
    offered = mfa.device_challenges(scene.document, scene.plan["user"])
    stages = [] if offered else [_selectable(kind) for kind in scene.document["login"]["enrol"]]
    return pending(scene, "ak-stage-authenticator-validate", device_challenges=offered, configuration_stages=stages)


def _selectable(kind: str) -> dict[str, str]:
    model = f"authentik_stages_authenticator_{kind}.authenticator{kind}stage"
    pk = str(uuid.uuid5(uuid.NAMESPACE_DNS, model))
    return {
        "pk": pk,
        "name": f"default-authenticator-{kind}-setup",
        "verbose_name": _WORDS[kind],
        "meta_model_name": model,
    }


def show_totp(scene: Scene) -> dict[str, Any]:
    """A secret to set up an authenticator with."""
    scene.plan["secret"] = scene.plan["secret"] or mfa.new_secret()
    url = mfa.config_url(scene.plan["user"], scene.plan["secret"])
    return pending(scene, "ak-stage-authenticator-totp", config_url=url)


def show_static(scene: Scene) -> dict[str, Any]:
    """One-time codes to keep."""
    scene.plan["codes"] = scene.plan["codes"] or mfa.new_codes()
    return pending(scene, "ak-stage-authenticator-static", codes=scene.plan["codes"])


def validate(scene: Scene, answer: dict[str, Any]) -> Errors:
    """A device's code, or the stage chosen to set one up."""
    if not mfa.devices_of(scene.document, scene.plan["user"]):
        chosen = [
            kind for kind in scene.document["login"]["enrol"] if _selectable(kind)["pk"] == answer.get("selected_stage")
        ]
        if not chosen:
            return error("selected_stage", "Invalid stage selected")
        scene.plan["stage"] = chosen[0]
        return {}
    if not mfa.accept(scene.document, scene.plan["user"], answer.get("code")):
        return error("code", "Invalid Token")
    go_on(scene)
    return {}


def enrol_totp(scene: Scene, answer: dict[str, Any]) -> Errors:
    """The first code confirms the device, which then stays."""
    secret = scene.plan["secret"]
    if not secret or not mfa.fits(secret, str(answer.get("code", ""))):
        return error("code", "Code does not match")
    mfa.add_device(scene.document, scene.plan["user"], "totp", secret=secret)
    go_on(scene)
    return {}


def enrol_static(scene: Scene, _: dict[str, Any]) -> Errors:
    """The codes were seen: the device stays."""
    mfa.add_device(scene.document, scene.plan["user"], "static", codes=tuple(scene.plan["codes"]))
    go_on(scene)
    return {}
