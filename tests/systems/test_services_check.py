from zotops.systems.services_check import ServiceLine, parse_services_check, parse_written, written

PRINTED = """\
\x1b[1mLocal services on the server:\x1b[0m
  zot...                   \x1b[0;32mOK\x1b[0m
  zot.prom...              \x1b[0;31mFAILED\x1b[0m
  Forge (public)...        \x1b[0;32mOK\x1b[0m

NAME       SYNC     HEALTH   TARGET
authentik  Synced   Healthy  main
Some services failed health check
"""
LINES = (
    ServiceLine(name="zot", ok=True),
    ServiceLine(name="zot.prom", ok=False),
    ServiceLine(name="Forge (public)", ok=True),
)


def test_lines_are_read_without_colours_headings_and_tables() -> None:
    assert parse_services_check(PRINTED) == LINES


def test_lines_survive_being_a_fact() -> None:
    assert written(LINES) == "zot OK, zot.prom FAILED, Forge (public) OK"
    assert parse_written(written(LINES)) == LINES
    assert parse_written("") == ()
