"""At most once, also after a crash, a full disk, a torn file."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
import unittest
from typing import Any, Dict, List, Optional
from unittest import mock

from disk import contents_of, empty, scratch_folder, tiny_disk
from support import ROOT, SOURCE
from midwatch import InFlight, SideEffects, StorageError

GOLDEN = ROOT / "packages" / "protocol" / "golden" / "side-effects"

logging.getLogger("midwatch").addHandler(logging.NullHandler())
logging.getLogger("midwatch").propagate = False


def keys_of(effects: SideEffects) -> List[str]:
    return [step.key for step in effects.in_flight()]


def golden(name: str) -> Dict[str, Any]:
    return dict(json.loads((GOLDEN / name).read_text("utf-8")))


class InFolder(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.folder = scratch_folder(self)
        self.path = self.folder / "effects.jsonl"

    def open(self, keep: int = 10_000) -> SideEffects:
        return SideEffects(self.path, keep=keep)

    def aside(self) -> List[bytes]:
        return [content for name, content in contents_of(self.folder).items() if ".torn-" in name]


class Golden(InFolder):
    def test_every_journal_tells_what_is_written(self) -> None:
        names = sorted(path.name for path in GOLDEN.glob("*.json") if path.name != "written.json")
        self.assertGreater(len(names), 5)
        for name in names:
            sample = golden(name)
            with self.subTest(sample["name"]):
                empty(self.folder)
                self._check(sample["file"], sample["expect"])

    def _check(self, content: str, expect: Dict[str, Any]) -> None:
        self.path.write_bytes(content.encode("utf-8"))
        effects = self.open()
        self.assertEqual([step._asdict() for step in effects.in_flight()], expect["in_flight"])
        self.assertEqual(self.path.read_bytes(), content.encode("utf-8"), "opening writes nothing")
        for key, result in expect["done"].items():
            self.assertEqual((effects.begin(key), effects.result_of(key)), ("done", result))
        self.assertEqual(effects.begin("one-more"), "new")
        self.assertEqual(self.aside(), [expect["damaged"].encode("utf-8")] if expect["damaged"] else [])
        before = self.path.read_bytes()
        again = self.open()
        self.assertEqual(keys_of(again), [*(step["key"] for step in expect["in_flight"]), "one-more"])
        again.begin("and-another")
        self.assertEqual((len(self.aside()), self.path.read_bytes()[: len(before)]), (bool(expect["damaged"]), before))

    def test_the_steps_write_what_is_written_to_the_byte(self) -> None:
        written = golden("written.json")
        effects = self.open()
        with mock.patch("midwatch.side_effects.utc_now", lambda: written["at"]):
            for name, *arguments in written["steps"]:
                getattr(effects, name)(*arguments)
        self.assertEqual(self.path.read_text("utf-8"), written["file"])


class Steps(InFolder):
    def test_a_key_begins_once_is_in_flight_until_done_and_is_known_after_a_restart(self) -> None:
        effects = self.open()
        self.assertEqual([effects.begin("a", "why"), effects.begin("a"), effects.begin("b")], ["new", "in-flight", "new"])
        first, second = self.open().in_flight()
        self.assertEqual((first, second.note), (InFlight("a", "why", first.begun_at), None))
        self.assertRegex(first.begun_at, r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        effects.done("a", {"id": 7})
        restarted = self.open()
        self.assertEqual((restarted.begin("a"), restarted.begin("b")), ("done", "in-flight"))
        self.assertEqual((restarted.result_of("a"), restarted.result_of("b")), ({"id": 7}, None))
        restarted.abandon("b")
        restarted.abandon("a")
        self.assertEqual((self.open().begin("b"), self.open().begin("a")), ("new", "done"))

    def test_a_second_object_on_the_file_is_heard_also_after_it_was_written_anew_or_deleted(self) -> None:
        mine, other = self.open(), self.open()
        self.assertEqual((other.begin("a"), mine.begin("a")), ("new", "in-flight"))
        with open(self.path, "ab") as file:
            file.write(b"torn")
        self.assertEqual((other.begin("b"), mine.begin("b")), ("new", "in-flight"))
        self.path.unlink()
        self.assertEqual((mine.begin("a"), mine.begin("c")), ("in-flight", "new"))
        self.assertEqual(keys_of(self.open()), ["a", "b", "c"])

    def test_only_the_last_done_ones_are_remembered_and_the_file_stays_bounded(self) -> None:
        effects = self.open(keep=3)
        effects.begin("early")
        longest = 0
        for number in range(300):
            effects.done(f"key-{number}")
            longest = max(longest, self.path.stat().st_size)
        self.assertLess(self.path.stat().st_size, longest, "it was written anew")
        self.assertEqual(os.listdir(self.folder), ["effects.jsonl"])
        again = self.open(keep=3)
        answers = [again.begin(key) for key in ("early", "key-299", "key-297", "key-296")]
        self.assertEqual(answers, ["in-flight", "done", "done", "new"])

    def test_a_result_that_is_too_large_or_no_json_does_not_undo_the_done(self) -> None:
        effects = self.open()
        for key in ("", "x" * 513, 7):
            with self.assertRaises(ValueError):
                effects.begin(key)  # type: ignore[arg-type]
        effects.begin("a", "n" * 5_000)
        self.assertEqual(len(effects.in_flight()[0].note or ""), 2_000)
        for result in ("r" * 5_000, object(), float("nan")):
            with self.assertLogs("midwatch", "WARNING"):
                effects.done("a", result)
        self.assertEqual((effects.begin("a"), effects.result_of("a")), ("done", None))

    def test_a_journal_that_cannot_be_read_is_not_begun_anew(self) -> None:
        self.path.mkdir()
        with self.assertRaises(StorageError) as caught:
            self.open()
        self.assertEqual(caught.exception.code, "unreadable")


class Crashes(InFolder):
    def test_on_a_full_disk_nothing_is_begun_and_it_goes_on_when_there_is_room(self) -> None:
        disk = tiny_disk(self)
        path = disk / "effects.jsonl"
        effects = SideEffects(path)
        effects.begin("first")
        (disk / "ballast").write_bytes(b"x" * 124 * 1024)
        refused: Optional[str] = None
        for number in range(100):  # The page that the file has already still takes some.
            try:
                effects.begin(f"key-{number}", "n" * 1_000)
            except StorageError as error:
                self.assertEqual(error.code, "unwritable")
                refused = f"key-{number}"
                break
        self.assertIsNotNone(refused)
        self.assertNotIn(refused, keys_of(effects) + keys_of(SideEffects(path)))
        (disk / "ballast").unlink()
        self.assertEqual(effects.begin("later"), "new")
        self.assertEqual(keys_of(SideEffects(path)), keys_of(effects))
        self.assertEqual(os.listdir(disk), ["effects.jsonl"])

    def test_cut_at_any_byte_every_step_before_the_cut_is_told_and_the_rest_put_aside(self) -> None:
        whole = b"".join(golden("valid.json")["file"].encode("utf-8").splitlines(keepends=True)[:3])
        for length in range(len(whole) + 1):
            empty(self.folder)
            kept = whole[: whole.rfind(b"\n", 0, length) + 1]
            self.path.write_bytes(kept)
            before = keys_of(self.open())
            self.path.write_bytes(whole[:length])
            self.open().begin("one-more")
            self.assertEqual(self.aside(), [whole[len(kept) : length]] if length > len(kept) else [])
            self.assertEqual(keys_of(self.open()), [*before, "one-more"])

    def test_a_process_killed_at_any_moment_has_begun_nothing_that_is_not_known(self) -> None:
        program = (
            "import os, sys\n"
            "from midwatch import SideEffects\n"
            "effects = SideEffects(sys.argv[1], keep=20)\n"
            "for number in range(1_000_000):\n"
            "    key = f'{os.getpid()}-{number}'\n"
            "    print(effects.begin(key), key, flush=True)\n"
            "    effects.done(key)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        for kill in range(1, 9):
            command = [sys.executable, "-c", program, str(self.path)]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdout is not None
                first = child.stdout.readline()
                time.sleep(kill * 0.005)
                child.kill()
                lines = (first + child.stdout.read()).split("\n")[:-1]
            with self.subTest(kill=kill):
                self.assertTrue(all(line.startswith("new ") for line in lines))
                self.assertNotEqual(self.open(keep=20).begin(lines[-1][len("new ") :]), "new")


if __name__ == "__main__":
    unittest.main()
