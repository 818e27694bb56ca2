"""The registry's host: what its programs print, and the practice host itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.stand_ins import with_programs
from tests.systems.outside import Place, practice
from zotops.errors import ActionFailed, Unreachable
from zotops.systems.server import Process, RegistryHost, parse_etime, parse_reply


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("server") / "world", "open") as running:
        yield running


@pytest.fixture
def host(started: Place) -> Iterator[RegistryHost]:
    yield RegistryHost(world=started.world, profile=started.profile)
    with started.state.edit("quirks") as document:
        document.clear()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("      00:07", 7), ("01:02", 62), ("02:03:04", 7384), ("1-00:00:01", 86401), ("  10-23:59:59\n", 950399)],
)
def test_an_elapsed_time_is_read(text: str, seconds: int) -> None:
    assert parse_etime(text) == seconds


@pytest.mark.parametrize("text", ["", "ELAPSED", "1:x"])
def test_what_is_no_time_cannot_be_judged(text: str) -> None:
    with pytest.raises(Unreachable):
        parse_etime(text)


@pytest.mark.parametrize(
    ("began", "pid_before", "older"),
    [
        (98, None, True),
        (98, 6, True),
        (99, None, False),
        (99, 7, True),
        (100, None, False),
        (100, 7, True),
        (100, 6, False),
        (102, 7, True),
        (102, 6, False),
        (103, 7, False),
    ],
)
def test_a_second_is_too_coarse_alone(began: int, pid_before: int | None, older: bool) -> None:
    # The file was written in second 100; process 7 runs now.
    assert Process(pid=7, began=began).is_older_than(100, pid_before=pid_before) is older


def test_an_answer_of_curl_is_taken_apart() -> None:
    reply = parse_reply("GET", "http://x/", "HTTP/2 401\r\nWWW-Authenticate: Basic\r\nA: 1\r\n\r\nno\r\n\r\nway")
    assert (reply.status, reply.headers["www-authenticate"], reply.text) == (401, "Basic", "no\r\n\r\nway")


@pytest.mark.parametrize("printed", ["", "hello", "HTTP/1.1", "SSH-2.0-x 200"])
def test_what_is_no_answer_cannot_be_judged(printed: str) -> None:
    with pytest.raises(Unreachable):
        parse_reply("GET", "http://x/", printed)


@pytest.mark.parametrize("words", [("a b",), ("'",), ('"$(date)"', "`x`"), ("*", ";", "é\n"), ("",)])
def test_words_arrive_as_they_were_given(host: RegistryHost, words: tuple[str, ...]) -> None:
    done = host.run("sh", "-c", 'for word; do printf "<%s>" "$word"; done', "sh", *words)
    assert done.out == "".join(f"<{word}>" for word in words)


def test_a_host_that_is_off_is_unreachable(host: RegistryHost, started: Place) -> None:
    with started.state.edit("quirks") as document:
        document["ssh"] = {"unreachable": True}
    with pytest.raises(Unreachable, match="Connection refused"):
        host.read_file("/etc/hosts")


def test_a_file_is_written_kept_renamed_and_removed(host: RegistryHost, started: Place) -> None:
    path = str(started.lab.root / "host" / "it's a file.json")
    assert host.read_file(path) is None
    host.write_file(path, "é {}\n")
    assert (host.read_file(path), Path(path).stat().st_mode & 0o777) == ("é {}\n", 0o600)
    host.keep_file(path, f"{path}.kept")
    host.write_file(path, "later")
    host.keep_file(path, f"{path}.kept")
    assert host.read_file(f"{path}.kept") == "é {}\n"
    host.copy_file(f"{path}.kept", f"{path}.new")
    host.rename(f"{path}.new", path)
    assert host.read_file(path) == "é {}\n"
    for each in (path, f"{path}.kept", path):
        host.remove(each)
    assert not host.has_file(path)


def test_what_cannot_be_done_is_said(host: RegistryHost) -> None:
    with pytest.raises(ActionFailed, match="cannot rename /nowhere"):
        host.rename("/nowhere", "/elsewhere")


def test_a_file_has_a_time_if_it_is_there(host: RegistryHost, started: Place) -> None:
    config = Path(started.profile.server.config)
    assert host.modified(str(config)) == int(config.stat().st_mtime)
    assert host.modified("/nowhere") is None


def test_the_registry_is_seen_and_restarted(host: RegistryHost) -> None:
    before = host.process()
    host.restart()
    now = host.process()
    assert before
    assert now
    assert now.pid != before.pid


def test_from_there_the_registry_answers(host: RegistryHost, started: Place) -> None:
    url = started.profile.server.local_url
    reply = host.send("GET", f"{url}/v2/_catalog", headers={"User-Agent": "probe"})
    assert (reply.status, "repositories" in reply.json()) == (200, True)
    assert host.send("HEAD", f"{url}/v2/").status == 405
    assert host.send("PUT", f"{url}/v2/x/manifests/y", headers={"Content-Type": "text/plain"}).status == 415


def test_nobody_there_is_unreachable(host: RegistryHost) -> None:
    with pytest.raises(Unreachable, match="asked from practice-host"):
        host.send("GET", "http://127.0.0.1:9/")


def test_a_refused_configuration_says_why(host: RegistryHost, started: Place) -> None:
    path = str(started.lab.root / "host" / "bad.json")
    host.write_file(path, '{"http": {"nonsense": 1}}')
    assert host.refusal_of(started.profile.server.config) == ""
    assert host.refusal_of(path) not in {"", "`verify` ended with 1"}


def test_a_service_that_is_not_loaded_has_no_process(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, ssh='echo "Could not find service" >&2; exit 113')
    assert RegistryHost(world=world, profile=profile).process() is None


def test_ssh_is_never_to_ask(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, ssh=f'printf "%s\\n" "$@" > {tmp_path}/words')
    RegistryHost(world=world, profile=profile).run("test", "-e", "a b")
    words = (tmp_path / "words").read_text().splitlines()
    assert words == ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", profile.server.ssh, "test -e 'a b'"]
