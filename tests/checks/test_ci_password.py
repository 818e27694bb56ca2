from pathlib import Path

import msgspec
import pytest

from tests.checks.test_vault import Vault, seen
from tests.systems.outside import profile_of
from zotops.checks.ci_password import CiPasswordIsKept
from zotops.model import Verdict
from zotops.profile import parse_ref


@pytest.mark.parametrize(
    ("value", "verdict", "observed"),
    [("very secret", Verdict.PASSED, "it is there"), ("", Verdict.FAILED, "the field is empty")],
)
def test_whether_a_password_is_kept_is_seen_and_never_which(
    value: str, verdict: Verdict, observed: str, tmp_path: Path
) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    ci = msgspec.structs.replace(profile.ci, sign_in="password", password="ownitem/password")
    profile = msgspec.structs.replace(profile, ci=ci)
    vault = Vault({parse_ref("ownitem/password"): value})
    evidence = seen(CiPasswordIsKept(profile=profile), profile, vault)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)
