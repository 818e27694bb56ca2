"""Reads zot's configuration with the checks of `zot verify`: what zot misses is missed here too."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zotops.lab.registry.checking import BadConfiguration, first_problem, unsupported
from zotops.lab.registry.conforming import as_viper_reads, conformed
from zotops.lab.registry.logbook import LEVELS, Logbook
from zotops.lab.registry.meaning import branch, settings_from
from zotops.lab.registry.schema import CONFIGURATION, CREDENTIALS, SESSION_KEYS, Kind
from zotops.lab.registry.settings import Settings, Words

LEAVES = "decoding failed due to the following error(s):\n\n"


def load(path: Path, book: Logbook) -> tuple[Settings, Words]:
    """The settings that a file gives, and the parts of it that cannot be served here; BadConfiguration when zot would
    refuse it, OSError for an unusable log file.
    """
    configuration = read_configuration(path, book)
    level = branch(configuration, "log").get("level", "debug")
    if level.lower() not in LEVELS:
        sentence = f"invalid server config: invalid log level '{level}'"
        book.error(sentence, level=level)
        raise BadConfiguration(sentence)
    Logbook(level=level, output=branch(configuration, "log").get("output") or "")
    if not configuration:
        raise BadConfiguration("invalid server config: failed to load config due to the absence of any key:value pair")
    auth = branch(configuration, "http", "auth")
    if keys_file := auth.get("sessionkeysfile"):
        keys = read_secrets(Path(keys_file), SESSION_KEYS, book, all_needed=False)
        auth = {**auth, "sessionhashkey": keys.get("hashkey"), "sessionencryptkey": keys.get("encryptkey")}
    configuration = _with_auth(configuration, _with_credentials(auth, book))
    if problem := first_problem(configuration):
        book.error(problem, error="invalid server config")
        raise BadConfiguration(f"invalid server config: {problem}")
    return settings_from(configuration), unsupported(configuration)


def read_configuration(path: Path, book: Logbook) -> dict[str, Any]:
    """The file's tree, keys in lower case and values of the known kinds."""
    try:
        tree = as_viper_reads(json.loads(path.read_bytes().decode()))
        if not isinstance(tree, dict):
            raise ValueError("While parsing config: not an object")
    except (OSError, ValueError) as error:
        book.error("failed to read configuration", error=str(error), path=str(path))
        raise BadConfiguration(str(error)) from error
    wrong: list[str] = []
    configuration = conformed(tree, CONFIGURATION, at="", wrong=wrong)
    if wrong:
        book.error("failed to unmarshal new config", error=LEAVES + "\n".join(wrong))
        raise BadConfiguration(LEAVES + "\n".join(wrong))
    return dict(configuration)


def read_secrets(path: Path, kind: Kind, book: Logbook, *, all_needed: bool) -> dict[str, Any]:
    """A file of secrets; it needs an extension, because zot reads its format from that."""
    try:
        if path.suffix.lower() not in {".json", ".yaml", ".yml", ".toml"}:
            raise ValueError(f'Unsupported Config Type "{path.suffix[1:]}"')
        tree = as_viper_reads(json.loads(path.read_bytes().decode()))
        if not isinstance(tree, dict) or not tree:
            raise ValueError("failed to load secret file due to the absence of any key:value pair")
    except (OSError, ValueError) as error:
        book.error("failed to read secret file configuration", error=str(error), path=str(path))
        raise BadConfiguration(f"invalid server config\n{error}") from error
    wrong: list[str] = []
    secrets = conformed(tree, kind, at="", wrong=wrong)
    missing = sorted(set(kind) - set(tree)) if all_needed else []
    if wrong or missing:
        sentence = "unknown keys" if wrong else "unset keys"
        book.error(f"failed to load secret file due to {sentence}", keys=wrong or missing, path=str(path))
        raise BadConfiguration(f"invalid server config: failed to load secret file due to {sentence}")
    return dict(secrets)


def _with_credentials(auth: Mapping[str, Any], book: Logbook) -> Mapping[str, Any]:
    providers = {}
    for key, provider in branch(auth, "openid", "providers").items():
        secrets = {}
        if file := (provider or {}).get("credentialsfile"):
            secrets = read_secrets(Path(file), CREDENTIALS, book, all_needed=True)
        providers[key] = {**(provider or {}), **secrets}
    return {**auth, "openid": {**branch(auth, "openid"), "providers": providers}} if "openid" in auth else auth


def _with_auth(configuration: dict[str, Any], auth: Mapping[str, Any]) -> dict[str, Any]:
    http = branch(configuration, "http")
    return {**configuration, "http": {**http, "auth": auth}} if "auth" in http else configuration
