"""A stand-in for a Forgejo 14 server and its runners, as far as Actions secrets and builds need it."""

from __future__ import annotations

from zotops.lab.forge import workflows
from zotops.lab.forge.documents import initial
from zotops.lab.forge.web import app

__all__ = ["app", "initial", "workflows"]
