"""Digests, tags and repository names, and which of them are well formed."""

import hashlib
import re

LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
NAME = rf"{COMPONENT}(?:/{COMPONENT})*"


def is_digest(reference: str) -> bool:
    """Whether this is a digest of an algorithm that is known here."""
    algorithm, _, encoded = reference.partition(":")
    return LENGTHS.get(algorithm) == len(encoded) and re.fullmatch(r"[a-f0-9]+", encoded) is not None


def looks_like_digest(reference: str) -> bool:
    """Whether somebody meant a digest but it is malformed."""
    algorithm, _, encoded = reference.partition(":")
    return bool(encoded) and algorithm in LENGTHS and not is_digest(reference)


def is_tag(word: str) -> bool:
    """Whether the distribution specification takes this as a tag."""
    return TAG.fullmatch(word) is not None


def digest_of(content: bytes, *, algorithm: str = "sha256") -> str:
    """The content's digest with its algorithm."""
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
