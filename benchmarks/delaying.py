"""A proxy that makes every connection and every request wait, on one port or on many, and counts the waves.

Run as a program: UPSTREAM-PORT DELAY COUNT, and for TLS its CERTIFICATE and KEY. It prints its ports as JSON, and at
the end of its stdin what it saw: each request, the waves: the longest chain of waits of which none began before the
last had ended, and how many connections were open at a time.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"


@dataclass
class Seen:
    """Every wait from its beginning to its answer, and every request as it came."""

    waits: list[tuple[float, float]] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)
    open: int = 0
    most: int = 0

    def opened(self, by: int) -> None:
        """One more connection, or one fewer."""
        self.open += by
        self.most = max(self.most, self.open)

    @property
    def waves(self) -> int:
        """Chosen by their ends, as many waits as possible of which no two overlap."""
        count, end = 0, 0.0
        for begun, ended in sorted(self.waits, key=lambda wait: wait[1]):
            if begun >= end:
                count, end = count + 1, ended
        return count


async def converse(
    seen: Seen, upstream: int, delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection, for as long as both sides want."""
    now = asyncio.get_running_loop().time
    there, onward = await asyncio.open_connection("127.0.0.1", upstream)
    try:
        while request := await message(reader):
            begun = now()
            seen.requests.append(described(request))
            await asyncio.sleep(delay)
            onward.write(request)
            answer = await message(there, head_only=request.startswith(b"HEAD "))
            writer.write(answer)
            await writer.drain()
            seen.waits.append((begun, now()))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        onward.close()
        writer.close()


async def message(reader: asyncio.StreamReader, *, head_only: bool = False) -> bytes:
    """One request or answer, as it is; b"" at the end."""
    try:
        head = await reader.readuntil(HEAD_END)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head if head_only or not length else head + await reader.readexactly(length)


def described(request: bytes) -> dict[str, object]:
    """Method, path and the headers that matter to the answer."""
    head = request.partition(HEAD_END)[0].decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    pairs = dict(line.split(": ", 1) for line in lines)
    kept = {name: pairs[name] for name in ("Authorization", "Content-Type", "Accept", "User-Agent") if name in pairs}
    return {"method": method, "path": path, "headers": kept, "host": pairs["Host"]}


async def main(upstream: int, delay: float, count: int, *shown: str) -> None:
    """Serve until the end of stdin."""
    seen, context, loop = Seen(), None, asyncio.get_running_loop()
    if shown:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*shown)

    async def greet(peer: socket.socket) -> None:
        """Wait with a connection before anything is read of it, so that a handshake waits, too."""
        begun = loop.time()
        seen.opened(1)
        await asyncio.sleep(delay)
        seen.waits.append((begun, loop.time()))
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, peer, ssl=context)
            await converse(seen, upstream, delay, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        except ConnectionError:
            peer.close()
        finally:
            seen.opened(-1)

    async def accept(door: socket.socket) -> None:
        greeted = set()
        while True:
            task = loop.create_task(greet((await loop.sock_accept(door))[0]))
            greeted.add(task)  # the loop itself keeps none
            task.add_done_callback(greeted.discard)

    doors = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(count)]
    for door in doors:
        door.setblocking(False)
    accepting = [loop.create_task(accept(door)) for door in doors]
    print(json.dumps([door.getsockname()[1] for door in doors]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for task in accepting:
        task.cancel()
    print(json.dumps({"waves": seen.waves, "connections": seen.most, "requests": seen.requests}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
