import subprocess

import pytest

from tests.lab.practice_world import Done, Practice, laid_out


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    return laid_out(tmp_path_factory.mktemp("ssh") / "world")


def test_the_command_runs_in_the_hosts_folder_with_a_home_of_its_own(practice: Practice) -> None:
    done = practice.run("ssh", "practice-host", "pwd; echo $HOME; echo $PATH; echo $CANARY", CANARY="song")
    host = f"{practice.root}/host"
    assert done == Done(0, f"{host}\n{host}\n{practice.root}/bin\n\n", "")


def test_words_are_joined_by_blanks_and_read_again_by_the_remote_shell(practice: Practice) -> None:
    assert practice.run("ssh", "practice-host", "printf", "'%s|'", "a  b", "'c  d'").out == "a|b|c  d|"


def test_options_and_a_user_name_may_stand_before_the_host(practice: Practice) -> None:
    done = practice.run("ssh", "-o", "BatchMode=yes", "-oConnectTimeout=5", "-T", "alex@practice-host", "echo", "here")
    assert done == Done(0, "here\n", "")


def test_input_reaches_the_command_and_its_exit_code_comes_back(practice: Practice) -> None:
    assert practice.run("ssh", "practice-host", "cat; exit 7", feed="text") == Done(7, "text", "")


def test_a_program_without_a_stand_in_is_not_found(practice: Practice) -> None:
    assert practice.run("ssh", "practice-host", "scp x y").code == 127


def test_an_unknown_host_cannot_be_resolved(practice: Practice) -> None:
    text = "ssh: Could not resolve hostname elsewhere: Name or service not known\n"
    assert practice.run("ssh", "elsewhere", "true") == Done(255, "", text)


def test_a_fault_closes_the_port(practice: Practice) -> None:
    practice.quirk("ssh", unreachable=True)
    done = practice.run("ssh", "practice-host", "true")
    practice.quirk("ssh")
    assert done == Done(255, "", "ssh: connect to host practice-host port 22: Connection refused\n")


@pytest.mark.parametrize("words", [("practice-host",), ("-X", "practice-host", "true"), ()])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("ssh", *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err


@pytest.mark.parametrize(("stdin", "kind"), [(subprocess.DEVNULL, "null"), (subprocess.PIPE, "fifo"), (None, "closed")])
@pytest.mark.parametrize("program", ["git", "ssh"])
def test_stand_ins_and_wrapped_programs_record_the_same(
    practice: Practice, program: str, stdin: int | None, kind: str
) -> None:
    odd = 'quote " backslash \\ newline \n tab \t ü'
    environment = {"PATH": f"{practice.root}/bin", "ZOTOPS_LAB_WORLD": str(practice.root), "CANARY": odd}
    words = [f"{practice.root}/bin/{program}", "-V", odd]
    if stdin is None:
        words = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *words]
    subprocess.run(words, env=environment, stdin=stdin, capture_output=True, check=False)
    call = practice.calls(program)[-1]
    assert (call["argv"], call["env"]["CANARY"], call["stdin"]) == (["-V", odd], odd, kind)


def test_the_account_adds_to_its_own_environment(practice: Practice) -> None:
    file = practice.root / "host" / ".ssh" / "environment"
    file.parent.mkdir()
    file.write_text("SSL_CERT_FILE=/a/b=c\n\n# nothing\n")
    assert practice.run("ssh", "practice-host", "echo $SSL_CERT_FILE").out == "/a/b=c\n"
