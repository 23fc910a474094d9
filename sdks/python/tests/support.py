"""A server on loopback that keeps beats as the real one does, and misbehaves as real ones do."""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

SOURCE = Path(__file__).resolve().parent.parent / "src"
ROOT = Path(__file__).resolve().parents[3]
if str(SOURCE) not in sys.path:
    sys.path.insert(0, str(SOURCE))

Body = Dict[str, Any]


class Stub:
    """``mode`` tells how it answers; ``tries`` are all requests in order, ``kept`` what a server would have counted."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.once: Optional[str] = None
        self.tries: List[Body] = []
        self.headers: List[Dict[str, str]] = []
        self._kept: Dict[Tuple[str, str, int], Body] = {}
        self._changed = threading.Condition()
        self._release = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                stub._answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def kept(self) -> List[Body]:
        """Distinct beats, in the order in which they were first kept."""
        with self._changed:
            return list(self._kept.values())

    def wait_for(self, claim: Callable[[List[Body]], bool], seconds: float = 20.0) -> List[Body]:
        """Waits until the kept beats make ``claim`` true; fails with what is there instead."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not claim(list(self._kept.values())):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"it never came true; kept: {json.dumps(list(self._kept.values()))}")
                self._changed.wait(left)
            return list(self._kept.values())

    def wait_for_tries(self, count: int, seconds: float = 20.0) -> None:
        """Waits until so many requests have come, kept or not."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.tries) >= count, seconds):
                raise AssertionError(f"{len(self.tries)} requests came, not {count}")

    def close(self) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._changed:
            mode, self.once = self.once or self.mode, None
            self.tries.append(body)
            self.headers.append(dict(request.headers.items()))
            if mode not in ("refuse", "hang", "garbage", "forbidden", "invalid", "unprocessable", "closing"):
                place = (str(body.get("run_id")), str(body.get("instance")), int(body.get("seq", len(self.tries))))
                self._kept.setdefault(place, body)
            if mode == "invalid" and "metrics" not in body and "message" not in body:
                mode = "ok"
                self._kept[(body["run_id"], body["instance"], body["seq"])] = body
            self._changed.notify_all()
        if mode == "hang":
            self._release.wait(60)
        if mode in ("drop", "hang", "closing"):
            request.close_connection = True
            request.connection.close()
            return
        status, content = _content(mode, body)
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        if mode == "refuse":
            request.send_header("Retry-After", "0")
        request.end_headers()
        request.wfile.write(content)


def _content(mode: str, body: Body) -> Tuple[int, bytes]:
    if mode == "garbage":
        return 200, b"<html>Welcome to the hotel's wireless network</html>"
    if mode in ("refuse", "forbidden", "invalid", "unprocessable"):
        status = {"refuse": 503, "forbidden": 401, "invalid": 422, "unprocessable": 422}[mode]
        return status, json.dumps({"error": {"code": mode, "message": "no"}}).encode()
    directive = mode if mode in ("pause", "stop") else "continue"
    answer = {
        "ok": True,
        "agent": body.get("agent"),
        "agent_id": 1,
        "state": "up",
        "directive": directive,
        "reason": None if directive == "continue" else f"told to {directive}",
        "next_beat_by": None,
        "warning": None,
    }
    return 200, json.dumps(answer).encode()
