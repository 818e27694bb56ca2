"""Measures what verify promises, side by side in one run: whole processes, interleaved, and their medians.

Run it with `.venv/bin/python benchmarks/verify.py` after `./inv` has made the environment. On a shared machine read the
ratios, not the seconds; the load is printed with them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, it finds only what lies beside it

from tests.tls import certified

HERE = Path(__file__).resolve().parent
INVOKE = (str(Path(sys.executable).parent / "invoke"), "--search-root", str(ROOT))
DELAY = 0.05
CONNECTIONS = 32
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
PARTS = ("delayed", "tls", "bare", "many")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hardened practice world."""

    profile: Path
    port: int
    root: Path
    folder: Path

    @property
    def op(self) -> list[str]:
        """The call that reads CI's key, as zotops makes it."""
        calls = (self.root / "state" / "calls.jsonl").read_text().splitlines()
        made = [call for call in map(json.loads, calls) if call["program"] == "op"]
        return [str(self.root / "bin" / "op"), *made[-1]["argv"]] if made else []

    def leading_to(self, port: int, name: str, *, addresses: bool = True, scheme: str = "http") -> Path:
        """A profile of the same world by another port; without `addresses` by that one only."""
        text = self.profile.read_text()
        main, rest = text.split("[server]", 1)
        main = main.replace(f":{self.port}", f":{port}").replace('name = "practice"', f'name = "{name}"')
        main = main.replace("http://", f"{scheme}://")
        if not addresses:
            main = re.sub(r"\[\[registry\.addresses\]\].*", "", main, flags=re.DOTALL)
        path = self.folder / f"{name}.toml"
        path.write_text(f"{main}[server]{rest}")
        return path


def main() -> None:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each short command")
    parser.add_argument("--profiles", type=int, default=100, help="how many registries the last part has")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part (repeatable)")
    wanted = parser.parse_args()
    parts: dict[str, Callable[[Place], Iterator[str]]] = {
        "delayed": lambda place: delayed(place, wanted.rounds),
        "tls": lambda place: over_tls(place, wanted.rounds),
        "bare": lambda place: bare(place, wanted.rounds),
        "many": lambda place: many(place, wanted.profiles),
    }
    _say(f"load before: {_load()} on {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    with hardened() as place:
        whole(place.profile, "--only", "access")  # warms up, and records the call of op
        for name in wanted.only or PARTS:
            for line in parts[name](place):
                _say(line)
    _say(f"load after: {_load()}")


def delayed(place: Place, rounds: int) -> Iterator[str]:
    """With 50 ms before every connection and request: against a curl process for each, and in waves."""
    requests: list[dict[str, Any]] = []
    waves: list[int] = []
    connections: list[int] = []

    def ours() -> float:
        with proxy(place.port, DELAY, 1) as (ports, seen):
            took, _ = whole(place.leading_to(ports[0], "delayed"), "--only", "access", "--quiet")
        requests[:] = seen["requests"]
        waves.append(seen["waves"])
        connections.append(seen["connections"])
        return took

    def curls() -> float:
        with proxy(place.port, DELAY, 1) as (ports, _):
            begun = time.monotonic()
            key = _output(place.op).strip()
            for request in requests:
                _curl(request, f"http://127.0.0.1:{ports[0]}", key)
            return time.monotonic() - begun

    first, theirs = ours(), curls()
    fast = median([first, *(ours() for _ in range(rounds - 1))])
    most = ceil(len(requests) / CONNECTIONS) + 4
    yield f"delayed: {len(requests)} requests, {fast:.2f} s; by curl {theirs:.2f} s; {_least(theirs / fast, 10)}"
    yield f"delayed: {median(waves):g} waves of {waves}, {_most(median(waves), most)}"
    yield f"delayed: connections at a time {_most(max(connections), CONNECTIONS)}"


def over_tls(place: Place, rounds: int) -> Iterator[str]:
    """The same with and without TLS, with 50 ms before every connection and request."""
    shown, usual = certified(place.folder), ssl.get_default_verify_paths().cafile
    # Beside the authorities of this system, which are to be read once and not for each connection.
    trusted = place.folder / "trusted.pem"
    trusted.write_text(shown.authority.read_text() + (Path(usual).read_text() if usual else ""))
    os.environ["SSL_CERT_FILE"] = str(trusted)

    def took(*served: str) -> float:
        with proxy(place.port, DELAY, 1, *served) as (ports, _):
            profile = place.leading_to(ports[0], "tls", addresses=False, scheme="https" if served else "http")
            return whole(profile, "--only", "access", "--quiet")[0]

    turns = [(took(str(shown.certificate), str(shown.key)), took()) for _ in range(rounds)]
    secure, plain = (median(column) for column in zip(*turns, strict=True))
    yield f"tls: {secure:.2f} s; without {plain:.2f} s; {_most(secure / plain, 1.5)}"


def bare(place: Place, rounds: int) -> Iterator[str]:
    """Without latency: against a script that does nothing else; and our peak memory."""
    with proxy(place.port, 0.0, 1) as (ports, seen):
        whole(place.leading_to(ports[0], "recorded"), "--only", "access", "--quiet")
    key = b64encode(f"zot-ci:{_output(place.op).strip()}".encode()).decode()
    listed = [
        {
            **request,
            "url": f"http://{request['host'].split(':')[0]}:{place.port}{request['path']}",
            "headers": {
                name: "KEY" if value == f"Basic {key}" else value for name, value in request["headers"].items()
            },
        }
        for request in seen["requests"]
    ]
    file = place.folder / "requests.json"
    file.write_text(json.dumps(listed))
    peaks: list[float] = []

    def ours() -> float:
        took, peak = whole(place.profile, "--only", "access", "--quiet")
        peaks.append(peak)
        return took

    def theirs() -> float:
        return _timed([sys.executable, str(HERE / "bare.py"), str(file), *place.op])[0]

    turns = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    mine, other = (median(column) for column in zip(*turns, strict=True))
    yield f"bare: {len(listed)} requests, {mine:.2f} s; bare script {other:.2f} s; {_most(mine / other, 1.5)}"
    yield f"bare: peak memory {max(peaks):.0f} MiB, {_most(max(peaks), 70)}"


def many(place: Place, count: int) -> Iterator[str]:
    """Many delayed registries: in one call, and one process after another."""
    with proxy(place.port, DELAY, count) as (ports, _):
        profiles = [place.leading_to(port, f"r{number}", addresses=False) for number, port in enumerate(ports)]
        words = ("--as", "nobody", "--only", "access", "--quiet")
        named = [word for profile in profiles for word in ("--profile", str(profile))]
        threads: list[int] = []
        together, peak = _timed([*INVOKE, "verify", *named, *words], threads)
        begun = time.monotonic()
        for profile in profiles:
            whole(profile, *words)
        alone = time.monotonic() - begun
    held = _most(together / alone, 1 / 3)
    yield f"many: {count} registries, {together:.1f} s; one after another {alone:.1f} s; {held}"
    yield f"many: peak memory {peak:.0f} MiB, threads at once {_most(max(threads), 128)}"


def whole(profile: Path, *words: str) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a whole call of verify that has to be green."""
    return _timed([*INVOKE, "verify", "--profile", str(profile), *words])


def _timed(argv: list[str], threads: list[int] | None = None) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a call that has to end well; how many threads it had goes into the list."""
    begun = time.monotonic()
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment(), cwd=ROOT
    ) as process:
        if threads is not None:
            Thread(target=_count_threads, args=(process.pid, threads), daemon=True).start()
        said = process.stdout.read() if process.stdout else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{argv[:8]} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return time.monotonic() - begun, used.ru_maxrss / 1024


def _count_threads(pid: int, seen: list[int]) -> None:
    """Look again and again, until the process is no more."""
    with suppress(OSError):
        while True:
            status = Path(f"/proc/{pid}/status").read_text()
            seen.append(int(status.partition("Threads:")[2].split()[0]))
            time.sleep(0.005)


def _curl(request: dict[str, Any], url: str, key: str) -> None:
    headers = dict(request["headers"])
    words = [word for name, value in headers.items() if name != "Authorization" for word in ("-H", f"{name}: {value}")]
    # The login by stdin, as one would with a key; which one it is does not matter to the time.
    login = f'user = "zot-ci:{key}"\n' if "Authorization" in headers else ""
    subprocess.run(
        ["curl", "-s", "-o", os.devnull, "-K", "-", "-X", request["method"], *words, f"{url}{request['path']}"],
        input=login,
        text=True,
        check=True,
    )


@contextmanager
def hardened() -> Iterator[Place]:
    """A running hardened world."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.json")
        argv = [*INVOKE, "lab", "--state", "hardened", "--ready-file", str(ready)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(argv, env=_environment(), cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet) as process:
            try:
                while not ready.exists():
                    if process.poll() is not None:
                        sys.exit("the practice world does not start: run `./inv lab` to see why")
                    time.sleep(0.05)
                facts = json.loads(ready.read_text())
                os.environ["ZOTOPS_LAB_WORLD"] = facts["root"]  # for the op of the bare script and of the curls
                yield Place(
                    profile=Path(facts["profile"]),
                    port=int(facts["registry"].rpartition(":")[2]),
                    root=Path(facts["root"]),
                    folder=Path(folder),
                )
            finally:
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)


@contextmanager
def proxy(upstream: int, delay: float, count: int, *shown: str) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """A delaying proxy on that many ports; what it saw is there afterwards. `shown`: for TLS, certificate and key."""
    argv = [sys.executable, str(HERE / "delaying.py"), str(upstream), str(delay), str(count), *shown]
    seen: dict[str, Any] = {}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline()), seen
        seen.update(json.loads(process.communicate()[0]))


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in LEFT_OUT}


def _most(value: float, limit: float) -> str:
    return f"{value:.2f}, at most {limit:.2f}: {'ok' if value <= limit else 'OVER'}"


def _least(value: float, limit: float) -> str:
    return f"{value:.1f} times faster, at least {limit:g}: {'ok' if value >= limit else 'UNDER'}"


def _load() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
