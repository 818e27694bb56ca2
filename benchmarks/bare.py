"""The same requests as verify's, by as little as it takes: one httpx client and 32 threads. REQUESTS.json OP-CALL..."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

THREADS = 32
requests = json.loads(Path(sys.argv[1]).read_text())
key = subprocess.run(sys.argv[2:], capture_output=True, text=True, check=True).stdout.strip()
login = "Basic " + base64.b64encode(f"zot-ci:{key}".encode()).decode()
client = httpx.Client(
    limits=httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS), timeout=10, trust_env=False
)


def send(request: dict[str, object]) -> int:
    """One of them; where it was made with the key, with the key that was just read."""
    headers = dict(request["headers"])  # type: ignore[call-overload]  # JSON
    if headers.get("Authorization") == "KEY":
        headers["Authorization"] = login
    return client.request(str(request["method"]), f"{request['url']}", headers=headers).status_code


with ThreadPoolExecutor(THREADS) as pool:
    statuses = list(pool.map(send, requests))
print(len(statuses))
