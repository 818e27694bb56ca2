import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.checks.conftest import Here
from zotops.checks.challenge import ClientsAreAskedToSignIn
from zotops.model import Verdict

PING = "nobody GET /v2/"
REGISTRY = {"Docker-Distribution-API-Version": "registry/2.0"}
BASIC = {**REGISTRY, "WWW-Authenticate": 'Basic realm="zot"'}
Answers = Callable[..., Here]


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("said", ['Basic realm="zot"', "basic realm=zot"])
def test_a_challenge_is_one_with_any_status_and_in_any_case(status: int, said: str, answers: Answers) -> None:
    here = answers({PING: (status, b"", {"WWW-Authenticate": said})})
    evidence = here.look(ClientsAreAskedToSignIn(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.PASSED, said)


@pytest.mark.parametrize("headers", [REGISTRY, {**REGISTRY, "WWW-Authenticate": "Bearer realm=x"}])
def test_without_a_basic_challenge_clients_send_nothing(headers: dict[str, str], answers: Answers) -> None:
    here = answers({PING: (200, b"", headers)})
    assert here.look(ClientsAreAskedToSignIn(profile=here.profile)).verdict is Verdict.FAILED


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_who_dropped_the_header_is_told_by_the_server_itself(answers: Answers, tmp_path: Path) -> None:
    behind = answers({PING: (200, b"", BASIC)})
    before = answers({PING: (200, b"", REGISTRY)})
    server = msgspec.structs.replace(before.profile.server, local_url=behind.server.url)
    for needed in ("bin", "checkout"):
        (tmp_path / needed).mkdir()
    ssh = tmp_path / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nPATH={os.environ["PATH"]}\nfor last; do :; done\nexec /bin/sh -c "$last"\n')
    ssh.chmod(0o755)
    evidence = before.look(ClientsAreAskedToSignIn(profile=msgspec.structs.replace(before.profile, server=server)))
    assert evidence.verdict is Verdict.FAILED
    assert 'on the server itself Basic realm="zot"' in evidence.observed
    assert evidence.remedy == "let the proxy pass WWW-Authenticate on"


def test_a_silent_registry_is_unknown(nowhere: Here) -> None:
    assert nowhere.look(ClientsAreAskedToSignIn(profile=nowhere.profile)).verdict is Verdict.UNKNOWN
