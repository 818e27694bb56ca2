"""A vault is asked once for each secret, never twice at once, and with nobody there only for what is listed."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.systems.outside import Safe
from zotops.errors import Unreachable
from zotops.sparing import Sparing
from zotops.world import Secret, SecretRef

KEY, OTHER, PENDING = SecretRef("item", "key"), SecretRef("item", "other"), SecretRef("own", "pending")


@dataclass
class Finger(Safe):
    """A vault that asks for a finger at each read, and notes how many questions were open."""

    open: list[int] = field(default_factory=lambda: [0])
    asked: list[SecretRef] = field(default_factory=list)
    says: str = "no finger"

    def read(self, ref: SecretRef) -> Secret:
        self.asked.append(ref)
        self.open.append(self.open[-1] + 1)
        time.sleep(0.01)
        self.open.append(self.open[-1] - 1)
        if self.refuses:
            raise Unreachable(self.says)
        return super().read(ref)


def test_several_registries_do_not_ask_for_a_finger_at_the_same_time() -> None:
    vault = Finger({KEY: "k", OTHER: "o"})
    several = [Sparing(store=vault) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda job: job[0].read(job[1]).reveal(), [(s, ref) for s in several for ref in (KEY, OTHER)])
        )
    assert found == ["k", "o"] * 4
    assert max(vault.open) == 1


def test_checks_that_run_at_once_ask_once() -> None:
    vault = Finger({KEY: "k"})
    sparing = Sparing(store=vault)
    with ThreadPoolExecutor(8) as pool:
        assert {secret.reveal() for secret in pool.map(lambda _: sparing.read(KEY), range(16))} == {"k"}
    assert vault.asked == [KEY]


def test_a_refusal_is_not_asked_for_again() -> None:
    vault = Finger(refuses=True)
    sparing = Sparing(store=vault)
    for _ in range(2):
        with pytest.raises(Unreachable, match="no finger"):
            sparing.read(KEY)
    assert vault.asked == [KEY]


def test_a_vault_that_is_locked_is_not_asked_for_another_secret() -> None:
    vault = Finger(refuses=True, says="you are not currently signed in")
    sparing = Sparing(store=vault)
    for ref in (KEY, OTHER, KEY):
        with pytest.raises(Unreachable, match="not currently signed in"):
            sparing.read(ref)
    assert vault.asked == [KEY]


def test_with_nobody_there_only_what_is_listed_is_read() -> None:
    vault = Finger({KEY: "k", OTHER: "o"})
    sparing = Sparing(store=vault, readable=frozenset({KEY}))
    assert sparing.read(KEY).reveal() == "k"
    with pytest.raises(Unreachable, match="nobody is there to unlock the vault for item/other") as refused:
        sparing.read(OTHER)
    assert 'list "item/other" under [secrets] unattended' in refused.value.remedy
    assert vault.asked == [KEY]


def test_a_key_that_only_waits_to_be_used_is_none() -> None:
    vault = Finger({PENDING: "p"})
    assert not Sparing(store=vault, pending=PENDING).read(PENDING)
    assert vault.asked == []
