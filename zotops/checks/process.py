"""Has the registry read the configuration that lies on its host?"""

from __future__ import annotations

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Fact, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.server import Process, RegistryHost
from zotops.world import World

# "<process id> <second in which the configuration was written>", as last seen to be well.
PROCESS_SEEN = Fact("registry-process")


class ProcessIsYounger(OfProfile, Check):
    """The process began after its configuration was written; otherwise the restart was lost and the old rules hold."""

    def __str__(self) -> str:
        return "the registry's process is younger than its configuration file"

    @property
    def look(self) -> Look:
        """Two ages, compared on the server."""
        server = self.profile.server
        age = "-f %m" if server.os == "darwin" else "-c %Y"
        return Look(
            command=f"ssh {server.ssh} 'launchctl list {server.service} | grep PID'; then with that number "
            f"ssh {server.ssh} 'ps -o etime= -p NUMBER; date +%s; stat {age} {server.config}'",
            want="an age smaller than the difference of the last two numbers",
            otherwise=(
                Otherwise(
                    answer="a greater age",
                    means="the restart was lost: the old configuration is still in force",
                    fault="restart-lost",
                ),
                Otherwise(answer="no PID", means="it does not run", fault="registry-does-not-come-back"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Times in whole seconds; within one second of each other, the process seen before decides."""
        host, server = RegistryHost(world=world, profile=self.profile), self.profile.server
        process, written = host.process(), host.modified(server.config)
        expected = f"a process that answers, and began after {server.config} was written"
        if written is None:
            return unknown(expected=expected, observed=f"there is no {server.config}", remedy="is the profile right?")
        if process is None:
            return _not_there(expected, "it does not run")
        if silent := _silence(host, server.local_url):
            return _not_there(expected, silent)
        lost = process.is_older_than(written, pid_before=_pid_before(facts, written))
        return judged(
            not lost,
            expected=expected,
            observed=_observed(process, written),
            likely="a play failed after it had written the file, and its restart was dropped",
            remedy=f"restart it: launchctl unload, then load {server.plist}; running the play again does not do it",
            # Only what was well is remembered: else a second look would find the old process all right.
            facts={} if lost else {PROCESS_SEEN: f"{process.pid} {written}"},
        )


def _not_there(expected: str, observed: str) -> Evidence:
    return judged(
        False,
        expected=expected,
        observed=observed,
        likely="it ends at its start, as it does without the identity provider, or when its port is taken",
        remedy="read its log; `invoke deploy --undo deploy-zot` puts the old configuration back",
    )


def _silence(host: RegistryHost, url: str) -> str:
    """Why a running process does not count as there; "" when it answers, whatever it says."""
    try:
        host.send("GET", f"{url}/v2/", timeout=3.0)
    except Unreachable as error:
        return f"it runs, but does not answer: {error.what}"
    return ""


def _pid_before(facts: Facts, written: int) -> int | None:
    """The process that was seen with an earlier configuration."""
    pid, _, when = facts.get(PROCESS_SEEN, "").partition(" ")
    return int(pid) if pid.isdecimal() and when != str(written) else None


def _observed(process: Process, written: int) -> str:
    seconds = process.began - written
    if abs(seconds) < 2:  # noqa: PLR2004 - times in whole seconds tell no more
        return f"process {process.pid} began within a second of the writing"
    return f"process {process.pid} began {abs(seconds)} s {'after' if seconds > 0 else 'before'} the writing"
