"""A request together with who sent it and what the address names: all that a handler needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass

from zotops.lab.registry.access import Caller, Rights
from zotops.lab.registry.exchange import Request


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One call of a handler. `rights` are those of the policy; `names` are the variable parts of the path."""

    request: Request
    caller: Caller
    rights: Rights
    names: Mapping[str, str]

    @property
    def repository(self) -> str:
        """The repository that the path names."""
        return self.names["name"]

    @property
    def reference(self) -> str:
        """The tag or digest that the path names."""
        return self.names["reference"]
