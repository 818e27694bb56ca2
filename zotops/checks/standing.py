"""What has to be true of a hardened registry on any day, beside who may do what; each by the name that selects it."""

from __future__ import annotations

from zotops.checks.consumers import ConsumersStillPull
from zotops.checks.discovery import IssuerSeenFromHere
from zotops.checks.front_of_house import CertificateLasts, ClocksAgree, IsHealthy, NothingIsChangedOnTheWay
from zotops.checks.key_api import CiKeyIsListed
from zotops.checks.key_list import NoStrayKeys
from zotops.checks.pull_through import MirrorFormIsUsed
from zotops.checks.scraping import MetricsAreRead
from zotops.checks.sign_in import SignInIsOffered
from zotops.checks.version import VersionAtFloor
from zotops.checks.workflows import KeyNotInArgv
from zotops.model import Check
from zotops.profile import Profile

NOT_CHECKED = (
    "where the registry itself sends people who sign in: that leaves a session of two hours there; see `--sign-in`",
    "two first pushes of one tag at the same moment: the registry looks before it writes, and may take both",
    "manifests and referrers below mirrors: asking for them could fetch from upstream",
    "whether a proxy in front keeps large uploads back before it passes them on",
)


def standing_checks(profile: Profile) -> dict[str, Check]:
    """Every check by its name."""
    return {
        "version": VersionAtFloor(profile=profile),
        "health": IsHealthy(profile=profile),
        "login": SignInIsOffered(profile=profile),
        "issuer": IssuerSeenFromHere(profile=profile),
        "keys.current": CiKeyIsListed(profile=profile),
        "keys.strays": NoStrayKeys(profile=profile),
        "metrics": MetricsAreRead(profile=profile),
        "proxy": NothingIsChangedOnTheWay(profile=profile),
        "certificate": CertificateLasts(profile=profile),
        "clock": ClocksAgree(profile=profile),
        "consumers": ConsumersStillPull(profile=profile),
        "mirror-form": MirrorFormIsUsed(profile=profile),
        "key-in-argv": KeyNotInArgv(profile=profile),
    }
