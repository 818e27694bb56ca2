"""What keeps the windows shut in which the new key could be lost, or be the wrong one."""

from tests.rotation.guards import Cut, Guard

TESTS = "test_windows_new_key.py"

NEW_KEY = (
    Guard(
        window=1,
        keeps="a creation of which no key is found in the pending field counts as one that did not happen",
        cuts=(
            Cut(
                "actions/minting.py",
                "lost = Settled(\n            state=State.DID_NOT,",
                "lost = Settled(\n            state=State.HAPPENED,",
            ),
        ),
        test=f"{TESTS}::test_killed_around_the_making_of_the_key_leaves_one_key_and_no_orphan[window-1]",
        red="has a key pending that is not the one in use",
    ),
    Guard(
        window=2,
        keeps="after a lost answer whatever carries the label is deleted, before anything else",
        cuts=(
            Cut(
                "actions/minting.py",
                '[key.id for key in list_keys(zot, caller) if key.label == intent["label"]]',
                "[]",
            ),
        ),
        test=f"{TESTS}::test_a_lost_answer_to_the_making_is_found_by_label_taken_back_and_made_again[window-2-answer-lost]",
        red="an orphan is left",
    ),
    Guard(
        window=3,
        keeps="before a key is made what earlier tries of the run made is deleted",
        cuts=(Cut("actions/minting.py", 'left += self._clear(world, zot, caller, intent["run"])', "pass"),),
        test=f"{TESTS}::test_killed_around_the_making_of_the_key_leaves_one_key_and_no_orphan[window-2-and-3]",
        red="2 keys are left",
    ),
    Guard(
        window=4,
        keeps="what is pending is held against the fingerprint of what was made, by `stage` and again by `promote`",
        cuts=(
            Cut(
                "checks/rotation_fields.py",
                "if not wrong and world.secrets.fingerprint(pending) != facts[KEY_PRINT]:",
                "if False:",
            ),
            Cut("actions/promote.py", 'if not intent["new"] or self._pending(world) != intent["new"]:', "if False:"),
        ),
        test=f"{TESTS}::test_what_was_staged_wrong_is_found_before_it_is_used[old-clipboard]",
        red="promote: the key is in 'Forgejo Secrets'",
    ),
    Guard(
        window=5,
        keeps="the new key is tried with each right before anything uses it",
        cuts=(
            Cut(
                "runbooks/rotate_key.py",
                "            CiMayCreate(profile=profile),\n"
                "            CiMayNotOverwrite(profile=profile),\n"
                "            CiMayNotDelete(profile=profile),\n",
                "",
            ),
        ),
        test=f"{TESTS}::test_a_key_that_is_refused_is_not_promoted",
        red="holds a key that is refused",
    ),
    Guard(
        window=6,
        keeps="a key that is taken has to be let through where CI pushes, too",
        cuts=(Cut("runbooks/rotate_key.py", "            CiMayCreate(profile=profile),\n", ""),),
        test=f"{TESTS}::test_a_key_whose_group_is_missing_is_not_promoted",
        red="prove: CI's 2 builds of the commit succeeded",
    ),
    Guard(
        window=7,
        keeps="a promotion whose write to the shared item is done keeps nothing anew in `previous`",
        cuts=(
            Cut(
                "actions/moving_keys.py",
                "    if current == pending:  # an earlier try came that far\n        return\n",
                "",
            ),
        ),
        test=f"{TESTS}::test_a_promotion_cut_off_half_way_is_brought_to_its_end[current-written]",
        red="keeps the old key until it is ended",
    ),
    Guard(
        window=16,
        keeps="another machine's marks stop a run, and a filled pending field stops `preflight`",
        cuts=(
            Cut(
                "commands/walking.py",
                "        marks = self._marks_of_others(found)\n",
                "        marks: list[str] = []\n",
            ),
            Cut("checks/rotation_start.py", "            not pending or ours,\n", "True,\n"),
        ),
        test=f"{TESTS}::test_another_machine_that_rotates_is_noticed",
        red="two machines rotate at once",
    ),
    Guard(
        window=19,
        keeps="a pasted key is tried under the CI user's name before anything else is done with it",
        cuts=(
            Cut(
                "runbooks/rotate_key.py",
                "            KeyIsCiUsers(profile=profile),\n            CiKeyIsListed(profile=profile),\n",
                "",
            ),
        ),
        test=f"{TESTS}::test_a_key_that_was_made_by_somebody_else_is_refused_and_thrown_away",
        red="create: the registry takes this key for zot-ci",
    ),
    Guard(
        window=19,
        keeps="what was pasted and then refused is thrown away",
        cuts=(
            Cut(
                "runner.py",
                "                self._empty(step, seen)\n",
                "                pass\n",
            ),
        ),
        test=f"{TESTS}::test_a_key_that_was_made_by_somebody_else_is_refused_and_thrown_away",
        red="somebody else's key lies in the pending field",
    ),
)
