"""The stores beside 1Password, as commands use them: a file, a variable, and the system's key chain."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from tests.commands.verifying import Done, Hardened, handed, with_lines
from tests.secret_stores import file_key_chain
from zotops.commands.opening import open_world
from zotops.lab import vault
from zotops.profile import parse_ref
from zotops.profile_file import read_profile, with_store
from zotops.redaction import Redactor

VARIABLE = "ZOT_CI_API_KEY"


def key_of(world: Hardened) -> str:
    ref = world.profile.current_key.secret
    return vault.value_of(world.state.read("vault"), ref.item, ref.field) or ""


def call(world: Hardened, command: str, profile: str, *words: str, **environment: str) -> Done:
    return world.call(command, "--profile", profile, *words, own=False, **environment)


@pytest.mark.parametrize("way", ["file", "variable", "credential"])
def test_a_schedule_needs_no_vault(world: Hardened, tmp_path: Path, way: str) -> None:
    key, before = key_of(world), len(world.calls("op"))
    (tmp_path / "key").write_text(f"{key}\n")
    (tmp_path / "key").chmod(0o400)
    place = {"file": f'file = "{tmp_path}/key"', "variable": f'variable = "{VARIABLE}"', "credential": 'file = "key"'}
    environment = {"file": {}, "variable": {VARIABLE: key}, "credential": {"CREDENTIALS_DIRECTORY": str(tmp_path)}}
    profile = handed(world, tmp_path, place[way])
    status = call(world, "key-status", profile, "--store", "environment", "--json", **environment[way])
    assert status.code == 0, status.out + status.err
    assert status.document["key"]["state"] == "works"
    assert "no token for it is kept" in " ".join(status.document["not_checked"])
    verified = call(
        world,
        "verify",
        profile,
        "--store",
        "environment",
        "--as",
        "ci",
        "--json",
        "--only",
        "access",
        **environment[way],
    )
    assert verified.code == 0, verified.out + verified.err
    assert key[4:] not in json.dumps([status.out, status.err, verified.out, verified.err])
    assert len(world.calls("op")) == before


def test_the_profile_itself_may_say_so(world: Hardened, tmp_path: Path) -> None:
    text = Path(handed(world, tmp_path, f'variable = "{VARIABLE}"')).read_text()
    profile = tmp_path / "watch.toml"
    profile.write_text(text.replace("[secrets]\n", '[secrets]\nstore = "environment"\n', 1))
    assert call(world, "key-status", str(profile), **{VARIABLE: key_of(world)}).code == 0
    refused = call(world, "deploy", str(profile), **{VARIABLE: key_of(world)})
    assert refused.code == 78
    assert "can only be read, and a run has to write" in refused.err


def test_no_program_is_given_the_variable(world: Hardened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, key_of(world))
    profile = with_store(read_profile(Path(handed(world, tmp_path, f'variable = "{VARIABLE}"'))), "environment")
    programs = msgspec.structs.replace(profile.programs, search_path="", environment=None)
    profile = msgspec.structs.replace(profile, programs=programs)
    with open_world(profile, tmp_path, Redactor()) as opened:
        said = opened.programs.run([sys.executable, "-c", "import os; print(*os.environ)"]).out.split()
    assert "HOME" in said, "a program has the operator's own environment here"
    assert VARIABLE not in said


def test_two_profiles_may_share_what_is_handed_over(world: Hardened, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    paths = [handed(world, tmp_path / name, f'variable = "{VARIABLE}"') for name in "ab"]
    words = ("--store", "environment", "--as", "ci", "--json", "--only", "access")
    done = call(world, "verify", paths[0], "--profile", paths[1], *words, **{VARIABLE: key_of(world)})
    assert done.code == 0, done.out + done.err
    assert [one["counts"]["unknown"] for one in done.document["registries"]] == [0, 0]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f'variable = "{VARIABLE}"', f"the variable {VARIABLE} is not set"),
        ('file = "/nowhere/key"', "/nowhere/key cannot be read"),
        ('file = "key"', "CREDENTIALS_DIRECTORY is not set"),
    ],
)
def test_a_key_that_was_not_handed_over_is_unknown_and_never_green(
    world: Hardened, tmp_path: Path, place: str, said: str
) -> None:
    done = call(world, "key-status", handed(world, tmp_path, place), "--store", "environment", "--json")
    assert (done.code, done.document["key"]["state"]) == (5, "cannot tell")
    assert said in done.document["points"][0]["observed"]


def test_a_file_that_everybody_may_read_is_not_used(world: Hardened, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(key_of(world))
    (tmp_path / "key").chmod(0o644)
    profile = handed(world, tmp_path, f'file = "{tmp_path}/key"')
    done = call(world, "key-status", profile, "--store", "environment", "--json")
    assert done.code == 5
    assert "can be used by everybody" in done.document["points"][0]["observed"]


def test_the_systems_key_chain_keeps_the_key_for_whoever_has_no_1password(world: Hardened, tmp_path: Path) -> None:
    secrets, before = world.profile.secrets, len(world.calls("op"))
    entry = f"{secrets.vault}/{secrets.shared_item} {secrets.key_field}"
    file = tmp_path / "chain.json"
    file.write_text(json.dumps({"entries": {entry: key_of(world)}, "trouble": {}}))
    environment = {
        "PYTHON_KEYRING_BACKEND": f"{file_key_chain.__name__}.FileKeyChain",
        file_key_chain.FILE: str(file),
    }
    profile = with_lines(world, tmp_path, "")
    done = call(world, "key-status", profile, "--store", "keyring", "--json", **environment)
    assert done.document["key"]["state"] == "works", done.out
    file.write_text(json.dumps({"entries": {}, "trouble": {"locked": True}}))
    done = call(world, "key-status", profile, "--store", "keyring", "--json", **environment)
    assert (done.code, done.document["key"]["state"]) == (5, "cannot tell")
    assert "key chain is locked" in done.document["points"][0]["observed"]
    assert len(world.calls("op")) == before
    assert os.environ.get(file_key_chain.FILE) is None


def test_doctor_asks_the_store_that_the_profile_names(world: Hardened, tmp_path: Path) -> None:
    secrets, file = world.profile.secrets, tmp_path / "chain.json"
    entries = {
        f"{secrets.vault}/{ref.item} {ref.field}": "kept-in-a-chain"
        for ref in map(parse_ref, (*secrets.read_by_roles, world.profile.identity_provider.api_token))
    }
    file.write_text(json.dumps({"entries": entries, "trouble": {}}))
    environment = {
        "PYTHON_KEYRING_BACKEND": f"{file_key_chain.__name__}.FileKeyChain",
        file_key_chain.FILE: str(file),
    }
    profile = tmp_path / "chain.toml"
    text = (world.root / "profile.toml").read_text()
    profile.write_text(text.replace("[secrets]\n", '[secrets]\nstore = "keyring"\n', 1))
    before = len(world.calls("op"))
    told = call(world, "doctor", str(profile), **environment).out
    assert "✓ the vault is unlocked, and we may read" in told
    assert f"✓ the vault has all {len(secrets.read_by_roles) + 1} values" in told
    assert "✓ the tools are there: argocd, git, kubectl, mise, ssh" in " ".join(told.split())
    file.write_text(json.dumps({"entries": {}, "trouble": {"locked": True}}))
    locked = call(world, "doctor", str(profile), **environment)
    assert (locked.code, "✗ the vault is unlocked" in locked.out) == (1, True)
    assert "key chain is locked" in locked.out
    assert len(world.calls("op")) == before
