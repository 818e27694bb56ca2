"""What `key-status` has found is told whatever fails afterwards; to a monitoring program also when it ends early."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.commands.verifying import INVOKE, ROOT, Done, Hardened
from tests.commands.watched_place import Place
from zotops.commands.key_status import key_status

KEYS = "the registry takes the vault's key"


def look(world: Hardened, folder: Path, *words: str) -> Done:
    """A look that can be shown, and not be kept."""
    folder.mkdir()
    (folder / "key-looks").write_text("no folder")
    return world.call("key-status", *words, ZOTOPS_STATE=str(folder))


def test_a_look_that_cannot_be_kept_is_shown_all_the_same(world: Hardened, tmp_path: Path) -> None:
    file = tmp_path / "key.prom"
    done = look(world, tmp_path / "state", "--prometheus", str(file))
    assert done.code == 78
    assert KEYS in done.out
    assert "cannot be written" in done.err
    assert "zotops_key_days_left" in file.read_text()


def test_metrics_that_cannot_be_written_cost_no_look(world: Hardened, tmp_path: Path) -> None:
    words = ("--prometheus", str(tmp_path / "nowhere" / "key.prom"))
    done = world.call("key-status", *words, ZOTOPS_STATE=str(tmp_path / "state"))
    assert done.code == 78
    assert "the registry takes the vault's key" in done.out
    assert "key.prom cannot be written: No such file or directory" in done.err
    assert list((tmp_path / "state" / "key-looks").iterdir())


def test_for_a_monitoring_program_what_was_found_counts_more_than_what_could_not_be_kept(
    world: Hardened, tmp_path: Path
) -> None:
    done = look(world, tmp_path / "state", "--nagios")
    assert (done.code, done.out[:3]) == (3, "OK:")
    place = Place(world)
    place.store_key(f"zak_{'0' * 32}")
    done = look(world, tmp_path / "other", "--nagios")
    place.undo()
    assert (done.code, done.out[:9]) == (2, "CRITICAL:")
    assert len(done.out.splitlines()) == 1
    assert "cannot be written" in done.err


def test_a_crash_is_unknown_to_a_monitoring_program(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    code = key_status(profile="\0", nagios=True, json=False, prometheus=None, offline=False, issue=False, store=None)
    assert code == 3
    assert capsys.readouterr().out == "UNKNOWN: zotops broke: ValueError\n"
    assert "Traceback" in caplog.text


def test_a_look_that_is_ended_from_outside_is_unknown_to_a_monitoring_program(world: Hardened, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        profile = tmp_path / "silent.toml"
        text = (world.root / "profile.toml").read_text()
        profile.write_text(text.replace(world.profile.registry.url, f"http://127.0.0.1:{silent.getsockname()[1]}"))
        words = ["key-status", "--profile", str(profile), "--nagios"]
        silent.settimeout(60)
        with subprocess.Popen(
            [INVOKE, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "UNKNOWN: interrupted\n")
