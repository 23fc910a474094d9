"""A state file is whole or as it was before; nothing that could be saved is ever written over."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List
from unittest import mock

from disk import contents_of, empty, scratch_folder, tiny_disk
from support import ROOT, SOURCE
from midwatch import StateFile, StorageError
from midwatch.state_format import decode_state, encode_json, encode_state

GOLDEN = ROOT / "packages" / "protocol" / "golden" / "state"

logging.getLogger("midwatch").addHandler(logging.NullHandler())
logging.getLogger("midwatch").propagate = False


class InFolder(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.folder = scratch_folder(self)
        self.path = self.folder / "state.json"

    def open(self, keep: int = 3) -> StateFile:
        return StateFile(self.path, keep=keep)

    def refused(self, code: str, call: Callable[[], Any]) -> StorageError:
        with self.assertRaises(StorageError) as caught:
            call()
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception


class Golden(InFolder):
    def test_every_folder_is_loaded_as_it_is_written(self) -> None:
        samples = sorted(path for path in GOLDEN.glob("*.json") if path.name != "saved.json")
        self.assertGreater(len(samples), 10)
        for sample in samples:
            golden = json.loads(sample.read_text("utf-8"))
            with self.subTest(golden["name"]):
                empty(self.folder)
                self._check(golden["files"], golden["expect"])

    def _check(self, files: Dict[str, str], expect: Dict[str, Any]) -> None:
        for name, content in files.items():
            (self.folder / name).write_bytes(content.encode("utf-8"))
        state = self.open()
        if "error" in expect:
            self.refused(expect["error"], state.load)
            self.refused(expect["error"], lambda: state.save(1))
            self.assertEqual(self.path.read_text("utf-8"), files["state.json"])
            return
        loaded = state.load()
        seen = loaded and {"value": loaded.value, "generation": loaded.generation, "saved_at": loaded.saved_at}
        self.assertEqual(seen, expect["loaded"])
        aside = [content.decode() for name, content in contents_of(self.folder).items() if ".corrupt-" in name]
        self.assertEqual(sorted(aside), sorted(files[one["file"]] for one in expect["quarantined"]))
        told = [{"file": os.path.basename(one.path), "generation": one.generation} for one in state.quarantined]
        self.assertEqual(told, expect["quarantined"])
        self.assertEqual(loaded.quarantined if loaded else state.quarantined, state.quarantined)
        state.save("next")
        after = self.open().load()
        self.assertEqual(after and after.generation, expect["next_generation"])

    def test_a_save_writes_what_is_written_to_the_byte(self) -> None:
        golden = json.loads((GOLDEN / "saved.json").read_text("utf-8"))
        content = encode_state(encode_json(golden["value"]), golden["generation"], golden["saved_at"])
        self.assertEqual(content.decode("utf-8"), golden["bytes"])


class Saving(InFolder):
    def test_earlier_generations_stay_beside_what_was_saved_last(self) -> None:
        for keep in (1, 2, 3):
            with self.subTest(keep=keep):
                empty(self.folder)
                state = self.open(keep)
                self.assertIsNone(state.load())
                for position in range(1, 6):
                    state.save({"position": position})
                loaded = self.open().load()
                assert loaded is not None
                self.assertEqual((loaded.value, loaded.generation), ({"position": 5}, 5))
                seen = {name: decode_state(content) for name, content in contents_of(self.folder).items()}
                names = ["state.json", "state.json.1", "state.json.2"][:keep]
                self.assertEqual(list(seen), names)
                self.assertEqual([content.generation for content in seen.values()], [5, 4, 3][:keep])
                self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_a_save_without_a_load_puts_a_damaged_file_aside_first(self) -> None:
        for torn in (b"{", b"[", b'"'):
            self.path.write_bytes(torn)
            with self.assertLogs("midwatch", "WARNING") as logs:
                self.open().save("whole")
            self.assertIn("is damaged", logs.output[0])
        aside = [content for name, content in contents_of(self.folder).items() if ".corrupt-" in name]
        self.assertEqual(sorted(aside), [b'"', b"[", b"{"])

    def test_what_another_process_has_saved_is_not_counted_below(self) -> None:
        mine = self.open()
        mine.save("mine")
        for _ in range(5):
            self.open().save("another's")
        mine.save("mine again")
        loaded = self.open().load()
        assert loaded is not None
        self.assertEqual((loaded.value, loaded.generation), ("mine again", 7))

    def test_values_that_are_no_json_are_refused(self) -> None:
        state = self.open()
        ring: List[Any] = []
        ring.append(ring)
        for value in (object(), float("nan"), {1, 2}, b"bytes", ring):
            self.refused("not_json", lambda: state.save(value))
        state.save({"lone": "\ud800", "moon": "🌙"})
        loaded = state.load()
        self.assertEqual(loaded and (loaded.value, loaded.generation), ({"lone": "\ud800", "moon": "🌙"}, 1))
        for keep in (0, 101, 1.5, True):
            with self.assertRaises(ValueError):
                self.open(keep)  # type: ignore[arg-type]

    def test_threads_save_one_after_the_other(self) -> None:
        state = self.open()
        threads = [threading.Thread(target=lambda: [state.save(os.urandom(8).hex()) for _ in range(5)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loaded = self.open().load()
        self.assertEqual(loaded and (loaded.generation, loaded.quarantined), (20, []))

    def test_what_a_signal_handler_saves_in_the_middle_of_a_save_is_the_newest(self) -> None:
        state = self.open()
        state.save("before")
        replace = os.replace

        def replace_and_be_interrupted(source: str, target: str) -> None:
            if target == str(self.path) and not interrupted:
                interrupted.append(True)
                os.kill(os.getpid(), signal.SIGALRM)
            replace(source, target)

        interrupted: List[bool] = []
        previous = signal.signal(signal.SIGALRM, lambda *_: state.save("by the handler"))
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        with mock.patch("os.replace", replace_and_be_interrupted):
            state.save("by the program")
        loaded = self.open().load()
        self.assertEqual((interrupted, loaded and loaded.value), ([True], "by the handler"))

    def test_without_hard_links_the_earlier_generation_is_a_copy(self) -> None:
        with mock.patch("os.link", side_effect=PermissionError(errno.EPERM, "no links here")) as link:
            for value in ("first", "second", "third"):
                self.open().save(value)
        self.assertGreater(link.call_count, 0)
        self.path.write_bytes(b"torn")
        loaded = self.open().load()
        self.assertEqual(loaded and loaded.value, "second")

    def test_a_link_to_a_file_keeps_leading_to_it(self) -> None:
        (self.folder / "volume").mkdir()
        StateFile(self.folder / "volume" / "state.json").save("there")
        self.path.symlink_to(Path("volume") / "state.json")
        self.open().save("still there")
        loaded = StateFile(self.folder / "volume" / "state.json").load()
        self.assertEqual(loaded and loaded.value, "still there")
        self.assertTrue(self.path.is_symlink())

    def test_what_a_killed_process_left_half_written_is_removed_once_it_is_an_hour_old(self) -> None:
        old, new = (f"state.json.0b7a2a1e-4c1d-4a6e-9a55-0d9f0c8f5b1{n}.tmp" for n in (1, 2))
        for name in (old, new, "state.json.mine.tmp"):
            (self.folder / name).write_bytes(b"half")
        for name in (old, "state.json.mine.tmp"):
            os.utime(self.folder / name, (time.time() - 3_700,) * 2)
        self.open().load()
        self.assertEqual(list(contents_of(self.folder)), [new, "state.json.mine.tmp"])


class Trouble(InFolder):
    def test_a_file_that_cannot_be_read_is_not_taken_for_damaged(self) -> None:
        self.path.mkdir()
        self.refused("unreadable", self.open().load)
        self.refused("unreadable", lambda: self.open().save(1))
        self.assertEqual(os.listdir(self.folder), ["state.json"])

    def test_without_permission_to_read_load_and_save_say_so_and_change_nothing(self) -> None:
        self.open().save("precious")
        self.folder.chmod(0o777)
        self.path.chmod(0)
        program = (
            "import os, sys\n"
            "from midwatch import StateFile, StorageError\n"
            "if os.getuid() == 0: os.setuid(65534)\n"
            "state = StateFile(sys.argv[1])\n"
            "for task in (state.load, lambda: state.save(1)):\n"
            "    try:\n"
            "        task(); print('done')\n"
            "    except StorageError as error:\n"
            "        print(error.code, error.__cause__.errno)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-c", program, str(self.path)]
        child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout, f"unreadable {errno.EACCES}\n" * 2, child.stderr)
        self.assertEqual(os.listdir(self.folder), ["state.json"])

    def test_a_folder_that_is_missing_loads_as_nothing_and_a_save_says_what_is_wrong(self) -> None:
        state = StateFile(self.folder / "nowhere" / "state.json")
        self.assertIsNone(state.load())
        self.refused("unwritable", lambda: state.save(1))

    def test_a_full_disk_fails_the_save_keeps_the_old_state_and_leaves_nothing_behind(self) -> None:
        disk = tiny_disk(self)
        state = StateFile(disk / "state.json")
        state.save("small")
        (disk / "ballast").write_bytes(b"x" * 64_000)
        before = (disk / "state.json").read_bytes()
        error = self.refused("unwritable", lambda: state.save("large" * 20_000))
        cause = error.__cause__
        assert isinstance(cause, OSError)
        self.assertEqual(cause.errno, errno.ENOSPC)
        self.assertIn("No space left", str(error))
        self.assertEqual(sorted(os.listdir(disk)), ["ballast", "state.json"])
        self.assertEqual((disk / "state.json").read_bytes(), before)
        state.save("small again")
        loaded = state.load()
        self.assertEqual(loaded and loaded.value, "small again")


def value_of(generation: int) -> Any:
    return {"position": generation, "note": "Grüße 🌙"}


def bytes_of(generation: int) -> bytes:
    return encode_state(encode_json(value_of(generation)), generation, f"2026-11-24T03:12:0{generation}.000Z")


class Torn(InFolder):
    """Cut at every byte, changed at every byte, killed in mid-save."""

    OLDER = {"state.json.1": bytes_of(2), "state.json.2": bytes_of(1)}
    WHOLE = bytes_of(3)

    def go_through(self, files: Dict[str, bytes], expected: int) -> None:
        empty(self.folder)
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        state = self.open()
        loaded = state.load()
        assert loaded is not None
        self.assertEqual((loaded.generation, loaded.value), (expected, value_of(expected)))
        state.save("next")
        kept = list(contents_of(self.folder).values())
        for name, content in files.items():
            # The oldest makes room for the new one, as after every save, when all three were whole.
            may_go = expected == 3 and name == "state.json.2"
            self.assertTrue(may_go or content in kept, f"the bytes of {name} are still there")
        after = self.open().load()
        assert after is not None
        self.assertEqual((after.value, after.generation > expected, after.quarantined), ("next", True, []))

    def test_cut_at_any_byte(self) -> None:
        for length in range(len(self.WHOLE)):
            self.go_through({"state.json": self.WHOLE[:length], **self.OLDER}, 2)
        self.go_through({"state.json": self.WHOLE, **self.OLDER}, 3)

    def test_two_generations_cut_at_any_byte_leave_the_third(self) -> None:
        second = self.OLDER["state.json.1"]
        for length in range(0, len(second), 7):
            files = {**self.OLDER, "state.json": self.WHOLE[:length], "state.json.1": second[:length]}
            self.go_through(files, 1)

    def test_changed_at_any_byte(self) -> None:
        # A header need not have a check: the same without it is whole, so a changed name of that field changes nothing.
        name = self.WHOLE.index(b'"check"') + 1
        for place in range(len(self.WHOLE)):
            changed = bytearray(self.WHOLE)
            changed[place] ^= 0x01 if place % 2 == 0 else 0x80
            harmless = name <= place < name + len("check") and changed[place] < 0x80
            self.go_through({"state.json": bytes(changed), **self.OLDER}, 3 if harmless else 2)

    def test_a_process_killed_in_mid_save_has_lost_nothing_that_it_was_told_is_saved(self) -> None:
        program = (
            "import sys\n"
            "from midwatch import StateFile\n"
            "state = StateFile(sys.argv[1])\n"
            "loaded = state.load()\n"
            "position = loaded.value['position'] if loaded else 0\n"
            "print(position, flush=True)\n"
            "while True:\n"
            "    position += 1\n"
            "    state.save({'position': position, 'ballast': 'x' * 300_000})\n"
            "    print(position, flush=True)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        told = 0
        for kill in range(1, 16):
            command = [sys.executable, "-c", program, str(self.path)]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(kill * 0.003)
                child.kill()
                lines = child.stdout.read().split("\n")[:-1]
            told = int(lines[-1]) if lines else told
            loaded = self.open().load()
            with self.subTest(kill=kill):
                if loaded is None:
                    self.assertEqual(told, 0)
                else:
                    self.assertGreaterEqual(loaded.value["position"], told)
                    self.assertEqual(loaded.quarantined, [])
        self.assertGreater(told, 0, "something was saved between the kills")

    def test_processes_that_save_into_one_file_at_the_same_time_do_not_damage_it(self) -> None:
        program = (
            "import os, sys\n"
            "from midwatch import StateFile\n"
            "state = StateFile(sys.argv[1])\n"
            "for count in range(40):\n"
            "    state.save({'by': os.getpid(), 'count': count, 'ballast': 'x' * 20_000})\n"
            "    assert state.load().quarantined == []\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-c", program, str(self.path)]
        children = [subprocess.Popen(command, env=environment) for _ in range(3)]
        self.assertEqual([child.wait(60) for child in children], [0, 0, 0])
        self.assertEqual(list(contents_of(self.folder)), ["state.json", "state.json.1", "state.json.2"])
        loaded = self.open().load()
        self.assertEqual(loaded and loaded.quarantined, [])


if __name__ == "__main__":
    unittest.main()
