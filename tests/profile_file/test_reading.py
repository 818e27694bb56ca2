"""What a profile says is read; and of what is wrong with one, all at once, nothing secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.profile_file.written import EXAMPLE, ROOT, problems, with_line
from zotops.model import Login
from zotops.profile import Profile, parse_ref
from zotops.profile_file import read_profile
from zotops.world import SecretRef


@pytest.mark.parametrize("path", sorted([*(ROOT / "profiles").glob("*.toml"), ROOT / "docs" / "example.toml"]))
def test_each_profile_of_this_repository_can_be_read(path: Path) -> None:
    assert read_profile(path).name == path.stem


def test_what_a_profile_says_is_read_and_what_it_leaves_out_has_its_default(file: Path) -> None:
    file.write_text(EXAMPLE)
    profile = read_profile(file)
    assert profile.registry.mirrors[0].prefix == "docker.io"
    assert profile.current_key == Login("zot-ci", SecretRef("forgejo-item-id", "zot-ci-api"))
    assert profile.pending_key == Login("zot-ci", SecretRef("own-item-id", "pending"))
    assert profile.provider_token == SecretRef("authentik-item-id", "api-token")
    assert profile.redirect_uri == "https://registry.example.org/zot/auth/callback/oidc"
    assert (profile.rotation.lifetime_days, profile.practice, profile.tiers.signed_in) == (90, False, ("read",))


def test_a_profile_is_the_same_after_it_went_through_a_journal(file: Path) -> None:
    file.write_text(EXAMPLE)
    profile = read_profile(file)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(profile)), Profile) == profile


def test_a_reference_is_an_item_and_a_field() -> None:
    assert parse_ref("item/a field") == SecretRef("item", "a field")


def test_everything_is_said_at_once_contradictions_too(file: Path) -> None:
    text = with_line('namespace = "platform"', "colour = 1\nhue = 2")
    text = text.replace('name = "zot-ci"', 'name = "zot-ci"\nsign_in = "password"')
    text = text.replace("[auto]", "[auto]\nsteps = 3\n[unheard-of]").replace('steps = ["deploy-blueprint"]', "")
    keys = [re.split(r"[ :]", said, maxsplit=1)[0] for said in problems(file, text)]
    assert keys == ["unheard-of", "registry.colour", "registry.hue", "registry.namespace", "auto.steps", "ci.password"]


def test_the_problems_stand_in_the_same_order_every_time(file: Path) -> None:
    file.write_text("".join(f"{letter * 3} = 1\n" for letter in "zyxwvutsrqponmlkjihg"))
    program = "import sys; from pathlib import Path; from zotops.profile_file import read_profile as r\n"
    program += "try: r(Path(sys.argv[1]))\nexcept Exception as e: print(e)"
    said = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout
        for seed in "12"
    }
    assert len(said) == 1


def test_an_empty_file_lacks_every_table_and_says_what_each_is_for(file: Path) -> None:
    said = problems(file, "")
    assert "name: is missing: short name, for people, for example 'example'" in said
    assert "server: is missing: write [server]: The machine on which the registry runs, reached by ssh." in said
    assert len(said) == 12
    assert all(re.fullmatch(r"\w+: is missing: .+", line) for line in said)


def test_a_secret_that_was_put_in_the_place_of_its_reference_is_not_shown(file: Path) -> None:
    token = "zq0f-not-to-be-shown"
    said = problems(file, with_line('token = "forgejo-item-id/api-token"', f'token = "{token}"'))
    kept = "where an owner's token is kept: item/field, for example 'def456/api-token'"
    assert said == [f"forge.token = ...: has not the right form: {kept}"]
    refs = with_line('own_item = "own-item-id"', f'own_item = "own-item-id"\nunattended = ["a/b", "{token}"]')
    assert token not in str(problems(file, refs))


def test_a_wrong_profile_ends_the_command_with_78_before_anything_starts(file: Path, tmp_path: Path) -> None:
    file.write_text(with_line('namespace = "platform"', "namespace = 3"))
    state = tmp_path / "state"
    program = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "deploy", "--profile", str(file)]
    ended = subprocess.run(
        program,
        cwd=tmp_path,
        env={**os.environ, "ZOTOPS_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 78
    assert f"{file}: registry.namespace = 3: should be a text" in ended.stderr
    assert ended.stdout == ""
    assert not state.exists()
