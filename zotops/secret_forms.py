"""Every form in which a secret could show: as it is, escaped or encoded by the tools that print it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from json import dumps
from shlex import quote as shell_quote
from urllib.parse import quote, quote_plus

SHORTEST = 4  # a shorter form is in every text: removing it would spoil the text and protect nothing
_URL_SAFE = str.maketrans("+/", "-_")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_NOT_PLAIN = re.compile(r"([^A-Za-z0-9_@%+=:,./-])")


def forms_of(value: str, user: str = "") -> dict[str, str]:
    """Form to its kind, of the value alone and of `user:value`; forms below 4 characters are left out.

    A value below 4 characters has only the forms together with its user.
    """
    plain = value.strip()
    if not plain:
        return {}
    texts = [plain] if len(plain) >= SHORTEST else []
    texts += [f"{user}:{plain}"] if user else []
    found: dict[str, str] = {}
    for text in texts:
        for kind, form in (*_written(text), *_encoded(text)):
            found.setdefault(form, kind)
        # Only what is padded depends on the very end, so white space there makes another form.
        after = value[value.index(plain) + len(plain) :]
        for kind, form in (pair for ending in {"", "\n", after} for pair in _padded(text + ending)):
            found.setdefault(form, kind)
    return {form: kind for form, kind in found.items() if len(form) >= SHORTEST}


def lines_of(value: str) -> set[str]:
    """The lines of a secret that has several (a private key), since text is often shown line by line."""
    lines = {line.strip() for line in value.strip().splitlines()}
    return {line for line in lines if len(line) >= SHORTEST} if len(lines) > 1 else set()


def _written(text: str) -> Iterator[tuple[str, str]]:
    yield "as it is", text
    for url in (quote(text), quote(text, safe=""), quote_plus(text), quote(text, safe="!'()*~")):
        yield "URL-encoded", url
        yield "URL-encoded", _PERCENT.sub(lambda match: match[0].lower(), url)
    for form in _in_json(text):
        yield "JSON-escaped", form
        yield "JSON-escaped twice", dumps(form, ensure_ascii=False)[1:-1]
    yield "HTML-escaped", escape(text, quote=False)
    # Python, Go and others differ in how they write the two quotation marks.
    for single, double in (("&#x27;", "&quot;"), ("&#39;", "&quot;"), ("&#39;", "&#34;")):
        yield "HTML-escaped", escape(text, quote=False).replace("'", single).replace('"', double)
    for form in _in_shell(text):
        yield "shell-escaped", form
    yield "YAML-escaped", text.replace("'", "''")
    yield "Python-escaped", repr(text)[1:-1]


def _in_json(text: str) -> tuple[str, ...]:
    as_ascii, as_it_is = dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1]
    # Go escapes the three characters that matter to HTML, PHP the slash.
    as_go = as_it_is.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
    return (as_ascii, as_it_is, as_go, as_ascii.replace("/", r"\/"), as_it_is.replace("/", r"\/"))


def _in_shell(text: str) -> tuple[str, ...]:
    return (
        text.replace("'", "'\"'\"'"),
        text.replace("'", r"'\''"),
        text.replace("\\", r"\\").replace("'", r"\'"),
        re.sub(r'(["$`\\])', r"\\\1", text),
        _NOT_PLAIN.sub(r"\\\1", text),
        shell_quote(text),
    )


def _encoded(text: str) -> Iterator[tuple[str, str]]:
    data = _bytes(text)
    yield "hex", data.hex()
    yield "hex", data.hex().upper()
    for once in _cores(data):
        yield "base64", once
        for twice in _cores(once.encode()):
            yield "base64 twice", twice


def _padded(text: str) -> Iterator[tuple[str, str]]:
    padded = b64encode(_bytes(text)).decode()
    for form in (padded, padded.rstrip("=")):
        yield "base64", form
        yield "base64", form.translate(_URL_SAFE)


def _cores(data: bytes) -> Iterator[str]:
    """What base64 makes of these bytes anywhere in a longer text: only the characters that are all theirs."""
    for before in range(3):
        encoded = b64encode(b"\0" * before + data).decode()
        core = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield core
        yield core.translate(_URL_SAFE)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
