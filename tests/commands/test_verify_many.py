"""Several profiles in one call: two registries at a time, each over connections of its own, and one answer for all."""

from pathlib import Path

from benchmarks.verify import Place, proxy
from tests.commands.verifying import Done, Hardened

DELAY = 0.05
WORDS = ("--as", "nobody", "--only", "access")


def profiles(world: Hardened, ports: list[int], folder: Path) -> list[Path]:
    """One profile for each of these ways to the same registry."""
    port = int(world.profile.registry.url.rpartition(":")[2])
    place = Place(profile=world.root / "profile.toml", port=port, root=world.root, folder=folder)
    return [place.leading_to(port, f"r{number}", addresses=False) for number, port in enumerate(ports)]


def verify(world: Hardened, found: list[Path], *words: str) -> Done:
    """In one call, without the world's own profile."""
    return world.verify(*(word for path in found for word in ("--profile", str(path))), *words, own=False)


def test_they_are_measured_beside_each_other_over_connections_of_their_own(world: Hardened, tmp_path: Path) -> None:
    port = int(world.profile.registry.url.rpartition(":")[2])
    with proxy(port, DELAY, 4) as (ports, together):
        done = verify(world, profiles(world, ports, tmp_path), *WORDS, "--json")
    with proxy(port, DELAY, 1) as (ports, alone):
        verify(world, profiles(world, ports, tmp_path), *WORDS, "--json")
    assert done.code == 0
    assert [one["profile"] for one in done.document["registries"]] == ["r0", "r1", "r2", "r3"]
    assert len(together["requests"]) == 4 * len(alone["requests"])
    # More than one of them has, so at least two were under way at once; how much quicker that is, the benchmark tells.
    assert 32 < together["connections"] <= 64
    assert alone["connections"] <= 32


def test_one_that_is_red_or_silent_spoils_no_other(world: Hardened, tmp_path: Path) -> None:
    port = int(world.profile.registry.url.rpartition(":")[2])
    good, red, silent = profiles(world, [port, port, 1], tmp_path)
    red.write_text(red.read_text().replace('anonymous = ["read"]', "anonymous = []"))
    done = verify(world, [good, red, silent], *WORDS)
    assert done.code == 1
    heads = [line for line in done.out.splitlines() if "profile r" in line]
    assert [line.split()[-2] for line in heads] == ["r0", "r1", "r2"]
    together = done.out.split("\nTogether\n")[1].splitlines()
    assert [line.split(".")[0].strip() for line in together] == [
        "r0: 0 failed, 0 unknown, 5 passed",
        "r1: 1 failed, 0 unknown, 4 passed",
        "r2: 0 failed, 5 unknown, 0 passed",
    ]
    assert verify(world, [good, silent], *WORDS).code == 5


def test_each_reads_its_key_once_and_the_files_hold_them_all(world: Hardened, tmp_path: Path) -> None:
    port = int(world.profile.registry.url.rpartition(":")[2])
    before = len(world.calls("op"))
    words = ("--only", "access", "--prometheus", str(tmp_path / "all.prom"), "--quiet")
    assert verify(world, profiles(world, [port] * 3, tmp_path), *words).code == 0
    assert len(world.calls("op")) == before + 3
    text = (tmp_path / "all.prom").read_text()
    assert all(f'profile="r{number}"' in text for number in range(3))
