"""The streams and addresses that both SDKs are held to: packages/protocol/golden/streams and endpoints.json."""

from __future__ import annotations

import gzip
import json
import unittest
from typing import Any, Dict, List, Optional

from support import ROOT
from midwatch.call_meter import meter_of
from midwatch.called_tools import CalledTool
from midwatch.endpoint import endpoint_of
from midwatch.usage import Row

GOLDEN = ROOT / "packages" / "protocol" / "golden"


def metered(stream: Dict[str, Any], body: bytes, size: int, encoding: Optional[str] = None) -> Dict[str, Any]:
    """What is counted of an answer that arrives in pieces of this size."""
    seen: List[Dict[str, Any]] = []

    def count(row: Row, tools: List[CalledTool]) -> None:
        seen.append({"row": row, "tools": [tool._asdict() for tool in tools]})

    meter = meter_of("POST", stream["url"], 200, stream["content_type"], encoding, count)
    if meter is not None:
        for at in range(0, len(body), size):
            meter.chunk(body[at : at + size])
        meter.end(True)
    assert len(seen) <= 1, "a call is counted once"
    return seen[0] if seen else {"row": None, "tools": []}


class GoldenStreams(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.streams = [json.loads(path.read_text("utf-8")) for path in sorted((GOLDEN / "streams").glob("*.json"))]
        self.assertGreater(len(self.streams), 20)

    def test_every_stream_is_read_however_it_is_cut(self) -> None:
        for stream in self.streams:
            body = "\n".join(stream["body"]).encode()
            for size in (1, 7, 64, 1_000_000):
                with self.subTest(stream["name"], size=size):
                    self.assertEqual(metered(stream, body, size), stream["expect"])

    def test_every_stream_is_read_also_when_it_is_packed(self) -> None:
        for stream in self.streams:
            packed = gzip.compress("\n".join(stream["body"]).encode())
            with self.subTest(stream["name"]):
                self.assertEqual(metered(stream, packed, 13, "gzip"), stream["expect"])

    def test_bytes_that_are_not_packed_as_they_say_count_nothing_and_raise_nothing(self) -> None:
        for stream in self.streams:
            with self.subTest(stream["name"]):
                self.assertIsNone(metered(stream, b"this is no gzip", 4, "gzip")["row"])

    def test_an_answer_that_reports_an_error_costs_nothing(self) -> None:
        self.assertIsNone(meter_of("POST", "https://api.openai.com/v1/responses", 500, "application/json", None, self.fail))

    def test_every_address_is_recognised_alike(self) -> None:
        for given in json.loads((GOLDEN / "endpoints.json").read_text()):
            with self.subTest(given["url"]):
                endpoint = endpoint_of(given["method"], given["url"])
                seen = endpoint and {"provider": endpoint.provider, "model": endpoint.model, "known": endpoint.is_known}
                self.assertEqual(seen, given["expect"])


if __name__ == "__main__":
    unittest.main()
