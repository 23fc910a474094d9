"""One POST at a time to the server, with every wait bounded."""

from __future__ import annotations

import http.client
import json
import time
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

_STEP_TIMEOUT_S = 5.0
_ANSWER_TIMEOUT_S = 10.0
_LARGEST_ANSWER = 65_536
# Servers close idle connections after about 5 s; a request on one that is just closing would fail for nothing.
_KEEP_IDLE_S = 3.0


class Response(NamedTuple):
    """The server's status, its JSON (None when there is none) and its ``Retry-After`` in seconds."""

    status: int
    body: object
    retry_after_s: Optional[float]


class Connection:
    """A keep-alive connection to one server. Used by one thread only."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = f"{parts.path.rstrip('/')}/api/v1/heartbeat"
        self._headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {key}",
            "User-Agent": "midwatch-python/0.1.0",
        }
        self._open: Optional[http.client.HTTPConnection] = None
        self._used_at = 0.0

    def post(self, body: bytes) -> Response:
        """Sends one beat. Raises OSError or http.client.HTTPException when there is no whole answer."""
        if self._open is not None and time.monotonic() - self._used_at > _KEEP_IDLE_S:
            self.close()
        if self._open is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._open = kind(self._host, self._port, timeout=_STEP_TIMEOUT_S)
        try:
            self._open.request("POST", self._path, body=body, headers=self._headers)
            return self._read(self._open.getresponse())
        except BaseException:
            self.close()
            raise
        finally:
            self._used_at = time.monotonic()

    def close(self) -> None:
        """Drops the connection; the next beat opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _read(self, response: http.client.HTTPResponse) -> Response:
        """Reads the answer in pieces, so that a server that drips one byte a second is not waited for for ever."""
        deadline = time.monotonic() + _ANSWER_TIMEOUT_S
        content = b""
        while True:
            piece = response.read1(8192)
            if not piece:
                break
            content += piece
            if len(content) > _LARGEST_ANSWER or time.monotonic() > deadline:
                self.close()
                return Response(response.status, None, None)
        response.close()
        if response.will_close:
            self.close()
        return Response(response.status, _json(content), _seconds(response.getheader("Retry-After")))


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _seconds(retry_after: Optional[str]) -> Optional[float]:
    """Only the form in seconds; a date would trust two clocks to agree."""
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else None
