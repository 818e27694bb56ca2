"""What keeps the windows shut in which CI could be without a key, or the old one stay alive."""

from tests.rotation.guards import Cut, Guard

TESTS = "test_windows_old_key.py"

OLD_KEY = (
    Guard(
        window=8,
        keeps="a giving that was cut off is not taken for done: every consumer gets the key again",
        cuts=(
            Cut(
                "actions/sync_secrets.py",
                'Settled(state=State.DID_NOT, leftover="the forge may have the key already; it gets it again")',
                "Settled(state=State.HAPPENED, outcome=Outcome(facts={GIVEN: 'unreachable=0 failed=0', "
                "COPIES_GIVEN: ' '.join(map(str, self.profile.forge.copies))}))",
            ),
        ),
        test=f"{TESTS}::test_when_only_some_consumers_have_the_new_key_both_keys_work_until_all_have_it[not-sent]",
        red="holds the dead key",
    ),
    Guard(
        window=9,
        keeps="by their last uses the other keys are watched from the cut-over on",
        cuts=(
            Cut(
                "systems/rotation.py",
                "return [key for key in keys if key.id != but and known.get(key.id) != now[key.id]]",
                "return []",
            ),
        ),
        test=f"{TESTS}::test_a_consumer_that_goes_on_with_the_old_value_is_found_although_its_builds_are_green",
        red="holds the dead key",
    ),
    Guard(
        window=10,
        keeps="an old key that was used since the cut-over is not quiet, and is not ended",
        cuts=(
            Cut("checks/rotation_uses.py", '*(f"{short(each)} was used {_told(each)}" for each in stirred),', ""),
            Cut("actions/revoke.py", "if not came_back and any(key.id == old for key in used):", "if False:"),
        ),
        test=f"{TESTS}::test_a_consumer_that_nobody_listed_keeps_the_old_key_alive[old-key-stirs]",
        red="the old key is ended while somebody uses it",
    ),
    Guard(
        window=11,
        keeps="a revocation without an answer is settled by looking at the list",
        cuts=(
            Cut(
                "actions/revoke.py",
                "        if all(gone):\n"
                "            return Settled(state=State.HAPPENED, outcome=self._outcome(world))\n",
                "",
            ),
        ),
        test=f"{TESTS}::test_a_lost_answer_to_the_revocation_is_settled_by_looking",
        red="revoke: it cannot be told from here whether it happened",
    ),
    Guard(
        window=12,
        keeps="the registry's 200 is not believed, neither by the action nor by the check after it",
        cuts=(
            Cut("actions/revoke.py", "if listed_by_new(world, self.profile, key).key(old):", "if False:"),
            Cut(
                "checks/rotation_end.py",
                "            still is None,\n",
                "            still is None or REVOKED_AT in facts,\n",
            ),
        ),
        test=f"{TESTS}::test_a_revocation_that_did_nothing_is_found",
        red="confirm: the registry refuses the old key, and takes the new one",
    ),
    Guard(
        window=13,
        keeps="an old key that is not listed any more is said before CI has the new one",
        cuts=(
            Cut(
                "checks/rotation_uses.py",
                "lives = found is not None and not found.expired",
                "lives = found is None or not found.expired",
            ),
        ),
        test=f"{TESTS}::test_an_old_key_that_ends_too_early_is_said_by_the_next_record_and_the_rotation_goes_on[stage]",
        red="nobody is told that CI is refused",
    ),
    Guard(
        window=14,
        keeps="what the list shows counts, not what was recorded; and what is not listed is not ended again",
        cuts=(
            Cut(
                "actions/revoke.py",
                'gone.append(listed_by_new(world, self.profile, key).key(intent["id"]) is None)',
                "gone.append(False)",
            ),
            Cut("checks/rotation_end.py", "            still is None,\n", "            REVOKED_AT in facts,\n"),
            Cut("actions/revoke.py", "        if target is None:\n", "        if False:\n"),
        ),
        test=f"{TESTS}::test_a_revocation_that_was_not_recorded_is_not_sent_again[not-recorded]",
        red="it was sent again",
    ),
    Guard(
        window=15,
        keeps="an old key that is listed, but expired, is said before CI has the new one",
        cuts=(
            Cut(
                "checks/rotation_uses.py",
                "lives = found is not None and not found.expired",
                "lives = found is not None",
            ),
        ),
        test=f"{TESTS}::test_an_old_key_whose_time_ends_during_the_run_is_said_and_the_rotation_goes_on[stage]",
        red="nobody is told that CI is refused",
    ),
    Guard(
        window=15,
        keeps="whether the current key is still taken is asked just before it is to make another",
        cuts=(Cut("actions/successor.py", " and open_zot(world, self.profile).ping(current).status == OK:", ":"),),
        test=f"{TESTS}::test_an_old_key_whose_time_ends_during_the_run_is_said_and_the_rotation_goes_on[create]",
        red="no key was made: ",
    ),
    Guard(
        window=17,
        keeps="the old key is tried once more after its end, and has to be refused",
        cuts=(
            Cut("checks/rotation_end.py", "asked == [NOT_SIGNED_IN, OK, NOT_SIGNED_IN] and listed is None,", "True,"),
        ),
        test=f"{TESTS}::test_a_backup_that_brings_the_old_key_back_is_found",
        red="nobody is told that the old key is back",
    ),
    Guard(
        window=17,
        keeps="a key that came back from a backup is ended although `confirm` has used it",
        cuts=(Cut("actions/revoke.py", "came_back = REVOKED_AT in facts", "came_back = False"),),
        test=f"{TESTS}::test_a_backup_that_brings_the_old_key_back_is_found",
        red="was used after the cut-over",
    ),
    Guard(
        window=18,
        keeps="other keys are ended until two lists in a row show none, and the check after it lists them, too",
        cuts=(
            Cut("actions/end_others.py", "            if quiet == QUIET:\n", "            if True:\n"),
            Cut(
                "checks/rotation_end.py",
                "            not others,\n",
                "            not others or REVOKED_AT in facts,\n",
            ),
        ),
        test=f"{TESTS}::test_what_a_thief_made_with_a_leaked_key_is_ended_with_it_and_named",
        red="a key of the thief lives",
    ),
    Guard(
        window=18,
        keeps="where the new key was ended by the thief a sign-in ends all keys",
        cuts=(
            Cut(
                "actions/end_others.py",
                "            if zot.ping(caller).status == NOT_SIGNED_IN:\n"
                '                self._end_all_by_a_sign_in(world, zot, intent["id"], ended)\n',
                "",
            ),
        ),
        test=f"{TESTS}::test_a_thief_who_ends_the_new_key_is_answered_by_a_fresh_sign_in",
        red="does not list the keys of zot-ci: 401",
    ),
)
