"""A stand-in for a Forgejo 14 server and its runners, as far as Actions secrets and builds need it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zotops.lab.forge import workflows
from zotops.lab.forge.documents import initial

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["app", "initial", "workflows"]


def app(world: Path) -> Starlette:
    """The forge of a world, to be served on its port."""
    from zotops.lab.forge.web import app as web_app

    return web_app(world)
