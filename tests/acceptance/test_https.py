"""The three commands of every day over https, as most registries are reached."""

import json
import plistlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.acceptance.desk import Desk, started
from tests.tls import certified, tls_front
from zotops.lab.faults.breaking import PROFILE, VARIABLES, in_blueprint, in_file, restart_registry

REGISTRY, SECOND = "http://127.0.0.1:{registry}", "http://localhost:{registry}"
PROVIDER = "http://127.0.0.1:{identity_provider}"


@contextmanager
def behind_tls(folder: Path) -> Iterator[Desk]:
    """A world whose registry and provider are known by https only; the machines of both, and CI, do without."""
    with started(folder) as desk:
        root, world, shown = desk.root, desk.world, certified(folder)
        with (
            tls_front(world["registry"]["port"], shown) as registry,
            tls_front(world["identity_provider"]["port"], shown) as provider,
        ):
            trusted = {"SSL_CERT_FILE": str(shown.authority)}
            change_addresses(root, f"https://127.0.0.1:{registry}", f"https://127.0.0.1:{provider}")
            in_blueprint(world["registry"]["url"], f"https://127.0.0.1:{registry}")(root)
            let_it_trust(root, trusted)
            yield replace(desk, more=trusted)


def change_addresses(root: Path, registry: str, provider: str) -> None:
    for before, after in (
        (REGISTRY, registry),
        (f'local_url = "{registry}"', f'local_url = "{REGISTRY}"'),
        (SECOND, registry.replace("127.0.0.1", "localhost")),
        (PROVIDER, provider),
        ("plain_http_is_trusted = true\n", ""),
    ):
        in_file(PROFILE, before, after)(root)
    in_file(VARIABLES, f'"registry_url": "{REGISTRY}"', f'"registry_url": "{registry}"')(root)
    in_file(VARIABLES, f'"provider_url": "{PROVIDER}"', f'"provider_url": "{provider}"')(root)


def let_it_trust(root: Path, trusted: dict[str, str]) -> None:
    """The registry, whoever works on its machine, and the operator's programs."""
    lines = [f"{name}={value}\n" for name, value in trusted.items()]
    (root / "host" / ".ssh").mkdir()
    (root / "host" / ".ssh" / "environment").write_text("".join(lines))
    header = "[programs.environment]\n"
    in_file(PROFILE, header, header + "".join(line.replace("=", " = '").replace("\n", "'\n") for line in lines))(root)
    for plist in (*root.glob("host/LaunchAgents/*.plist"), *root.glob("checkout/ansible/roles/zot/files/*.plist")):
        plist.write_bytes(plistlib.dumps({**plistlib.loads(plist.read_bytes()), "EnvironmentVariables": trusted}))
    restart_registry(root)


def test_a_registry_behind_tls_is_deployed_verified_and_gets_a_new_key(tmp_path: Path) -> None:
    with behind_tls(tmp_path) as desk:
        deployed = desk.deploy("--auto")
        assert (deployed.code, deployed.err) == (0, ""), deployed.out[-2000:]
        asked = ("--sign-in", "--write", "--as-skopeo", "--as-dagger", "--json")
        verified = desk.invoke("verify", "--profile", str(desk.profile), *asked)
        checks = json.loads(verified.out)["registries"][0]["checks"]
        assert [one for one in checks if one["verdict"] != "passed" and not one["finding"]] == []
        assert verified.code == 0
        assert next(one["observed"] for one in checks if one["name"] == "certificate").startswith(
            "39 days left at https"
        )
        rotated = replace(desk, procedure="rotate-key").deploy("--auto")
        assert (rotated.code, rotated.err) == (0, ""), rotated.out[-2000:]
