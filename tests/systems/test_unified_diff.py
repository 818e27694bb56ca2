"""A diff is applied exactly, or refused."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotops.systems.unified_diff import NO_NEWLINE, DoesNotFitError, patched

TEXT = "a\nb\nc\nd\ne\n"


def as_ansible_prints(before: str, after: str, context: int = 3) -> list[str]:
    """The hunks, the way that Ansible's default callback writes them."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for side in (old, new):
        if side and not side[-1].endswith("\n"):
            side[-1] += f"\n{NO_NEWLINE}\n"
    return "".join(list(difflib.unified_diff(old, new, n=context))[2:]).splitlines()


line = st.text(alphabet="ab{} -+@\\", max_size=4)
text = st.builds(lambda lines, end: "\n".join(lines) + end, st.lists(line, max_size=12), st.sampled_from(["", "\n"]))


@given(before=text, after=text, context=st.integers(0, 4))
def test_what_was_printed_brings_back_what_was_meant(before: str, after: str, context: int) -> None:
    diff = as_ansible_prints(before, after, context)
    assert (patched(before, diff) if diff else before) == after


def test_a_new_file_is_all_in_the_diff() -> None:
    assert patched("", ["@@ -0,0 +1,2 @@", "+{", "+}", NO_NEWLINE]) == "{\n}"


@pytest.mark.parametrize(
    "diff",
    [
        pytest.param(["@@ -2 +2 @@", "-x", "+y"], id="another line stands there"),
        pytest.param(["@@ -9 +9 @@", "-a", "+y"], id="beyond the end"),
        pytest.param(["@@ -1,3 +1,2 @@", " a", "-b"], id="cut off"),
        pytest.param(["@@ -1 +1 @@", "-a", "+b", "+c"], id="more lines than said"),
        pytest.param(["-a", "+b"], id="no head"),
        pytest.param(["@@ -1 +1 @@", "-a", "+b", "rubbish"], id="no line of a diff"),
        pytest.param(["@@ -4 +4 @@", "-d", "+x", "@@ -1 +1 @@", "-a", "+y"], id="backwards"),
        pytest.param(["@@ -1 +1 @@", "-a", NO_NEWLINE, "+b"], id="another end of the line"),
        pytest.param([], id="nothing"),
    ],
)
def test_what_does_not_fit_is_refused(diff: list[str]) -> None:
    with pytest.raises(DoesNotFitError):
        patched(TEXT, diff)


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(DoesNotFitError) as refused:
        patched(TEXT, ["@@ -1 +1 @@", "-a", "+b", "clientsecret"])
    assert "clientsecret" not in str(refused.value)
