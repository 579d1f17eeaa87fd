#!/usr/bin/env python3
"""What a run has published would be there after a power failure: every file is flushed before it
gets its name, every folder in which something got a name is flushed after that, and a saved state
goes only then. And it is not flushed much more often than that.

    check_flushes.py BUILD_DIR [--seed N]
"""

import os
import pathlib
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402


class Disk:
    """What of an output directory is safe, by the lines of flushes.c."""

    def __init__(self, out):
        self.out = str(out)
        self.flushed = set()  # files and folders as they are called now
        self.open_names = {}  # by folder, the names in it that are not safe yet
        self.counts = {"flush": 0, "rename": 0, "published": 0, "checkpoints": 0}

    def flush(self, path):
        """Of a file or a folder."""
        self.flushed.add(path)
        self.open_names.pop(path, None)

    def rename(self, old, new):
        """A file has been flushed; what is in a folder has its names."""
        storm.check(old in self.flushed, f"{new} gets its name before it is flushed")
        storm.check(not self.open_names.get(old), f"{new} gets its name before what is in it")
        folder = os.path.dirname(new)
        self.open_names.setdefault(folder, set()).add(os.path.basename(new))
        is_artifact = os.path.basename(old).startswith("draft-")
        self.counts["published"] += is_artifact
        self.counts["checkpoints"] += new.endswith(".checkpoint.safetensors")

    def remove(self, path):
        """A saved state, when nothing that came of it is unsafe."""
        if path.endswith(".checkpoint.safetensors"):
            left = self.open_names.get(f"{self.out}/store")
            storm.check(not left, f"{path} goes before {left} is safe")

    def read(self, line):
        """One line."""
        what, _, rest = line.partition(" ")
        if self.out not in rest:
            return
        if what in self.counts:
            self.counts[what] += 1
        getattr(self, what)(*rest.split(" "))


def test(scene, _arguments, _chance):
    """A run by one process, whose lines come in order."""
    out, told = scene.dir / "flushed", scene.dir / "flushes"
    scene.study(out, environment={"LD_PRELOAD": str(scene.build / "tests" / "flushes.so"),
                                  "FLUSHES": str(told)}).must(0)
    disk = Disk(out)
    for line in told.read_text(encoding="utf-8").splitlines():
        disk.read(line)
    left = {folder: names for folder, names in disk.open_names.items() if names}
    storm.check(not left, f"not safe at the end: {left}")
    storm.check(disk.counts["published"] > 10 and disk.counts["checkpoints"] > 10,
                f"little was seen: {disk.counts}")
    made = [str(path) for path in pathlib.Path(out).rglob("*") if path.is_dir()]
    for path in made:
        storm.check(os.path.dirname(path) in disk.flushed, f"the folder {path} is not safe")
    storm.check(disk.counts["flush"] <= 2.5 * disk.counts["rename"] + 20,
                f"flushed more often than needed: {disk.counts}")
    print(", ".join(f"{count} {what}" for what, count in disk.counts.items()))


if __name__ == "__main__":
    storm.main(test)
