"""The operator's clipboard: read once, and emptied when what was taken from it is in the vault."""

from __future__ import annotations

from dataclasses import dataclass

from zotops.errors import Unreachable
from zotops.world import Programs, Secret

PATIENCE = 5.0


@dataclass(frozen=True, kw_only=True)
class Tool:
    """How a system's clipboard is read and emptied: two command lines. The second gets nothing on its stdin."""

    paste: tuple[str, ...]
    empty: tuple[str, ...]


# macOS, Wayland, X11.
TOOLS = (
    Tool(paste=("pbpaste",), empty=("pbcopy",)),
    Tool(paste=("wl-paste", "--no-newline"), empty=("wl-copy", "--clear")),
    Tool(paste=("xclip", "-selection", "clipboard", "-o"), empty=("xclip", "-selection", "clipboard", "-i")),
    Tool(paste=("xsel", "--clipboard", "--output"), empty=("xsel", "--clipboard", "--clear")),
)


@dataclass(frozen=True)
class Clipboard:
    """The first of the known tools that is installed.

    `programs`: with the operator's own PATH and environment; `patience`: seconds for one call.
    """

    programs: Programs
    patience: float = PATIENCE

    def read(self) -> Secret:
        """What it holds, without a line end after it. Unreachable: there is no tool, or it says nothing."""
        unread = Unreachable("the clipboard cannot be read", remedy="paste it instead")
        tool = self._tool()
        try:
            done = self.programs.run(tool.paste, timeout=self.patience)
        except Unreachable:
            # The cause is dropped: it quotes the last that the tool said, and that is what was copied.
            raise unread from None
        if done.code != 0:
            raise unread
        return Secret(done.out.rstrip("\r\n"))

    def empty(self, taken: Secret) -> bool:
        """Empty it if it still holds what was taken; whether it does not hold that any more."""
        if self.read() != taken:
            return True
        self.programs.run(self._tool().empty, stdin=Secret(""), timeout=self.patience)
        return self.read() != taken

    def _tool(self) -> Tool:
        found = next((tool for tool in TOOLS if self.programs.find(tool.paste[0])), None)
        if found is None:
            raise Unreachable("no clipboard is known here", remedy=f"install one of {', '.join(_names())}, or paste it")
        return found


def _names() -> list[str]:
    return [tool.paste[0] for tool in TOOLS]
