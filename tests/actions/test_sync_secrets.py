"""The forge's copy of the key: only a real key is given away, and a play's word is not taken for it."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.platform.forge_table import DAGGER, SKOPEO, forge, run
from tests.platform.stand_ins import NOTHING, with_programs
from tests.systems.outside import KEY, Safe
from zotops.actions.sync_secrets import SyncForgeSecrets
from zotops.errors import ActionFailed
from zotops.model import Attempt, Facts, State
from zotops.profile import Copy
from zotops.systems.builds import DEPLOYED_AT
from zotops.systems.rotation import BY_API, COPIES_GIVEN, GIVEN

TASK = "TASK [forgejo_actions_secrets : Sync Actions secrets to Forgejo] ***\nok: [host] => (item=None)\n"
RECAP = "host : ok=7 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"

MIDDAY = "2026-03-07T12:00:00+00:00"


def synced(folder: Path, *, key: str, printed: str, code: int = 0) -> list[str]:
    """The calls of mise."""
    (folder / "printed").write_text(printed)
    profile, world = with_programs(folder, mise=f'echo "$@" >> {folder}/calls; cat {folder}/printed; exit {code}')
    assert isinstance(world.secrets, Safe)
    world.secrets.fields[profile.current_key.secret] = key
    action = SyncForgeSecrets(profile=profile)
    intent = action.intent(world, NOTHING, Attempt(run="7f3a", number=1))
    assert action.settle(world, intent).state is State.DID_NOT
    assert key not in str(intent)
    action.perform(world, intent, NOTHING)
    return (folder / "calls").read_text().splitlines()


def test_the_play_is_run_and_must_come_to_its_task(tmp_path: Path) -> None:
    assert synced(tmp_path, key=KEY, printed=TASK + RECAP) == [
        "run provision-indri -- --tags forgejo_actions_secrets",
    ]


@pytest.mark.parametrize(
    ("printed", "code", "why"),
    [
        (RECAP, 0, "did not come to the task"),
        ("[ERROR]: Task failed: Module failed: non-zero return code\n", 2, "non-zero return code"),
        (TASK + RECAP.replace("failed=0", "failed=1"), 2, "failed=1"),
    ],
)
def test_a_play_that_did_not_do_it_is_a_failure(tmp_path: Path, printed: str, code: int, why: str) -> None:
    with pytest.raises(ActionFailed, match=why):
        synced(tmp_path, key=KEY, printed=printed, code=code)


def test_a_forge_that_does_not_tell_what_failed_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "printed").write_text(TASK + RECAP)
    profile, world = with_programs(tmp_path, mise=f"cat {tmp_path}/printed")
    safe = Safe({profile.current_key.secret: KEY, profile.forge_token: "token"})
    outcome = SyncForgeSecrets(profile=profile).perform(replace(world, secrets=safe), {}, {DEPLOYED_AT: MIDDAY})
    assert outcome.facts
    assert outcome.left[0].startswith("builds that failed while CI was refused, if any: ")


@pytest.mark.parametrize("key", [f"{KEY}\n", "unset", "-"])
def test_what_is_no_key_is_not_given_away(tmp_path: Path, key: str) -> None:
    with pytest.raises(ActionFailed, match="holds no key"):
        synced(tmp_path, key=key, printed=TASK + RECAP)
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize(
    ("facts", "left", "said"),
    [
        (NOTHING, (), None),
        ({DEPLOYED_AT: "2026-03-08T00:00:00+00:00"}, (), "no build"),
        ({DEPLOYED_AT: MIDDAY}, (f"run 4 ({SKOPEO}) failed while CI was refused: http://forge/4",), "run 4"),
    ],
)
def test_builds_that_failed_since_the_deployment_are_named(
    tmp_path: Path, facts: Facts, left: tuple[str, ...], said: str | None
) -> None:
    (tmp_path / "printed").write_text(TASK + RECAP)
    with forge(tmp_path) as place:
        place.has_runs(
            run(1, DAGGER, status="failure"),  # at ten
            run(3, DAGGER, created="2026-03-07T12:30:00Z"),
            run(4, SKOPEO, status="failure", created="2026-03-07T12:30:00Z"),
            run(5, "lint.yaml", status="failure", created="2026-03-07T12:30:00Z"),
        )
        profile, world = with_programs(tmp_path, mise=f"cat {tmp_path}/printed")
        profile = msgspec.structs.replace(profile, forge=place.profile.forge)
        told: list[tuple[str, str]] = []
        safe = Safe({profile.current_key.secret: KEY, profile.forge_token: "token"})
        world = replace(world, secrets=safe, tell=lambda what, result: told.append((what, result)))
        outcome = SyncForgeSecrets(profile=profile).perform(world, {}, facts)
    assert outcome.left == left
    assert dict(told).get("failed meanwhile") == said


@pytest.mark.parametrize(
    ("given_by", "copies", "says"),
    [
        ("role", (), "runs provision-indri with the tag forgejo_actions_secrets"),
        ("api", (), "sets ZOT_CI_API_KEY of practice/platform"),
        (
            "role",
            (Copy(owner="ops", repo="website", secret="K"),),
            (
                "runs provision-indri with the tag forgejo_actions_secrets; "
                "sets the secrets of ops/website by the forge's API"
            ),
        ),
    ],
)
def test_it_says_by_which_way_the_key_is_given(
    tmp_path: Path, given_by: str, copies: tuple[Copy, ...], says: str
) -> None:
    profile, _ = with_programs(tmp_path)
    place = msgspec.structs.replace(profile.forge, given_by=given_by, copies=copies)
    assert str(SyncForgeSecrets(profile=msgspec.structs.replace(profile, forge=place))) == says


@pytest.mark.parametrize(
    ("copies", "given"), [((), None), ((Copy(owner="ops", repo="website", secret="K"),), "ops/website")]
)
def test_each_repository_that_was_given_the_key_by_the_api_is_noted(
    tmp_path: Path, copies: tuple[Copy, ...], given: str | None
) -> None:
    with forge(tmp_path) as place:
        put = "PUT /api/v1/repos/{}/actions/secrets/{}"
        place.server.table |= {
            put.format("practice/platform", "ZOT_CI_API_KEY"): 204,
            put.format("ops/website", "K"): 201,
        }
        own = msgspec.structs.replace(place.profile.forge, given_by="api", copies=copies)
        profile = msgspec.structs.replace(place.profile, forge=own)
        safe = Safe({profile.current_key.secret: KEY, profile.forge_token: "token"})
        outcome = SyncForgeSecrets(profile=profile).perform(replace(place.world, secrets=safe), {}, NOTHING)
    assert outcome.facts[GIVEN] == BY_API
    assert outcome.facts.get(COPIES_GIVEN) == given
    assert place.told == [
        ("practice/platform", "ZOT_CI_API_KEY set: 204"),
        *([("ops/website", "K set: 201")] if given else []),
    ]
