"""What docs/state.md shows is run as it stands there, by an agent that dies in the worst moment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import unittest

from disk import scratch_folder
from support import ROOT, SOURCE, Stub

PATIENCE_S = 30
BEFORE = """
import os, signal
def was_sent(key):
    return os.path.exists("mails") and key in open("mails").read().split()
def send_mail(key):
    with open("mails", "a") as mails:
        mails.write(key + "\\n")
    if key == "mail-2":
        os.kill(os.getpid(), signal.SIGKILL)
    if key == "mail-4":
        watch.stopped()
"""


class Examples(unittest.TestCase):
    def test_each_mail_is_sent_once_though_the_process_dies_between_sending_and_saying_so(self) -> None:
        page = (ROOT / "docs" / "state.md").read_text("utf-8")
        example = re.search(r"```python\n(from midwatch import [^`]*SideEffects.*?)```", page, re.DOTALL)
        assert example is not None, "the page has an example"
        folder = scratch_folder(self)
        stub = Stub()
        self.addCleanup(stub.close)
        program = BEFORE + example.group(1).replace("every=60", "every=0.005")
        supervised = {"PYTHONPATH": str(SOURCE), "MIDWATCH_URL": stub.url, "MIDWATCH_KEY": "mw_test"}
        lives = [
            subprocess.run(
                [sys.executable, "-c", program],
                cwd=folder,
                env={**os.environ, **supervised},
                stderr=subprocess.PIPE,
                text=True,
                timeout=PATIENCE_S,
            )
            for _ in range(2)
        ]
        self.assertEqual([life.returncode for life in lives], [-signal.SIGKILL, 0], lives[1].stderr)
        self.assertEqual((folder / "mails").read_text().split(), [f"mail-{number}" for number in range(5)])


if __name__ == "__main__":
    unittest.main()
