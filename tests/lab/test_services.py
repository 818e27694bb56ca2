import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.lab import forge_world, provider_world
from zotops.lab.answers import place_of

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Any]:
    """A world that holds what the provider and the forge need."""
    folder = tmp_path / "world"
    addresses = {name: f"http://127.0.0.1:{free_port()}" for name in ("identity_provider", "forge")}
    theirs = forge_world.make_world(folder, url=addresses["forge"])
    ours = provider_world.make_world(folder, addresses["identity_provider"])
    both = theirs | ours
    both |= {"names": theirs["names"] | ours["names"], "secrets": theirs["secrets"] | ours["secrets"]}
    both |= {name: {"url": url, "port": int(url.rpartition(":")[2])} for name, url in addresses.items()}
    (folder / "world.json").write_text(json.dumps(both))
    return both


@pytest.fixture
def services(world: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "zotops.lab.services", world["root"]]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        yield child
        child.kill()


def wait_for(url: str) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            return httpx.get(url, trust_env=False).status_code
        except httpx.TransportError:
            time.sleep(0.02)
    raise TimeoutError(url)


def test_one_process_serves_the_provider_and_the_forge(
    world: dict[str, Any], services: subprocess.Popen[bytes]
) -> None:
    assert wait_for(f"{world['identity_provider']['url']}/-/health/live/") == 200
    assert wait_for(f"{world['forge']['url']}/api/v1/version") == 200
    assert services.poll() is None


def test_answers_are_kept_only_from_when_somebody_asks_for_it(
    world: dict[str, Any], services: subprocess.Popen[bytes]
) -> None:
    del services
    place = place_of(Path(world["root"]))
    place.parent.mkdir(exist_ok=True)
    version = f"{world['forge']['url']}/api/v1/version"
    wait_for(version)
    assert not place.exists()
    place.touch()
    told = httpx.get(f"{version}?a=b", trust_env=False).text
    (kept,) = map(json.loads, place.read_text().splitlines())
    asked = {"server": "forge", "method": "GET", "path": "/api/v1/version", "query": "a=b"}
    assert kept == {**asked, "status": 200, "body": told}


@pytest.mark.parametrize("ending", ["stdin closes", "SIGTERM", "SIGINT"])
def test_it_ends_quietly_when_asked_to_or_when_its_parent_is_gone(
    world: dict[str, Any], services: subprocess.Popen[bytes], ending: str
) -> None:
    wait_for(f"{world['identity_provider']['url']}/-/health/live/")
    wait_for(f"{world['forge']['url']}/api/v1/version")
    assert services.stdin is not None
    assert services.stdout is not None
    if ending == "stdin closes":
        services.stdin.close()
    else:
        os.kill(services.pid, getattr(signal, ending))
    assert services.wait(10) == 0
    assert services.stdout.read() == b""


def test_what_was_set_up_is_still_there_after_a_restart(world: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "zotops.lab.services", world["root"]]
    url, cookies = world["identity_provider"]["url"], httpx.Cookies()
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as child:
            wait_for(f"{url}/-/health/live/")
            with httpx.Client(base_url=url, cookies=cookies, trust_env=False) as client:
                if not cookies:
                    form = {"uid_field": "alex", "password": provider_world.PASSWORDS["alex"]}
                    client.post(f"/if/flow/{provider_world.LOGIN_FLOW}/", data=form)
                    cookies = client.cookies
                assert client.get("/api/v3/core/users/me/").json()["user"]["username"] == "alex"
            child.terminate()


def test_a_call_without_a_world_says_what_is_missing() -> None:
    command = [sys.executable, "-m", "zotops.lab.services"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (1, "usage: python -m zotops.lab.services WORLD\n")


def test_making_a_recovery_key_needs_nothing_but_the_standard_library(world: dict[str, Any]) -> None:
    program = (
        "import sys; from pathlib import Path; from zotops.lab.provider.recovery import create_recovery_key;"
        "print(create_recovery_key(Path(sys.argv[1]), 5, 'zot-ci'), end='')"
    )
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}",
        world["root"],
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert done.stdout.splitlines()[-1].startswith("/recovery/use-token/")
