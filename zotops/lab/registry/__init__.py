"""A stand-in for the zot registry, run exactly as zot is: `serve FILE`, `verify FILE`, `--version`."""

RELEASE_TAG = "v2.1.20-practice"
"""What the stand-in calls itself where zot shows its release tag; the real 2.1.20 is what it imitates."""

DISTRIBUTION_SPEC = "1.1.1"
"""Version of the distribution specification that zot 2.1.20 reports."""
