"""What a key may once its user has left the group, as measured on a real zot."""

from __future__ import annotations

from pathlib import Path

from zotops.lab import leaving_the_group, world
from zotops.lab.state import State


def test_the_right_goes_with_a_sign_in_not_with_the_membership(tmp_path: Path) -> None:
    about = world.make(tmp_path / "world", state="hardened", zot=world.find_zot())
    with world.start(tmp_path / "world"):
        before = State(tmp_path / "world" / "state").read("provider")
        seen = leaving_the_group.show(about)
        after = State(tmp_path / "world" / "state").read("provider")
    assert [line.partition(": ")[2][:3] for line in seen] == ["415", "403", "415"]
    for part in ("bindings", "sessions"):
        assert after[part] == before[part]
    assert after["users"]["zot-ci"]["groups"] == before["users"]["zot-ci"]["groups"]
