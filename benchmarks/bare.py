"""The same requests as verify's, by as little as it takes: one httpx client and 32 threads. REQUESTS.json OP-CALL..."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

import httpx

THREADS = 32


class Request(TypedDict):
    """One line of REQUESTS.json."""

    method: str
    url: str
    headers: dict[str, str]


requests: list[Request] = json.loads(Path(sys.argv[1]).read_text())
key = subprocess.run(sys.argv[2:], capture_output=True, text=True, check=True).stdout.strip()
login = "Basic " + base64.b64encode(f"zot-ci:{key}".encode()).decode()
client = httpx.Client(
    limits=httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS), timeout=10, trust_env=False
)


def send(request: Request) -> int:
    """One of them; where it was made with the key, with the key that was just read."""
    headers = request["headers"]
    if headers.get("Authorization") == "KEY":
        headers = {**headers, "Authorization": login}
    return client.request(request["method"], request["url"], headers=headers).status_code


with ThreadPoolExecutor(THREADS) as pool:
    statuses = list(pool.map(send, requests))
print(len(statuses))
