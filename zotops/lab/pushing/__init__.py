"""The practice world's own image pushers: what real build systems send to a registry, with tiny images."""

from __future__ import annotations

from typing import Literal

from zotops.lab.pushing import dagger, skopeo
from zotops.lab.pushing.images import Format, image_from
from zotops.lab.pushing.wire import Credentials, PushError, Target

__all__ = ["Credentials", "PushError", "Style", "Target", "push_image"]

Style = Literal["dagger", "skopeo"]
_PUSHERS = {"dagger": dagger.push, "skopeo": skopeo.push_by_sequence}


def push_image(  # noqa: PLR0917 - address, repository and tag in the order of an image name
    registry_url: str,
    repository: str,
    tag: str,
    seed: str,
    credentials: tuple[str, str] | None = None,
    style: Style = "dagger",
    form: Format = "oci",
) -> str:
    """Push the image that follows from `seed` and return its digest; PushError when the registry does not take it."""
    image = image_from(seed, form)
    login = None if credentials is None else Credentials(user=credentials[0], password=credentials[1])
    _PUSHERS[style](image, Target(registry=registry_url, repository=repository, tag=tag), login)
    return image.digest
