"""What the end of a process does to its last beats, and what the SDK does to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unittest
from typing import Any, List

from support import SOURCE, Stub

PATIENCE_S = 20


class Processes(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.stub = Stub()
        self.addCleanup(self.stub.close)

    def start(self, script: str) -> "subprocess.Popen[str]":
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "MIDWATCH_URL": self.stub.url,
            "MIDWATCH_KEY": "mw_test",
            "MIDWATCH_AGENT": "my-agent",
            "MIDWATCH_RUN_ID": "run-1",
        }
        program = f"import os, signal, sys, time\nfrom midwatch import Midwatch, heartbeat\n{script}"
        pipe = subprocess.PIPE
        agent = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=pipe, stderr=pipe, text=True)
        self.addCleanup(self.end, agent)
        return agent

    @staticmethod
    def end(agent: "subprocess.Popen[str]") -> None:
        if agent.poll() is None:
            agent.kill()
        agent.communicate()

    def statuses(self) -> List[Any]:
        return [beat["status"] for beat in self.stub.kept]

    def test_an_exception_that_ends_the_program_is_told_with_its_text(self) -> None:
        agent = self.start(
            "for cycle in Midwatch().cycles():\n"
            "    cycle.tokens(9)\n"
            "    raise ValueError('boom')\n"
        )
        _, errors = agent.communicate(timeout=PATIENCE_S)
        self.assertEqual((agent.returncode, "ValueError: boom" in errors), (1, True))
        self.assertEqual(self.statuses(), ["starting", "error", "exited"])
        error = self.stub.kept[1]
        self.assertEqual((error["message"], error["tokens_used"]), ("ValueError: boom", 9))

    def test_sys_exit_loses_no_token(self) -> None:
        agent = self.start("for cycle in Midwatch().cycles():\n    cycle.tokens(9)\n    sys.exit(3)\n")
        agent.communicate(timeout=PATIENCE_S)
        self.assertEqual((agent.returncode, self.statuses()), (3, ["starting", "exited"]))
        self.assertEqual(self.stub.kept[1]["tokens_used"], 9)

    def test_a_break_after_stopped_ends_on_purpose(self) -> None:
        agent = self.start(
            "watch = Midwatch()\n"
            "for cycle in watch.cycles():\n"
            "    watch.stopped('done')\n"
            "    break\n"
        )
        agent.communicate(timeout=PATIENCE_S)
        self.assertEqual((agent.returncode, self.statuses()), (0, ["starting", "stopped"]))

    def test_term_ends_the_loop_after_its_turn_and_the_program_s_own_handler_runs(self) -> None:
        for handler in ("", "signal.signal(signal.SIGTERM, lambda *_: print('my own', flush=True))\n"):
            with self.subTest(handler):
                before = len(self.stub.kept)
                agent = self.start(f"{handler}for cycle in Midwatch().cycles():\n    time.sleep(0.05)\nprint('cleaned up')\n")
                self.stub.wait_for(lambda beats: len(beats) >= before + 3)
                agent.send_signal(signal.SIGTERM)
                output, _ = agent.communicate(timeout=PATIENCE_S)
                self.assertEqual((agent.returncode, self.statuses()[-2:]), (0, ["shutting_down", "stopped"]))
                self.assertEqual(output.split(), [*(["my", "own"] if handler else []), "cleaned", "up"])

    def test_a_second_term_ends_a_turn_that_does_not_end_by_itself(self) -> None:
        agent = self.start("for cycle in Midwatch().cycles():\n    time.sleep(3600 if cycle.number > 2 else 0)\n")
        self.stub.wait_for(lambda beats: len(beats) >= 3)
        agent.send_signal(signal.SIGTERM)
        self.stub.wait_for(lambda beats: beats[-1]["status"] == "shutting_down")
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=PATIENCE_S)
        self.assertEqual((agent.returncode, self.statuses()[-1]), (-signal.SIGTERM, "stopped"))

    def test_children_of_multiprocessing_share_the_run_and_lose_nothing(self) -> None:
        agent = self.start(
            "import multiprocessing\n"
            "watch = Midwatch()\n"
            "def part():\n"
            "    heartbeat('my-agent', tokens_used=100)\n"
            "    watch.beat(tokens_used=100)\n"
            "for cycle in watch.cycles():\n"
            "    cycle.tokens(10_000)\n"
            "    parts = [multiprocessing.get_context('fork').Process(target=part) for _ in range(3)]\n"
            "    [one.start() for one in parts]\n"
            "    [one.join() for one in parts]\n"
            "    watch.stopped()\n"
        )
        _, errors = agent.communicate(timeout=PATIENCE_S)
        self.assertEqual(agent.returncode, 0, errors)
        self.assertEqual(sum(beat["tokens_used"] for beat in self.stub.kept), 10_600)
        self.assertEqual({beat["run_id"] for beat in self.stub.kept}, {"run-1"})
        self.assertEqual(len({beat["instance"] for beat in self.stub.kept}), 7)


if __name__ == "__main__":
    unittest.main()
