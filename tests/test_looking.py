"""Making checks: secrets first and one by one, then all at once, in order, and unknown where nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.lamps import Drawer, FixedClock, House, IsOn, Lamps
from zotops.connections import CONNECTIONS
from zotops.errors import ActionFailed, Stop, Unreachable
from zotops.looking import ReadAhead, counted, look, made
from zotops.model import Check, Evidence, Fact, Facts, Login, Look, Verdict, judged, unknown
from zotops.world import Secret, SecretRef, World

KEY, OTHER = SecretRef("item", "key"), SecretRef("item", "other")


@dataclass(frozen=True, kw_only=True)
class Asks(Check):
    """A check that does what a test wants it to do."""

    name: str = "it"
    does: Callable[[World], Evidence] = lambda _: judged(True, expected="e", observed="o")
    needs: Sequence[Login] = ()
    finding: bool = False

    def __str__(self) -> str:
        return f"{self.name} holds"

    @property
    def look(self) -> Look:
        return Look(command="look", want="what is wanted")

    @property
    def logins(self) -> Sequence[Login]:
        return self.needs

    @property
    def advisory(self) -> bool:
        return self.finding

    def run(self, world: World, facts: Facts) -> Evidence:
        del facts
        return self.does(world)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return House(tmp_path).world


def reads(ref: SecretRef) -> Callable[[World], Evidence]:
    return lambda world: judged(bool(world.secrets.read(ref)), expected="a key", observed="one")


def stops(stop: Stop) -> Callable[[World], Evidence]:
    def does(_: World) -> Evidence:
        raise stop

    return does


@dataclass
class Watchful(Drawer):
    """A drawer that knows who reads it, and how many at the same time."""

    threads: set[int] = field(default_factory=set)
    inside: int = 0
    most: int = 0

    def read(self, ref: SecretRef) -> Secret:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.get_ident())
        try:
            return super().read(ref)
        finally:
            self.inside -= 1


def test_every_secret_is_read_once_and_by_the_caller_before_any_check_runs(world: World) -> None:
    drawer = Watchful(kept={KEY: "k", OTHER: "o"})
    ahead: list[int] = []

    def does(seen: World) -> Evidence:
        ahead.append(len(drawer.reads))
        return reads(KEY)(seen)

    checks = [Asks(name=str(n), does=does, needs=(Login("ci", KEY), Login("ci", OTHER))) for n in range(5)]
    found = list(look(checks, replace(world, secrets=drawer), {}))
    assert [evidence.verdict for _, evidence in found] == [Verdict.PASSED] * 5
    assert drawer.reads == [KEY, OTHER]
    assert ahead == [2] * 5
    assert drawer.threads == {threading.get_ident()}
    assert drawer.most == 1


def test_a_check_that_names_no_login_reads_nothing(world: World) -> None:
    drawer = Watchful(kept={KEY: "k"})
    list(look([Asks()], replace(world, secrets=drawer), {}))
    assert drawer.reads == []


def test_an_unreadable_secret_makes_only_those_unknown_that_need_it(world: World) -> None:
    drawer = Drawer(kept={OTHER: "o"})
    without = Asks(name="without", does=reads(KEY), needs=(Login("ci", KEY),))
    another = Asks(name="another", does=reads(OTHER), needs=(Login("ci", OTHER),))
    found = [evidence for _, evidence in look([without, another], replace(world, secrets=drawer), {})]
    assert [evidence.verdict for evidence in found] == [Verdict.UNKNOWN, Verdict.PASSED]
    assert found[0].observed == "item/key is not in the drawer"
    assert drawer.reads == [KEY, OTHER]


@pytest.mark.parametrize("said", ["authorization prompt dismissed", "connecting to desktop app timed out"])
def test_a_prompt_that_was_refused_is_not_followed_by_another(world: World, said: str) -> None:
    asked = []

    @dataclass
    class Refuses(Drawer):
        def read(self, ref: SecretRef) -> Secret:
            asked.append(ref)
            raise Unreachable(f"op read: {said}")

    checks = [Asks(name=str(ref), does=reads(ref), needs=(Login("ci", ref),)) for ref in (KEY, OTHER)]
    found = [evidence for _, evidence in look(checks, replace(world, secrets=Refuses()), {})]
    assert [(one.verdict, one.observed) for one in found] == [(Verdict.UNKNOWN, f"op read: {said}")] * 2
    assert asked == [KEY]


def test_the_order_of_the_checks_is_kept_whichever_ends_first(world: World) -> None:
    last_ended = threading.Event()

    def slow(_: World) -> Evidence:
        assert last_ended.wait(5)
        return judged(True, expected="e", observed="slow")

    def quick(_: World) -> Evidence:
        last_ended.set()
        return judged(True, expected="e", observed="quick")

    checks = [Asks(name="first", does=slow), Asks(name="last", does=quick)]
    assert [evidence.observed for _, evidence in look(checks, world, {})] == ["slow", "quick"]


def test_thirty_two_checks_run_at_the_same_time(world: World) -> None:
    together = threading.Barrier(CONNECTIONS)

    def meets(_: World) -> Evidence:
        together.wait(5)
        return judged(True, expected="e", observed="met")

    found = list(look([Asks(does=meets)] * CONNECTIONS, world, {}))
    assert CONNECTIONS == 32
    assert [evidence.observed for _, evidence in found] == ["met"] * 32


@pytest.mark.parametrize("stop", [Unreachable("nobody answers", remedy="wait"), ActionFailed("no", remedy="wait")])
def test_what_cannot_be_looked_at_is_unknown_with_cause_and_remedy_and_never_red(world: World, stop: Stop) -> None:
    evidence = made(Asks(does=stops(stop)), world, {})
    assert evidence.verdict is Verdict.UNKNOWN
    assert (evidence.expected, evidence.observed, evidence.remedy) == ("what is wanted", stop.what, "wait")


def test_a_mistake_in_a_check_is_no_verdict(world: World) -> None:
    def wrong(_: World) -> Evidence:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(look([Asks(does=wrong)], world, {}))


def test_evidence_has_time_and_duration(world: World) -> None:
    clock = FixedClock()

    def does(seen: World) -> Evidence:
        seen.clock.sleep(1.5)
        return judged(True, expected="e", observed="o")

    evidence = made(Asks(does=does), replace(world, clock=clock), {})
    assert evidence.took == 1.5
    assert evidence.at == FixedClock().now()


def test_checks_are_given_the_facts_so_far(world: World) -> None:
    given: list[Facts] = []

    @dataclass(frozen=True, kw_only=True)
    class Remembers(Asks):
        def run(self, world: World, facts: Facts) -> Evidence:
            given.append(facts)
            return super().run(world, facts)

    list(look([Remembers()], world, {Fact("colour"): "red"}))
    assert given == [{Fact("colour"): "red"}]


def test_a_store_read_ahead_is_otherwise_the_store_itself() -> None:
    drawer = Drawer(kept={KEY: "k", OTHER: "oo"})
    ahead = ReadAhead(drawer, {KEY: Secret("read before")})
    assert ahead.read(KEY).reveal() == "read before"
    assert ahead.read(OTHER).reveal() == "oo"
    assert ahead.fingerprints("item") == drawer.fingerprints("item")
    assert ahead.fingerprint(Secret("abc")) == drawer.fingerprint(Secret("abc"))
    ahead.write("item", {"key": Secret("new")})
    assert drawer.kept[KEY] == "new"


RED, GOOD = judged(False, expected="e", observed="o"), judged(True, expected="e", observed="o")
OPEN = unknown(expected="e", observed="o")


@pytest.mark.parametrize(
    ("finding", "evidence", "counts_as"),
    [
        (False, GOOD, Verdict.PASSED),
        (False, RED, Verdict.FAILED),
        (False, OPEN, Verdict.UNKNOWN),
        (True, GOOD, Verdict.PASSED),
        (True, RED, Verdict.PASSED),
        (True, OPEN, Verdict.PASSED),
    ],
)
def test_a_weakness_of_the_plan_stops_nothing(finding: bool, evidence: Evidence, counts_as: Verdict) -> None:
    assert counted(Asks(finding=finding), evidence) is counts_as


def test_nothing_is_looked_at_before_somebody_wants_to_know(world: World) -> None:
    lamps = Lamps(on={"hall"})
    looks = look([IsOn(lamps=lamps, name="hall")], world, {})
    lamps.on.clear()
    assert [evidence.verdict for _, evidence in looks] == [Verdict.FAILED]
