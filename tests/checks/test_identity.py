"""The identity provider, looked at from ArgoCD to the claims, in a practice world that is broken in named ways."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.platform.places import look, mended, quirk
from tests.systems.outside import Place, practice
from zotops.checks.application import ApplicationLetsCiIn, ProviderIsRight
from zotops.checks.argocd import AppIsSynced
from zotops.checks.blueprint import BlueprintIsApplied
from zotops.checks.ci_user import CiUserIsRight, ClaimsAreRight
from zotops.checks.issuer import IssuerIsExact
from zotops.model import Check, Verdict
from zotops.profile import Profile

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
ALL = (
    AppIsSynced,
    BlueprintIsApplied,
    ApplicationLetsCiIn,
    ProviderIsRight,
    CiUserIsRight,
    ClaimsAreRight,
    IssuerIsExact,
)
Named = Callable[..., Check]


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("identity") / "world", "hardened") as running:
        yield running


@pytest.fixture
def place(hardened: Place) -> Iterator[Place]:
    with mended(hardened):
        yield hardened


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("untouched") / "world", "open") as running:
        yield running


def edit(place: Place, kind: str, name: str, **fields: Any) -> None:
    with place.state.edit("provider") as document:
        document[kind][name].update(fields)


@pytest.mark.parametrize("check", ALL)
def test_where_the_deployment_is_done_all_is_well(place: Place, check: Named) -> None:
    evidence = look(place, check(profile=place.profile))
    assert evidence.verdict is PASSED, evidence


@pytest.mark.parametrize(
    ("check", "observed"),
    [
        (AppIsSynced, "sync: OutOfSync"),
        (ApplicationLetsCiIn, "no enabled binding for artifact-workloads; zot-ci does not exist"),
        (CiUserIsRight, "there is no such user"),
        (ClaimsAreRight, "there is no such user"),
    ],
)
def test_before_the_blueprint_is_deployed_it_is_missing(untouched: Place, check: Named, observed: str) -> None:
    evidence = look(untouched, check(profile=untouched.profile))
    assert (evidence.verdict, evidence.observed) == (FAILED, observed)
    assert evidence.remedy


def switch(owner: str, **switches: Any) -> Callable[[Place], None]:
    return lambda place: quirk(place, owner, **switches)


def change(kind: str, name: str, **fields: Any) -> Callable[[Place], None]:
    return lambda place: edit(place, kind, name, **fields)


def ci(**fields: Any) -> Callable[[Place], None]:
    return change("users", "zot-ci", **fields)


GROUP, BLUEPRINT = "artifact-workloads", "custom/zot.yaml"
BROKEN: list[tuple[Named, Callable[[Place], None], Verdict, str]] = [
    (AppIsSynced, switch("argocd", sync_to_other_commit=True), FAILED, "compared with commit: "),
    (AppIsSynced, switch("argocd", stuck_progressing=True), FAILED, "health: Progressing"),
    (AppIsSynced, switch("argocd", healthy_but_signed_out=True), PASSED, "Healthy"),
    (BlueprintIsApplied, change("blueprints", BLUEPRINT, last_applied_hash="00" * 64), FAILED, "applied 000000000000"),
    (BlueprintIsApplied, change("blueprints", BLUEPRINT, status="warning"), FAILED, "warning"),
    (ApplicationLetsCiIn, ci(groups=[]), FAILED, "zot-ci is not let in"),
    (ApplicationLetsCiIn, change("users", "guest", groups=["admins"]), FAILED, "guest is let in, too"),
    (ApplicationLetsCiIn, change("applications", "zot", policy_engine_mode="all"), FAILED, "mode all"),
    (ApplicationLetsCiIn, change("users", "akadmin", groups=[]), UNKNOWN, "no superuser"),
    (ProviderIsRight, change("providers", "Zot", signing_key=None), FAILED, "no signing key"),
    (ProviderIsRight, change("providers", "Zot", client_type="public"), FAILED, "client type public"),
    (ProviderIsRight, change("providers", "Zot", issuer_mode="global"), FAILED, "issuer mode global"),
    (ProviderIsRight, change("providers", "Zot", client_id="other"), FAILED, "no provider with client id zot"),
    (CiUserIsRight, ci(groups=[GROUP, "admins"]), FAILED, "groups: admins, artifact-workloads"),
    (CiUserIsRight, ci(groups=[]), FAILED, "groups: none"),
    (CiUserIsRight, ci(is_active=False), FAILED, "not active"),
    (CiUserIsRight, ci(type="internal"), FAILED, "type internal"),
    (CiUserIsRight, ci(groups=[GROUP, "authentik Admins"]), FAILED, "a superuser"),
    (ClaimsAreRight, switch("provider", group_case="title"), FAILED, "Artifact-Workloads"),
    (ClaimsAreRight, switch("provider", drop_groups=True), FAILED, "groups none"),
    (ClaimsAreRight, switch("provider", group_claim="roles"), FAILED, "groups none"),
    (ClaimsAreRight, change("providers", "Zot", include_claims_in_id_token=False), UNKNOWN, "userinfo only"),
    (IssuerIsExact, switch("provider", issuer_without_slash=True), FAILED, "/application/o/zot"),
    (IssuerIsExact, switch("ssh", unreachable=True), UNKNOWN, "ssh practice-host"),
    *[(check, switch("provider", down=True), UNKNOWN, "503") for check in ALL if check is not AppIsSynced],
]


@pytest.mark.parametrize(("check", "break_it", "verdict", "observed"), BROKEN)
def test_what_is_wrong_is_named(
    place: Place, check: Named, break_it: Callable[[Place], None], verdict: Verdict, observed: str
) -> None:
    break_it(place)
    evidence = look(place, check(profile=place.profile))
    assert evidence.verdict is verdict, evidence
    assert observed in evidence.observed
    assert evidence.remedy or verdict is PASSED


CONFIGMAP = "authentik-blueprints"


def live(text: str | None) -> Callable[[Place], None]:
    """Change the deployed text behind the provider's back; None: no such ConfigMap."""

    def put(place: Place) -> None:
        with place.state.edit("cluster") as document:
            document["configmaps"] = {CONFIGMAP: {"namespace": "authentik", "data": {"zot.yaml": text}}} if text else {}

    return put


def applied(**fields: str) -> Callable[[Place], None]:
    return change("blueprints", BLUEPRINT, **fields)


def both(*breaks: Callable[[Place], None]) -> Callable[[Place], None]:
    def all_of_them(place: Place) -> None:
        for each in breaks:
            each(place)

    return all_of_them


LIKELY: list[tuple[Named, Callable[[Place], None], str, str]] = [
    (BlueprintIsApplied, live(None), "the ConfigMap, or that key in it, is not deployed", "sync the application"),
    (BlueprintIsApplied, live("other: text"), "the worker has not got the new file yet", "wait a minute"),
    (BlueprintIsApplied, applied(status="error", last_applied_hash="0"), "the worker refused the file", "worker's log"),
    (BlueprintIsApplied, applied(last_applied_hash="0"), "the worker has the file, but has not applied it", "apply it"),
    (BlueprintIsApplied, applied(status="warning"), "it was applied in part, or turned off", "look at it in the admin"),
    (CiUserIsRight, ci(is_active=False), "somebody changed the user by hand", "correct the user"),
    (CiUserIsRight, lambda place: forget(place, "users", "zot-ci"), "the blueprint is not applied", "apply the"),
    (ClaimsAreRight, switch("provider", group_claim="roles"), "into the claim `roles`, where the registry", "correct"),
    (ClaimsAreRight, switch("provider", group_case="title"), "a mapping changes the letter case", "correct"),
    (ClaimsAreRight, ci(groups=[]), "the user is not in the group itself", "correct"),
    (ClaimsAreRight, ci(groups=[GROUP, "admins"]), "the user is not in the group itself", "correct"),
    (ClaimsAreRight, switch("provider", preview_differs={"amr": ["pwd"], "groups": []}), "not in the group", "correct"),
    (
        ClaimsAreRight,
        switch("provider", preview_differs={"preferred_username": "other"}),
        "not in the group",
        "correct",
    ),
    (ClaimsAreRight, lambda place: forget(place, "providers", "Zot"), "the blueprint is not applied", "deploy it"),
    (IssuerIsExact, switch("provider", issuer_without_slash=True), "a slash too few or too many", "exactly as"),
    (IssuerIsExact, change("providers", "Zot", issuer_mode="global"), "another host name", "exactly as"),
]


def forget(place: Place, kind: str, name: str) -> None:
    with place.state.edit("provider") as document:
        del document[kind][name]


@pytest.mark.parametrize(("check", "break_it", "likely", "remedy"), LIKELY)
def test_the_likely_cause_is_told_with_its_remedy(
    place: Place, check: Named, break_it: Callable[[Place], None], likely: str, remedy: str
) -> None:
    break_it(place)
    evidence = look(place, check(profile=place.profile))
    assert evidence.verdict is FAILED, evidence
    assert likely in evidence.likely
    assert remedy in evidence.remedy


def test_what_is_right_is_told_too(place: Place) -> None:
    assert look(place, CiUserIsRight(profile=place.profile)).observed == f"active, service_account, groups: {GROUP}"


def test_claims_that_come_with_userinfo_only_are_judged_where_the_preview_has_them_all_the_same(place: Place) -> None:
    edit(place, "providers", "Zot", include_claims_in_id_token=False)
    quirk(place, "provider", preview_differs={"preferred_username": "zot-ci", "groups": [GROUP]})
    assert look(place, ClaimsAreRight(profile=place.profile)).verdict is PASSED


def test_a_guest_that_does_not_exist_shows_nobody_kept_out(place: Place) -> None:
    provider = msgspec.structs.replace(place.profile.identity_provider, guest="nobody-of-that-name")
    profile = msgspec.structs.replace(place.profile, identity_provider=provider)
    evidence = look(place, ApplicationLetsCiIn(profile=profile))
    assert evidence.verdict is UNKNOWN
    assert "nobody is seen kept out" in evidence.observed
    assert "`identity_provider.guest`" in evidence.remedy
    edit(place, "applications", place.profile.identity_provider.application, policy_engine_mode="all")
    assert look(place, ApplicationLetsCiIn(profile=profile)).verdict is FAILED


def with_application(place: Place, slug: str) -> Profile:
    issuer = f"{place.profile.identity_provider.url}/application/o/{slug}/"
    provider = msgspec.structs.replace(place.profile.identity_provider, issuer=issuer, application=slug)
    return msgspec.structs.replace(place.profile, identity_provider=provider)


def test_without_an_application_the_issuer_is_not_known_yet(place: Place) -> None:
    evidence = look(place, IssuerIsExact(profile=with_application(place, "not-there")))
    assert (evidence.verdict, "404" in evidence.observed) == (UNKNOWN, True)


def test_without_an_application_nobody_gets_in(place: Place) -> None:
    evidence = look(place, ApplicationLetsCiIn(profile=with_application(place, "not-there")))
    assert (evidence.verdict, evidence.observed) == (FAILED, "no such application")


def test_another_redirect_is_wrong_even_beside_the_right_one(place: Place) -> None:
    right = {"matching_mode": "strict", "url": place.profile.redirect_uri}
    for uris in ([], [{**right, "matching_mode": "regex"}], [right, {**right, "url": "http://elsewhere/"}]):
        edit(place, "providers", "Zot", redirect_uris=uris)
        evidence = look(place, ProviderIsRight(profile=place.profile))
        assert (evidence.verdict, "redirect" in evidence.observed) == (FAILED, True)


def test_a_branch_that_somebody_tests_is_seen(place: Place) -> None:
    argo = msgspec.structs.replace(place.profile.argocd, target_revision="develop")
    evidence = look(place, AppIsSynced(profile=msgspec.structs.replace(place.profile, argocd=argo)))
    assert (evidence.verdict, "no branch develop" in evidence.observed) == (UNKNOWN, True)


def test_the_client_secret_that_comes_along_is_registered(place: Place) -> None:
    secret = place.state.read("provider")["providers"]["Zot"]["client_secret"]
    assert secret not in repr(look(place, ProviderIsRight(profile=place.profile)))
    assert secret in place.registered


@pytest.mark.parametrize("check", ALL)
def test_a_person_can_look_too(place: Place, check: Named) -> None:
    row = check(profile=place.profile)
    assert row.look.command
    assert row.look.want
    assert all(answer.means for answer in row.look.otherwise)
    assert not str(row).endswith(".")
