"""The files of the practice repository that CI is made of: two workflows and one container to build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

FOLDER = ".forgejo/workflows"
DAGGER = "build-container.yaml"
NIX = "build-container-nix.yaml"
# Runner labels as in `runs-on`, and how a runner of that label pushes.
RUNNERS = {"dagger": "dagger", "nix": "skopeo"}

_TRIGGERS = """\
on:
  push:
    branches: [@BRANCH@]
    paths: ["containers/**"]
  workflow_dispatch:
    inputs:
      container:
        description: Folder below containers/ to build
        required: true
        type: string
      ref:
        description: Commit to build; empty means the newest
        required: false
        default: ""
        type: string
"""

_DETECT = """\
  detect:
    runs-on: @LABEL@
    outputs:
      version: ${{ steps.look.outputs.version }}
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ inputs.ref || github.sha }}
      - id: look
        run: ./ci/version-of "${{ inputs.container }}" >> "$GITHUB_OUTPUT"
"""

_DAGGER = (
    """\
# Builds containers/<name>/Dockerfile and pushes it with Dagger's client.
name: Build container
"""
    + _TRIGGERS
    + """\
jobs:
"""
    + _DETECT
    + """\
  build:
    needs: detect
    if: needs.detect.outputs.version != ''
    runs-on: @LABEL@
    env:
      REF: ${{ inputs.ref || github.sha }}
      IMAGE: @HOST@/@NAMESPACE@/${{ inputs.container }}
    steps:
      - name: Build and push
        env:
          @SECRET@: ${{ secrets.@SECRET@ }}
        run: |
          dagger call publish --source "containers/${{ inputs.container }}" \\
            --address "$IMAGE:v${{ needs.detect.outputs.version }}-${REF:0:7}" \\
            --registry-user @USER@ --registry-password env:@SECRET@
"""
)

_NIX = (
    """\
# Builds containers/<name>/default.nix and pushes it with skopeo.
name: Build container (Nix)
"""
    + _TRIGGERS
    + """\
jobs:
"""
    + _DETECT
    + """\
  build:
    needs: detect
    if: needs.detect.outputs.version != ''
    runs-on: @LABEL@
    env:
      REF: ${{ inputs.ref || github.sha }}
      IMAGE: @HOST@/@NAMESPACE@/${{ inputs.container }}
    steps:
      - name: Build
        run: nix-build "containers/${{ inputs.container }}/default.nix" -o image.tar.gz
      - name: Push
        env:
          KEY: ${{ secrets.@SECRET@ }}
        run: |
@PUSH@"""
)

_PUSH_BY_FILE = """\
          login=$(mktemp -d)
          trap 'rm -rf "$login"' EXIT
          (umask 077 && printf '{"auths":{"@HOST@":{"auth":"%s"}}}' \\
            "$(printf '@USER@:%s' "$KEY" | base64 -w0)" > "$login/auth.json")
          skopeo copy --dest-authfile "$login/auth.json" \\
            docker-archive:image.tar.gz "docker://$IMAGE:v${{ needs.detect.outputs.version }}-${REF:0:7}-nix"
"""

# The weakness that a check has to find: whoever lists the runner's processes reads the key.
_PUSH_BY_ARGUMENT = """\
          skopeo copy --dest-creds @USER@:$KEY \\
            docker-archive:image.tar.gz "docker://$IMAGE:v${{ needs.detect.outputs.version }}-${REF:0:7}-nix"
"""

_DOCKERFILE = """\
# Looks around in a network; says hello in the practice world.
ARG CONTAINER_APP_VERSION=0.1.0
FROM docker.io/library/alpine:3.20
RUN apk add --no-cache bind-tools curl
ENTRYPOINT ["/bin/sh"]
"""

# No version of its own: the build falls back to the Dockerfile's.
_DEFAULT_NIX = """\
{ pkgs ? import <nixpkgs> { } }:
pkgs.dockerTools.buildLayeredImage {
  name = "@CONTAINER@";
  contents = [ pkgs.bashInteractive pkgs.curl pkgs.dnsutils ];
  config.Entrypoint = [ "/bin/bash" ];
}
"""


def files(world: Mapping[str, Any], *, key_in_argv: bool = False) -> dict[str, str]:
    """Path in the repository → text, with the names and the registry of world.json filled in.

    With `key_in_argv` the Nix workflow hands skopeo the key as an argument (`--dest-creds`) instead of in a file.
    """
    container = f"containers/{world['names']['container']}"
    texts = {
        f"{FOLDER}/{DAGGER}": _DAGGER.replace("@LABEL@", "dagger"),
        f"{FOLDER}/{NIX}": nix_template(key_in_argv=key_in_argv),
        f"{container}/Dockerfile": _DOCKERFILE,
        f"{container}/default.nix": _DEFAULT_NIX,
    }
    return {path: _filled(text, world) for path, text in texts.items()}


def nix_template(*, key_in_argv: bool) -> str:
    """The Nix workflow before names are filled in."""
    return _NIX.replace("@LABEL@", "nix").replace("@PUSH@", _PUSH_BY_ARGUMENT if key_in_argv else _PUSH_BY_FILE)


def _filled(text: str, world: Mapping[str, Any]) -> str:
    names = world["names"]
    values = {
        "BRANCH": names["branch"],
        "HOST": urlsplit(world["registry"]["url"]).netloc,
        "NAMESPACE": names["image_namespace"],
        "CONTAINER": names["container"],
        "SECRET": names["secret"],
        "USER": names["ci_user"],
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
