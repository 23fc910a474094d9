"""What the loop promises, against a real server on loopback."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import unittest
from collections import deque
from typing import Any, List, Tuple
from unittest import mock

from support import Stub
from midwatch import Midwatch
from midwatch.delivery import Pending, fold_cheapest

logging.getLogger("midwatch").addHandler(logging.NullHandler())
logging.getLogger("midwatch").propagate = False


class WithStub(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.stub = Stub()
        self.addCleanup(self.stub.close)

    def watch(self, **options: Any) -> Midwatch:
        return Midwatch("my-agent", url=self.stub.url, key="mw_test", **options)

    def told(self, watch: Midwatch) -> List[Tuple[Any, ...]]:
        self.assertTrue(watch.flush(20))
        return [
            (beat["status"], beat["tokens_used"], *([beat["cycle"]] if "cycle" in beat else []))
            for beat in self.stub.kept
        ]


class Loops(WithStub):
    def test_stopped_before_a_break_is_the_last_word_and_closes_the_turn(self) -> None:
        watch = self.watch()
        for cycle in watch.cycles():
            cycle.tokens(10)
            watch.stopped("all done")
            cycle.tokens(3)
            break
        watch.on_exit()
        self.assertEqual(self.told(watch), [("starting", 0), ("stopped", 10, 1), ("stopped", 3)])

    def test_usage_after_stopped_goes_out_in_one_more(self) -> None:
        watch = self.watch()
        for cycle in watch.cycles():
            watch.stopped("all done")
            cycle.tokens(3)
        watch.on_exit()
        self.assertEqual(self.told(watch), [("starting", 0), ("stopped", 0, 1), ("stopped", 3)])

    def test_a_loop_that_is_left_says_exited_when_the_process_ends(self) -> None:
        watch = self.watch()
        for _ in watch.cycles():
            break
        self.assertEqual(self.told(watch), [("starting", 0)])
        watch.on_exit()
        self.assertEqual(self.told(watch), [("starting", 0), ("exited", 0, 1)])

    def test_stop_ends_the_loop_and_the_directive_goes_on_saying_why(self) -> None:
        watch = self.watch(patience=10)
        for _ in watch.cycles():
            watch.flush(10)
            self.stub.mode = "stop"
            watch.beat()
            watch.flush(10)
        self.stub.mode = "ok"
        self.assertEqual([beat[0] for beat in self.told(watch)], ["starting", "ok", "ok", "stopped"])
        self.assertEqual(watch.directive, ("stop", "told to stop", None))

    def test_after_stopped_an_announced_shutdown_is_over(self) -> None:
        watch = self.watch()
        watch.shutdown("deploy")
        watch.beat()
        watch.stopped()
        watch.beat("starting")
        watch.stopped()
        statuses = [beat[0] for beat in self.told(watch)]
        self.assertEqual(statuses, ["shutting_down", "shutting_down", "stopped", "starting", "stopped"])

    def test_a_pace_that_cannot_be_read_is_refused_because_the_loop_would_run_at_full_speed(self) -> None:
        watch = self.watch()
        for every in ("60 sec", "", -1, float("nan"), "40d", True):
            for cycles in (watch.cycles, watch.acycles):
                with self.assertRaises(ValueError):
                    cycles(every=every)

    def test_a_server_that_never_answers_does_not_hold_the_loop(self) -> None:
        self.stub.mode = "hang"
        watch = self.watch(patience="20ms")
        for cycle in watch.cycles():
            cycle.tokens(1)
            if cycle.number == 50:
                break
        self.assertLessEqual(len(self.stub.tries), 1, "the first beat still waits for its answer")

    def test_a_paused_task_goes_on_when_it_is_resumed(self) -> None:
        watch = self.watch(patience=10, interval=1)
        self.stub.mode = "pause"

        async def agent() -> None:
            async for _ in watch.acycles():
                watch.stopped()

        async def play() -> None:
            task = asyncio.ensure_future(agent())
            while len(self.stub.kept) < 2:
                await asyncio.sleep(0.01)
            self.stub.mode = "ok"
            await asyncio.wait_for(task, 20)

        asyncio.run(play())
        statuses = [beat[0] for beat in self.told(watch)]
        self.assertEqual((statuses[:2], statuses[-1]), (["starting", "paused"], "stopped"))


class Beats(WithStub):
    def test_tokens_beside_usage_are_the_total_of_both(self) -> None:
        watch = self.watch()
        watch.beat(tokens_used=100, usage={"input_tokens": 60, "output_tokens": 20})
        watch.beat(tokens_used=50, usage=[{"input_tokens": 60, "output_tokens": 20}])
        self.assertEqual(self.told(watch), [("ok", 100), ("ok", 80)])

    def test_a_beat_returns_what_the_server_last_said(self) -> None:
        watch = self.watch()
        self.stub.mode = "pause"
        self.assertEqual(watch.beat().kind, "continue")
        watch.flush(10)
        directive = watch.beat()
        self.assertEqual((directive.kind, directive.reason, directive.warning), ("pause", "told to pause", None))

    def test_watches_of_one_process_are_instances_of_one_run(self) -> None:
        for _ in range(3):
            watch = self.watch()
            watch.beat()
            watch.flush(10)
        self.assertEqual(len({beat["run_id"] for beat in self.stub.kept}), 1)
        self.assertEqual(len({beat["instance"] for beat in self.stub.kept}), 3)

    def test_intervals_the_wire_does_not_take_are_not_sent(self) -> None:
        for interval in ("500ms", "32d", "soon", -1):
            watch = self.watch(interval=interval)
            watch.beat()
            watch.flush(10)
        self.assertTrue(all("interval_s" not in beat for beat in self.stub.kept))
        watch = self.watch(interval="1d")
        watch.beat()
        watch.flush(10)
        self.assertEqual(self.stub.kept[-1]["interval_s"], 86_400)


class Conservation(WithStub):
    def test_a_refused_beat_is_sent_without_its_details(self) -> None:
        watch = self.watch()
        self.stub.mode = "invalid"
        watch.beat(tokens_used=100, message="not taken here")
        self.assertEqual(self.told(watch), [("ok", 100)])
        self.assertNotIn("message", self.stub.kept[0])

    def test_tokens_of_a_beat_that_is_refused_even_so_go_into_the_next(self) -> None:
        watch = self.watch()
        self.stub.mode = "unprocessable"
        watch.beat(tokens_used=100, message="not taken here")
        watch.flush(10)
        self.stub.mode = "ok"
        watch.beat(tokens_used=20)
        self.assertEqual(self.told(watch), [("ok", 120)])

    def test_whatever_the_server_does_every_token_is_counted_once(self) -> None:
        shorter = mock.patch("midwatch.delivery._LONGEST_BACKOFF_S", 0.005)
        shorter.start()
        self.addCleanup(shorter.stop)
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        watch = self.watch()
        total = 0
        for _ in range(60):
            self.stub.mode = dice.choice(["ok", "ok", "refuse", "drop", "closing", "garbage", "forbidden"])
            tokens = dice.randrange(1000)
            total += tokens
            watch.beat(tokens_used=tokens)
            time.sleep(dice.choice([0, 0.002]))
        self.stub.mode = "ok"
        watch.flush(20)
        self.assertEqual(sum(beat["tokens_used"] for beat in self.stub.kept), total, f"seed {seed}")

    def test_a_full_queue_is_folded_also_when_it_holds_nothing_but_news(self) -> None:
        waiting: Any = deque()
        for seq in range(100):
            status = "starting" if seq % 2 == 0 else "exited"
            waiting.append(Pending({"status": status, "tokens_used": 1, "seq": seq}))
            if len(waiting) > 10:
                fold_cheapest(waiting)
        self.assertEqual(len(waiting), 10)
        self.assertEqual(sum(pending.body["tokens_used"] for pending in waiting), 100)


if __name__ == "__main__":
    unittest.main()
