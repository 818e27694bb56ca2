"""The reference page of `verify`: the matrix made from a profile's tiers, and why each question leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zotops.access_asks import ASKS, Ask
from zotops.access_matrix import Cell, Place, Principal, addresses, expected, places, plants, principals
from zotops.access_sentences import sentences
from zotops.checks.standing import NOT_CHECKED, standing_checks
from zotops.profile import Profile

_INTRO = """\
`invoke verify` asks the registry every question of this page, over 32 connections at once, and judges the
answers by the tiers of the profile. It changes nothing: the catalog, the tags and the storage are byte for byte
the same afterwards, `meta.db` aside, in which the registry notes when a key was last used. What leaves something
is done only when it is asked for, and said at the end.

A status counts only if the registry itself gave it: a page, a redirect or a 401 of something in front of it is
*unknown*, and so is silence. Unknown never counts as passed. `--as nobody` reads no secret at all."""
_TABLES = """\
The tables are made from the tiers of the example profile: {tiers}. A made-up credential is refused with 401
everywhere, before any policy is looked at; so it is asked once per question and address. Below a mirror's
prefix CI may be refused what it may do elsewhere; where it is let through, that is a finding: it could plant
images among those that are fetched from upstream."""
_ADDRESSES = """\
Every question is asked at each address that the profile gives the registry. Over plain http a real key is sent
only where the profile says `plain_http_is_trusted` of that very address; elsewhere only those without a secret
ask, and what is not asked is not unknown. An address that only the server reaches is asked from there, without
secrets."""
_OUTPUTS = """\
| option | gives |
| --- | --- |
| none | a table in 80 columns, what is wrong first |
| `--json` | one document; its form is [verify.schema.json](verify.schema.json) |
| `--junit=FILE` | one case a sentence: failed is a failure, unknown an error, a finding is skipped |
| `--prometheus=FILE` | metrics for a textfile collector, replaced at once |
| `--quiet` | only what is not as it should be |

| option | does, and leaves |
| --- | --- |
| `--write` | pushes a tiny image to the scratch repository with CI's key: the image stays |
| `--as-dagger`, `--as-skopeo` | push one as these clients do: it stays |
| `--pull-through=NAME` | fetches an image through each mirror: it stays in the cache |
| `--sign-in` | begins a sign-in and follows it to the login page: its sessions stay in the storage for two hours |

It exits with 1 when something is not as the profile says, with 5 when something could not be told and nothing
is wrong, else with 0. Findings change that only with `--strict`. Where neither stdin nor stderr is a terminal,
only the logins listed in `[secrets] unattended` are read, for 10 s each."""


def page(profile: Profile) -> str:
    """The whole page, as Markdown."""
    tiers = profile.tiers
    words = (
        f"nobody {_rights(tiers.anonymous)}; signed in {_rights(tiers.signed_in)}; "
        f"`{tiers.ci.group}` {_rights(tiers.ci.actions)}; `{tiers.admins.group}` {_rights(tiers.admins.actions)}"
    )
    parts = [
        "# Verify",
        _INTRO,
        "## Who may do what",
        _TABLES.format(tiers=words),
        *(_table(place, profile) for place in places(profile)),
        _ADDRESSES,
        "## Each question, and why it leaves nothing",
        _questions(),
        "## The sentences",
        "`--only` takes these names, their beginnings, or patterns, separated by commas.",
        _named({one.name: one.says for one in sentences(profile)}),
        "## What else has to be true",
        _named({name: str(check) for name, check in standing_checks(profile).items()}),
        "## Outputs",
        _OUTPUTS,
        "## Not checked",
        "\n".join(f"- {text[0].upper()}{text[1:]}." for text in NOT_CHECKED),
    ]
    return "\n\n".join(parts) + "\n"


def _rights(rights: Sequence[str]) -> str:
    return ", ".join(rights) or "nothing"


def _table(place: Place, profile: Profile) -> str:
    who = [each for each in principals(profile) if each.id in {"nobody", "forged", "ci", "guest", "admin"}]
    names = {"registry": "The registry", "missing": "A name that does not exist", "mirror": "Below a mirror's prefix"}
    title = names.get(place.kind, "An image of ours") + (f": `{place.repository}`" if place.repository else "")
    rows = [
        f"| {ask.says.rsplit(' ', 1)[0] if place.repository else ask.says} | "
        + " | ".join(_expected(each, ask, place, profile) for each in who)
        + " |"
        for ask in ASKS
        if place.kind in ask.places
    ]
    heads = " | ".join(each.says for each in who)
    return "\n".join([f"### {title}", "", f"| | {heads} |", "| --- |" + " --- |" * len(who), *rows])


def _expected(principal: Principal, ask: Ask, place: Place, profile: Profile) -> str:
    right = expected(principal, ask, place)
    cell = Cell(principal=principal, ask=ask, place=place, address=addresses(profile)[0], expected=right)
    told = " or ".join(str(status) for status in sorted(right))
    return f"{told} (finding)" if plants(cell) and right & ask.through else told


def _questions() -> str:
    rows = [f"| {ask.says} | `{ask.request}` | {_through(ask)} | {ask.nothing_stays} |" for ask in ASKS]
    return "\n".join(["| question | request | let through | why nothing stays |", "| --- | --- | --- | --- |", *rows])


def _through(ask: Ask) -> str:
    elsewhere = ask.through_elsewhere - ask.through
    told = " or ".join(str(status) for status in sorted(ask.through, reverse=True))
    if ask.places == ("registry",) or not elsewhere or ask.places == ("image",):
        return told
    return f"{told}; {' or '.join(map(str, sorted(elsewhere)))} where there is nothing of that name"


def _named(names: dict[str, str]) -> str:
    return "\n".join(["| name | sentence |", "| --- | --- |", *_rows(names)])


def _rows(names: dict[str, str]) -> Iterator[str]:
    for name, says in names.items():
        yield f"| `{name}` | {says} |"
