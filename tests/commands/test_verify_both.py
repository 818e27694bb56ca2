"""The stand-in and a real zot answer every question of the access matrix alike, whoever asks."""

from pathlib import Path
from typing import Any

import pytest

from tests.commands.verifying import ADMIN, CI, GUEST, Done, hardened
from tests.lab.registry_world import REAL

pytestmark = pytest.mark.skipif(not REAL, reason="ZOTOPS_ZOT names no real zot")
Cells = dict[tuple[str, str, str, str], tuple[int | None, str, str]]


def measured(kind: str, root: Path) -> Done:
    """Everybody asks: CI, nobody, the made-up ones, and three further logins of the profile."""
    with hardened(root, kind) as world:
        dead = world.make_key(CI)
        world.end_key(CI, dead)
        world.name_logins(guest=world.make_key(GUEST), admin=world.make_key(ADMIN), dead=dead)
        return world.verify("--json")


def cells(done: Done) -> Cells:
    """What became of each, by who asked what where; the addresses without their port, which is another each time."""
    found: list[dict[str, Any]] = done.only["cells"]
    return {
        (one["principal"], one["ask"], one["repository"], one["address"].rpartition(":")[0]): (
            one["status"],
            one["verdict"],
            one["said"],
        )
        for one in found
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Done]:
    """The stand-in's answers, and the real one's."""
    root = tmp_path_factory.mktemp("worlds")
    return measured("stand-in", root / "played"), measured("real", root / "real")


def test_the_stand_in_and_a_real_zot_give_the_same_cells(both: tuple[Done, Done]) -> None:
    played, real = both
    assert (played.code, real.code) == (0, 0)
    assert cells(played) == cells(real)
    assert len(cells(real)) == len(real.only["cells"]) >= 300
    everybody = {"nobody", "empty", "stranger", "forged", "ci", "dead", "guest", "admin"}
    assert {who for who, *_ in cells(real)} == everybody


def test_every_other_standing_truth_is_told_alike(both: tuple[Done, Done]) -> None:
    played, real = ({one["name"]: one["verdict"] for one in done.only["checks"]} for done in both)
    assert played == real
