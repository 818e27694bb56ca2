"""The only folder on a child's PATH: stand-ins, and real programs behind scripts that record how they are called."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from zotops.lab.state import Document

STAND_INS = ("argocd", "kubectl", "launchctl", "mise", "op", "ssh")
LINKED = (
    *(
        "awk",
        "base64",
        "basename",
        "bash",
        "cat",
        "chmod",
        "cmp",
        "cp",
        "cut",
        "date",
        "dirname",
        "env",
        "false",
        "find",
        "grep",
    ),
    *(
        "head",
        "ls",
        "mkdir",
        "mktemp",
        "mv",
        "printf",
        "readlink",
        "rm",
        "rmdir",
        "sed",
        "sh",
        "sleep",
        "sort",
        "stat",
        "tail",
    ),
    *("tee", "test", "touch", "tr", "true", "uname", "uniq", "wc", "xargs", "["),
)
RECORDED = ("git", "skopeo")
# Real ones where the machine has them, else our own small ones.
REAL_OR_STAND_IN = ("curl", "ps")

_RECORD = r"""
function text(s,  out, i, c) {
  out = ""
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == "\"" || c == "\\") c = "\\" c
    else if (c == "\n") c = "\\n"
    else if (c == "\t") c = "\\t"
    else if (c == "\r") c = "\\r"
    else if (c < " ") c = " "
    out = out c
  }
  return "\"" out "\""
}
BEGIN {
  line = "{\"at\": " ARGV[1] ", \"program\": " text(ARGV[2]) ", \"argv\": ["
  for (i = 4; i < ARGC; i++) line = line (i > 4 ? ", " : "") text(ARGV[i])
  line = line "], \"env\": {"
  first = 1
  for (name in ENVIRON) { line = line (first ? "" : ", ") text(name) ": " text(ENVIRON[name]); first = 0 }
  print line "}, \"stdin\": " text(ARGV[3]) "}"
}
"""


def lay_programs(world: Document, zot: Path | None) -> None:
    """Fill WORLD/bin and WORLD/host/bin; `zot` is the real registry, or None for the stand-in."""
    folder = Path(world["root"]) / "bin"
    folder.mkdir(parents=True)
    for name in LINKED:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    for name in STAND_INS:
        _script(folder / name, _stand_in(world, name))
    for name in RECORDED:
        if found := shutil.which(name):
            _script(folder / name, _recorded(world, name, found))
    for name in REAL_OR_STAND_IN:
        found = shutil.which(name)
        _script(folder / name, _recorded(world, name, found) if found else _stand_in(world, name))
    if real_mise := os.environ.get("ZOTOPS_LAB_MISE"):
        trusted = f"export MISE_TRUSTED_CONFIG_PATHS={shlex.quote(world['root'])}"
        _script(folder / "mise", _recorded(world, "mise", real_mise, before=trusted))
    _script(folder / "ansible-playbook", _playbook(world))
    (folder / ".record.awk").write_text(_RECORD)
    _lay_host(world, zot)


def _stand_in(world: Document, name: str) -> str:
    start = Path(world["source"]) / "zotops" / "lab" / "executables" / "start.py"
    # Without site-packages and the operator's PYTHON* variables: these start often and need neither.
    return f'exec {shlex.quote(world["python"])} -E -s -S {shlex.quote(str(start))} {name} "$@"'


def _recorded(world: Document, name: str, program: str, *, before: str = "") -> str:
    awk, date = (shutil.which(each) or each for each in ("awk", "date"))
    kind = (
        "if [ -p /dev/stdin ]; then kind=fifo; elif [ -S /dev/stdin ]; then kind=socket; elif [ -t 0 ]; then kind=tty\n"
        "elif [ -f /dev/stdin ]; then kind=file; elif [ -e /dev/stdin ]; then kind=null; else kind=closed; fi"
    )
    state = shlex.quote(f"{world['root']}/state/calls.jsonl")
    script = shlex.quote(f"{world['root']}/bin/.record.awk")
    # One printf, so that lines of parallel calls do not mix.
    record = (
        f'line=$({awk} -f {script} "$({date} +%s)" {name} "$kind" "$@" </dev/null)\nprintf \'%s\\n\' "$line" >> {state}'
    )
    return "\n".join(filter(None, [kind, record, before, f'exec {shlex.quote(program)} "$@"']))


def _playbook(world: Document) -> str:
    real = Path(world["python"]).parent / "ansible-playbook"
    quirks = shlex.quote(f"{world['root']}/state/quirks.json")
    fails = (
        f"case $(cat {quirks} 2>/dev/null) in\n*'\"fail_after_config\": true'*|*'\"lost_restart\": true'*)\n"
        "  export ZOTOPS_LAB_PLAY_FAILS='echo \"practice fault: this task fails\" >&2; exit 1';;\nesac"
    )
    return _recorded(world, "ansible-playbook", str(real), before=f"{fails}\n{_other_recap(str(real), quirks)}")


def _other_recap(real: str, quirks: str) -> str:
    """A trap: the recap as another version of Ansible writes it."""
    said = '"$ZOTOPS_LAB_WORLD/tmp/play.$$"'
    recap = r"s/ : ok=/\t: ok=/; s/    \([a-z]*=\)/ \1/g; s/ *rescued=[0-9]* *ignored=[0-9]*//"
    return (
        f"case $(cat {quirks} 2>/dev/null) in\n*'\"other_recap\": true'*)\n"
        f'  ANSIBLE_FORCE_COLOR=1 {shlex.quote(real)} "$@" >{said}; code=$?\n'
        f"  sed '{recap}' {said}; rm -f {said}; exit $code;;\nesac"
    )


def _lay_host(world: Document, zot: Path | None) -> None:
    folder = Path(world["root"]) / "host" / "bin"
    folder.mkdir(parents=True)
    python, source = shlex.quote(world["python"]), shlex.quote(world["source"])
    if zot is not None:
        (folder / "zot").symlink_to(zot)
    else:
        state = shlex.quote(f"{world['root']}/state")
        run = f'PYTHONPATH={source} ZOTOPS_LAB_STATE={state} exec {python} -m zotops.lab.registry "$@"'
        _script(folder / "zot", run)
    # Ansible's modules with compiled imports: each starts in a quarter of the time that its zip file takes.
    run = (
        "import sys, ansible.module_utils.basic\n"
        "text = open(sys.argv[1]).read() if sys.argv[1:] else sys.stdin.read()\n"
        'exec(compile(text, "module", "exec"), {"__name__": "__main__", "__file__": "module"})'
    )
    _script(folder / "module-python", f'exec {python} -c {shlex.quote(run)} "$@"')


def _script(path: Path, body: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
