"""Folders and disks to keep state on, gone after the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict

import support  # noqa: F401  Puts the sources on the path.


def scratch_folder(test: unittest.TestCase) -> Path:
    """An empty folder."""
    folder = tempfile.mkdtemp(prefix="midwatch-state-")
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def contents_of(folder: Path) -> Dict[str, bytes]:
    """What is in a folder: names and contents."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def tiny_disk(test: unittest.TestCase) -> Path:
    """A disk of 128 KiB that can really be full; skips the test, loudly, where mounting is not allowed."""
    folder = scratch_folder(test)
    command = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=0777", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError):
        why = "a small disk cannot be mounted here; that takes root on Linux"
        print(f"SKIPPED: {test.id()}: {why}", file=sys.stderr)
        test.skipTest(why)
    test.addCleanup(subprocess.run, ["umount", str(folder)], check=True)
    return folder


def empty(folder: Path) -> None:
    """Deletes all that is in a folder."""
    for name in os.listdir(folder):
        os.unlink(folder / name)
