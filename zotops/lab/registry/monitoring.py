"""Looking at the registry itself: health, metrics, and what `mgmt` tells."""

import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from zotops.lab.registry import DISTRIBUTION_SPEC, RELEASE_TAG
from zotops.lab.registry.exchange import Reply, document
from zotops.lab.registry.settings import Settings
from zotops.lab.registry.visit import Visit


class Monitoring:
    """Handlers and the counters behind them."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()

    def count(self, method: str, status: int) -> None:
        """Note one answered request."""
        with self._lock:
            self._requests[method, status] += 1

    def health(self, _: Visit) -> Reply:
        """Alive, ready and started are the same here."""
        kind = ("Content-Type", "text/plain; charset=utf-8")
        return Reply(status=HTTPStatus.OK, headers=(kind,), content=b"ok")

    def metrics(self, _: Visit) -> Reply:
        """Counters in Prometheus' text format; fewer than zot has, none with another meaning."""
        with self._lock:
            requests = sorted(self._requests.items())
        lines = ["# HELP zot_http_requests_total Total number of http request in zot"]
        lines += ["# TYPE zot_http_requests_total counter"]
        lines += [
            f'zot_http_requests_total{{code="{status}",method="{method}"}} {count}'
            for (method, status), count in requests
        ]
        lines += ["# HELP zot_info Zot general information", "# TYPE zot_info gauge"]
        labels = f'binaryType="practice",commit="{RELEASE_TAG}",goVersion="",version="{DISTRIBUTION_SPEC}"'
        lines += [f"zot_info{{{labels}}} 0", ""]
        kind = ("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
        return Reply(status=HTTPStatus.OK, headers=(kind,), content="\n".join(lines).encode())

    def mgmt(self, _: Visit) -> Reply:
        """Version and ways to sign in. A zot built without linker flags leaves the version fields empty."""
        settings = self._settings()
        auth: dict[str, Any] = {"apikey": True} if settings.api_keys else {}
        if settings.providers:
            auth["openid"] = {"providers": {key: {"name": one.name} for key, one in settings.providers.items()}}
        about = {
            "distSpecVersion": DISTRIBUTION_SPEC,
            "commit": "",
            "releaseTag": RELEASE_TAG,
            "binaryType": "practice",
        }
        return document(
            HTTPStatus.OK, {**about, "http": {"auth": auth} if auth else {}}, media_type="text/plain; charset=utf-8"
        )
