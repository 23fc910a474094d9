"""The scenarios that both SDKs are held to: packages/protocol/golden/sdk.json and usage-shapes.json."""

from __future__ import annotations

import json
import types
import unittest
from typing import Any, Dict, List, Optional
from unittest import mock

from support import ROOT, Stub
from midwatch import Cycle, Midwatch, heartbeat, plain
from midwatch.loop import Loop
from midwatch.usage import read_usage

GOLDEN = ROOT / "packages" / "protocol" / "golden"
_NOT_COMPARED = ("run_id", "instance", "seq", "ts", "cycle_ms", "metrics")


class Player:
    """Plays one scenario against a stub. Answers are waited for, the pace is not."""

    def __init__(self, stub: Stub, options: Dict[str, Any]) -> None:
        self._stub = stub
        self._watch = Midwatch(options.get("agent"), interval=options.get("interval"), patience=10)
        self._loop: Optional[Loop] = None
        self._cycle: Optional[Cycle] = None

    def play(self, call: Any) -> None:
        if call == "ended":
            assert self._cycle is None, "another turn began"
        elif call == "break":
            self._loop = None
            self._watch.say_last("exited", None)  # What the end of the process says.
        elif "cycles" in call:
            given = call["cycles"]
            self._loop = self._watch.cycles(every=given.get("every"), kind=given.get("kind"))
            self._cycle = next(self._loop, None)
        elif "turn" in call:
            self._turn(call["turn"])
        elif "beat" in call:
            self._watch.beat(**call["beat"])
        elif "heartbeat" in call:
            fields = dict(call["heartbeat"])
            heartbeat(fields.pop("agent"), **fields)
        elif "server_once" in call:
            self._settle()
            self._stub.once = call["server_once"]
        elif "server" in call:
            self._settle()
            self._stub.mode = call["server"]
            self._watch.patience_s = 0.01 if call["server"] == "refuse" else 10.0
        else:
            raise AssertionError(f"no such operation: {call}")

    def finish(self) -> None:
        self._settle()
        for watch in plain._watches.values():
            watch.flush(10)

    def _settle(self) -> None:
        if self._stub.mode != "refuse":
            self._watch.flush(10)

    def _turn(self, operations: List[Dict[str, Any]]) -> None:
        cycle = self._cycle
        assert self._loop is not None and cycle is not None, "the loop ended too early"
        for operation in operations:
            ((name, value),) = operation.items()
            if name in ("shutdown", "stopped"):
                getattr(self._watch, name)(value)
            elif name in ("tool", "lease"):
                getattr(cycle, name)(*value)
            else:
                getattr(cycle, name)(value)
        self._loop._next_start = 0.0
        self._cycle = next(self._loop, None)


class GoldenScenarios(unittest.TestCase):
    maxDiff = None

    def test_every_scenario_sends_exactly_what_is_written(self) -> None:
        scenarios = json.loads((GOLDEN / "sdk.json").read_text())
        self.assertGreater(len(scenarios), 5)
        for scenario in scenarios:
            with self.subTest(scenario["name"]):
                self._check(scenario)

    def _check(self, scenario: Dict[str, Any]) -> None:
        stub = Stub()
        self.addCleanup(stub.close)
        environment = {"MIDWATCH_URL": stub.url, "MIDWATCH_KEY": "mw_test"}
        with mock.patch.dict("os.environ", environment), mock.patch("midwatch.loop._PART_OF_TURN", 1e9):
            with mock.patch.dict(plain._watches, clear=True):
                player = Player(stub, scenario["options"])
                for call in scenario["calls"]:
                    player.play(call)
                player.finish()
        kept = sorted(stub.wait_for(lambda beats: len(beats) >= len(scenario["expect"])), key=lambda beat: beat["seq"])
        self.assertEqual([self._visible(beat) for beat in kept], scenario["expect"])
        self.assertEqual([beat["seq"] for beat in kept], list(range(1, len(kept) + 1)))
        self.assertEqual(len({(beat["run_id"], beat["instance"]) for beat in kept}), 1)
        for sent in stub.tries:
            self.assertIn(sent, kept, "a repeated beat had another body")

    @staticmethod
    def _visible(beat: Dict[str, Any]) -> Dict[str, Any]:
        visible = {name: value for name, value in beat.items() if name not in _NOT_COMPARED}
        if "cycle_ms" in beat:
            visible["closes_cycle"] = True
        return visible


class GoldenUsage(unittest.TestCase):
    def test_every_provider_s_usage_is_read_as_a_dict(self) -> None:
        for shape in self._shapes():
            with self.subTest(shape["name"]):
                self.assertEqual(read_usage(shape["usage"]), shape["row"])

    def test_every_provider_s_usage_is_read_as_an_object(self) -> None:
        for shape in self._shapes():
            with self.subTest(shape["name"]):
                self.assertEqual(read_usage(_as_object(shape["usage"])), shape["row"])

    def _shapes(self) -> List[Dict[str, Any]]:
        shapes = json.loads((GOLDEN / "usage-shapes.json").read_text())
        self.assertGreater(len(shapes), 5)
        return list(shapes)


def _as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return types.SimpleNamespace(**{name: _as_object(inner) for name, inner in value.items()})
    return value


if __name__ == "__main__":
    unittest.main()
