"""Would provisioning leave the registry with the configuration that we want, without showing the client secret?"""

from __future__ import annotations

from posixpath import basename

from zotops.checks.configuration_rules import NotJsonError, parse_configuration, problems, unexpected_changes
from zotops.model import Check, Evidence, Fact, Facts, Look, Otherwise, judged, not_yet, unknown
from zotops.profile import OfProfile, Profile
from zotops.systems.ansible import Play
from zotops.systems.candidate import REVIEWED_CONFIG, Candidate, read_candidate
from zotops.world import World

CONFIG_DIFFERS = Fact("configuration-differs")
CREDENTIALS_IN_DIFF = Fact("credentials-in-diff")
YES, NO = "yes", "no"


class ReviewedConfiguration(OfProfile, Check):
    """A dry run, and the configuration that would result: all four parts, the profile's tiers, nothing else changed.

    Its evidence also says, as a fact, whether the credentials file was in the diff; a later step reports that.
    """

    def __str__(self) -> str:
        return (
            "the resulting configuration has openid, apikey, accessControl and externalUrl, as the profile wants them"
        )

    @property
    def look(self) -> Look:
        """The plan's own command; its output may show the client secret."""
        provisioning = self.profile.provisioning
        return Look(
            command=f"mise run {provisioning.task} -- --check --diff --tags {provisioning.registry_tag}   "
            "(it may show the client secret)",
            want="the four parts in the result, or no difference to a file that has them; failed=0 unreachable=0",
            otherwise=(
                Otherwise(answer="anonymousPolicy beyond read", means="anybody may write", fault="anonymous-may-write"),
                Otherwise(answer="CI with update or delete", means="tags can be moved", fault="ci-may-overwrite"),
                Otherwise(answer="an issuer without its slash", means="it dies", fault="issuer-without-slash"),
                Otherwise(
                    answer="ok=1 only", means="the tag matches nothing: look for a typing error", fault="mistyped-tag"
                ),
                Otherwise(answer="auth without accessControl", means="whoever signs in may do everything"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN: the host cannot be reached, or the diff does not fit the present file."""
        del facts
        expected = "four parts, the profile's groups and tiers, nothing else changed"
        candidate = read_candidate(world, self.profile)
        trouble = candidate.play.trouble(self.profile.provisioning.registry_tasks)
        if candidate.play.host_unreachable:
            return unknown(expected=expected, observed=trouble, remedy=f"ssh {self.profile.server.ssh}: is it there?")
        if trouble:
            return judged(
                False,
                expected=expected,
                observed=f"the dry run did not come to its end: {trouble}",
                likely="a value is missing in the vault, a collection is not installed, or the tag is another one",
                remedy="run it yourself; in a terminal of your own it shows more",
            )
        return self._judge(candidate, expected)

    def _judge(self, candidate: Candidate, expected: str) -> Evidence:
        wrong = _wrong(candidate, self.profile)
        differs = "differs from the present one as it should" if candidate.differs else "is the present one"
        found = {
            CONFIG_DIFFERS: YES if candidate.differs else NO,
            CREDENTIALS_IN_DIFF: YES if _shows_credentials(candidate.play, self.profile) else NO,
        }
        if not wrong:
            found[REVIEWED_CONFIG] = candidate.digest
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"it has them, and {differs}",
            likely="the checkout is on an older branch, or a variable of the role is another one",
            remedy="correct the role or its variables in the checkout, then look again",
            facts=found,
        )


def _wrong(candidate: Candidate, profile: Profile) -> list[str]:
    try:
        after = parse_configuration(candidate.result)
    except NotJsonError as error:
        return [f"the result is not the JSON that the registry needs: {error}"]
    found = problems(after, profile)
    try:
        before = parse_configuration(candidate.present) if candidate.present is not None else None
    except NotJsonError:
        before = None  # nobody can want a broken file back
    if before is not None and (changes := unexpected_changes(before, after)):
        found.append(f"it also changes {', '.join(changes)}")
    return found


def _shows_credentials(play: Play, profile: Profile) -> bool:
    """Whether a diff of the credentials file was printed; a new file goes by its template's name."""
    path = profile.server.credentials
    return any(shown == path or basename(shown) == f"{basename(path)}.j2" for shown in play.hidden)


class CredentialsAreHidden(OfProfile, Check):
    """A finding: without `no_log`, a dry run prints the old and the new client secret."""

    def __str__(self) -> str:
        return "the dry run does not print the client secret"

    @property
    def advisory(self) -> bool:
        """A weakness of the plan itself."""
        return True

    @property
    def look(self) -> Look:
        """Look into the role."""
        path = basename(self.profile.server.credentials)
        return Look(
            command=f"grep -rn -A8 '{path}' ansible/roles/*/tasks | grep no_log",
            want="no_log: true",
            otherwise=(
                Otherwise(
                    answer="nothing",
                    means="a diff of that file shows the secret on the terminal",
                    fault="dry-run-prints-the-client-secret",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """What the review's dry run found; it is not made again for this."""
        del world
        expected = f"no diff of {basename(self.profile.server.credentials)} in the dry run"
        shown = facts.get(CREDENTIALS_IN_DIFF)
        if shown is None:
            return not_yet(expected, CREDENTIALS_IN_DIFF)
        return judged(
            shown == NO,
            expected=expected,
            observed="it was there; zotops dropped it unseen" if shown == YES else "none, this time",
            likely="the task that writes the file has no `no_log`",
            remedy="add `no_log: true` to that task, or `diff: false`",
        )
