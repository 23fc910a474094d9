"""What an agent and its supervisor tell each other through the environment and files."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
import unittest
from typing import Any, Dict
from unittest import mock

from disk import scratch_folder
from support import SOURCE
from midwatch import LastDeath, Midwatch

PATIENCE_S = 20

logging.getLogger("midwatch").addHandler(logging.NullHandler())
logging.getLogger("midwatch").propagate = False


class Stacks(unittest.TestCase):
    def setUp(self) -> None:
        self.file = scratch_folder(self) / "agent.txt"

    def start(self, script: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "MIDWATCH_STACK_FILE": str(self.file)}
        program = f"import os, signal, subprocess, sys, time\nfrom midwatch import Midwatch\n{script}"
        pipe = subprocess.PIPE
        agent = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=pipe, stderr=pipe, text=True)
        self.addCleanup(self.end, agent)
        assert agent.stdout is not None
        self.assertEqual(agent.stdout.readline(), "ready\n")
        return agent

    @staticmethod
    def end(agent: "subprocess.Popen[str]") -> None:
        agent.kill()
        agent.communicate()

    def wait_for_stack(self, words: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.file.read_text():
            self.assertLess(time.monotonic(), deadline, f"it never came: {self.file.read_text()}")
            time.sleep(0.02)
        return self.file.read_text()

    def test_an_agent_that_spins_tells_where_each_time_it_is_asked(self) -> None:
        agent = self.start(
            "def spin_here():\n"
            "    print('ready', flush=True)\n"
            "    while True: pass\n"
            "watch = Midwatch()\n"
            "Midwatch()\n"
            "spin_here()\n"
        )
        self.assertEqual((self.file.read_bytes(), self.file.stat().st_mode & 0o777), (b"", 0o600))
        agent.send_signal(signal.SIGUSR1)
        self.assertIn("in spin_here", self.wait_for_stack("in <module>"))
        os.truncate(self.file, 0)
        agent.send_signal(signal.SIGUSR1)
        self.assertIn("in spin_here", self.wait_for_stack("in <module>"))
        self.assertIsNone(agent.poll())
        self.assertEqual(os.listdir(self.file.parent), [self.file.name])

    def test_an_agent_that_handles_the_signal_itself_is_left_alone(self) -> None:
        for own in (
            "signal.signal(signal.SIGUSR1, lambda *_: print('mine', flush=True))\n",
            "signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n",
            "import faulthandler; faulthandler.register(signal.SIGUSR1, file=sys.stdout)\n",
        ):
            if "faulthandler" in own and not os.path.exists("/proc/self/status"):
                continue  # There, what is handled in C cannot be seen from Python.
            with self.subTest(own):
                self.start(f"{own}Midwatch()\nprint('ready', flush=True)\ntime.sleep(60)\n")
                self.assertFalse(self.file.exists())

    def test_processes_that_the_agent_starts_leave_its_file_to_it(self) -> None:
        agent = self.start(
            "Midwatch()\n"
            "child = 'from midwatch import Midwatch; Midwatch()'\n"
            "subprocess.run([sys.executable, '-c', child], check=True)\n"
            "if os.fork() == 0:\n"
            "    Midwatch()\n"
            "    os._exit(0)\n"
            "def wait_here():\n"
            "    print('ready', flush=True)\n"
            "    time.sleep(60)\n"
            "wait_here()\n"
        )
        agent.send_signal(signal.SIGUSR1)
        self.wait_for_stack("wait_here")

    def test_a_folder_that_is_not_there_is_no_trouble(self) -> None:
        self.file = self.file.parent / "nowhere" / "agent.txt"
        agent = self.start("Midwatch()\nprint('ready', flush=True)\ntime.sleep(60)\n")
        self.assertIsNone(agent.poll())
        agent.send_signal(signal.SIGUSR1)
        self.assertEqual(agent.wait(PATIENCE_S), -signal.SIGUSR1, "nothing was left registered")


class LastDeaths(unittest.TestCase):
    TOMBSTONE = {
        "agent": "my-agent",
        "reason": "killed because memory ran out",
        "attempt": 2,
        "run_id": "run-1",
        "pid": 4711,
        "started_at": "2026-11-24T02:00:00.000Z",
        "died_at": "2026-11-24T03:12:06.000Z",
        "code": None,
        "signal": "SIGKILL",
        "oom": "certain",
        "stopped_for": None,
        "last_lines": ["loading", "loading more"],
    }

    def read(self, environment: Dict[str, str]) -> Any:
        with mock.patch.dict(os.environ, environment):
            return Midwatch().last_death

    def test_a_restarted_agent_reads_why_it_died(self) -> None:
        path = scratch_folder(self) / "my-agent.json"
        path.write_text(json.dumps(self.TOMBSTONE))
        death = self.read({"MIDWATCH_TOMBSTONE": str(path), "MIDWATCH_RESTART_REASON": "killed because memory ran out"})
        self.assertEqual(
            death,
            LastDeath(
                reason="killed because memory ran out",
                attempt=2,
                signal="SIGKILL",
                oom="certain",
                run_id="run-1",
                started_at="2026-11-24T02:00:00.000Z",
                died_at="2026-11-24T03:12:06.000Z",
                last_lines=("loading", "loading more"),
            ),
        )

    def test_the_reason_is_enough_and_no_tombstone_can_hurt(self) -> None:
        folder = scratch_folder(self)
        for content in (None, b"", b"[]", b'{"attempt": "x", "last_lines": 7, "signal": []}', b"\xff", b"[" * 100_000):
            path = folder / "my-agent.json"
            if content is not None:
                path.write_bytes(content)
            death = self.read({"MIDWATCH_TOMBSTONE": str(path), "MIDWATCH_RESTART_REASON": "it hung"})
            self.assertEqual(death, LastDeath("it hung"))

    def test_a_first_life_has_no_death_before_it(self) -> None:
        self.assertIsNone(self.read({}))


if __name__ == "__main__":
    unittest.main()
