"""Lines of a profile that are each right and do not go together are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.profile_file.written import problems, with_line

CONTRADICTIONS: dict[str, tuple[str, str, str]] = {
    "a password that is kept nowhere": (
        'name = "zot-ci"',
        'name = "zot-ci"\nsign_in = "password"',
        'ci.password: is missing: sign_in = "password" needs a place to keep it, item/field',
    ),
    "a key that is due after its last day": (
        "[auto]",
        "[rotation]\nlifetime_days = 30\ndue_day = 30\n[auto]",
        "rotation.due_day = 30: is not before the key's last day: make it smaller",
    ),
    "a warning before the rotation is due": (
        "[auto]",
        "[rotation]\nwarning_days = 31\n[auto]",
        (
            "rotation.warning_days = 31: would warn before the rotation is due, 30 days before the key's end: make it "
            "smaller, or due_day"
        ),
    ),
    "a critical threshold that comes before the warning": (
        "[auto]",
        "[rotation]\ncritical_days = 14\n[auto]",
        "rotation.critical_days = 14: is not below warning_days: make it smaller",
    ),
    "a value that is handed over in no way": (
        "[secrets]",
        "[[secrets.environment]]\nref = 'a/b'\n[secrets]",
        "secrets.environment[0]: a/b needs a file or a variable",
    ),
    "a value that is handed over twice": (
        "[secrets]",
        "[[secrets.environment]]\nref = 'a/b'\nfile = '/x'\n" * 2 + "[secrets]",
        "secrets.environment: a/b is handed over twice: keep one",
    ),
    "an environment that lacks the key": (
        "[secrets]",
        "[secrets]\nstore = 'environment'",
        (
            "secrets.environment: CI's key, forgejo-item-id/zot-ci-api, is missing: "
            'store = "environment" needs its file or variable'
        ),
    ),
    "CI that may change images": (
        'ci = { group = "artifact-workloads", actions = ["read", "create"] }',
        'ci = { group = "artifact-workloads", actions = ["update", "read", "delete"] }',
        "tiers.ci.actions: CI with delete, update can change images: give it read and create only",
    ),
    "a pattern that is none": (
        'container = "nettest"',
        "container = 'nettest'\nversion_pattern = 'VERSION=(\\S+'",
        (
            "build.version_pattern = 'VERSION=(\\\\S+': is no regular expression (missing ), unterminated subpattern "
            "at position 8): correct it"
        ),
    ),
    "a pattern that finds nothing": (
        'container = "nettest"',
        "container = 'nettest'\nversion_pattern = 'VERSION'",
        (
            "build.version_pattern = 'VERSION': has 0 groups: put the version, and nothing else, in one pair of "
            "parentheses"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_are_said(file: Path, old: str, new: str, said: str) -> None:
    assert problems(file, with_line(old, new)) == [said]
