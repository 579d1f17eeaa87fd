#!/usr/bin/env python3
"""A disk that is full at a random moment ends a run with one line that names the path and the
reason, and the same command ends well, with the same bits, once there is room. So does a limit on
the size of files.

    disk_full.py BUILD_DIR [--levels N] [--limits N] [--seed N]

The disk is a tmpfs of its own, in a namespace of its own: as root, or as anybody where the kernel
lets users have namespaces. Exit status 77 where neither works.
"""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

DISK = 24 << 20
BLOCK = 4096
NO_SPACE = os.strerror(errno.ENOSPC)
MARK = "COPPICE_TEST_OWN_MOUNTS"


def have_own_mounts():
    """Starts this script anew where it may mount, unless that is done."""
    if os.environ.get(MARK):
        return
    for how in (["unshare", "-m"], ["unshare", "-rm"]):
        tried = shutil.which("unshare") and subprocess.run(
            how + ["mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
        if tried and tried.returncode == 0:
            os.environ[MARK] = "1"
            os.execvp("unshare", how + [sys.executable, "-B"] + sys.argv)
    print("skipped: this user can mount no disk of its own (neither as root nor by unshare -rm)")
    sys.exit(storm.SKIPPED)


class Disk:
    """A small file system and a file that fills it."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(path)],
                       check=True)
        self.filler = path / "filler"

    def free(self):
        """Bytes."""
        told = os.statvfs(self.path)
        return told.f_bavail * told.f_frsize

    def fill(self, left):
        """Leaves so many bytes; a run that writes meanwhile may take of them."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while self.free() - left >= BLOCK:
                    file.write(bytes(min(self.free() - left, 1 << 16)))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self):
        """Frees what the filler took."""
        self.filler.unlink(missing_ok=True)


def must_tell(ended, path, reason, words):
    """One line with the path and the reason; nothing wrong is said."""
    last = [line for line in ended.text.splitlines() if line.startswith("coppice: ")]
    storm.check(len(last) == 1 and reason in last[0] and str(path) in last[0],
                f"{words}: not one line that names path and reason:\n{ended.text}")
    ended.must(1).must_not_say("damaged", "starting over", "set aside", "crashed")


def must_be_sound(out):
    """Whatever is published is whole: every file as its manifest has it."""
    for manifest in (out / "store").glob("[a-z]*-*/artifact.json"):
        if manifest.parent.name.startswith("draft-"):
            continue
        sizes = json.loads(manifest.read_text(encoding="utf-8"))["sizes"]
        storm.check(sizes, f"{manifest} lists no files")
        for name, size in sizes.items():
            found = manifest.parent / name
            storm.check(found.exists() and found.stat().st_size == int(size),
                        f"{found} is not whole: {found.exists() and found.stat().st_size} of {size}")


class Filling:
    """One disk, filled again and again."""

    def __init__(self, scene, chance):
        self.scene, self.chance = scene, chance
        self.disk = Disk(scene.dir / "disk")
        self.out = self.disk.path / "out"
        self.told = {"while it ran": 0, "from the beginning": 0, "as it reported": 0}
        self.spared = 0

    def leave(self):
        """How many bytes: often next to nothing, now and then what nearly suffices."""
        whole = DISK - self.disk.free()
        return int((1 << 12) * (max(whole, 1 << 20) / (1 << 12)) ** self.chance.uniform(-0.2, 1))

    def run_on_full(self, when, words):
        """A run that finds the disk full in that way."""
        self.disk.empty()
        if when == "as it reported":
            self.scene.study(self.out).must(0)
            shutil.rmtree(self.out / "studies" / "storm" / "report")
        if when != "while it ran":
            self.disk.fill(self.chance.choice([0, self.leave()]))
        run = self.scene.start("run", self.scene.config, "--out", self.out, *words)
        if when == "while it ran":
            time.sleep(self.chance.uniform(0.0, 1.0))
            self.disk.fill(self.leave() if self.chance.random() < 0.5 else 0)
        return run.end()

    def once(self):
        """Fills it, frees it, and has the same command end well."""
        words = self.chance.choice([["--jobs", 1], ["--jobs", 2]])
        when = self.chance.choice(list(self.told))
        ended = self.run_on_full(when, words)
        if ended.status == 0:
            self.spared += 1
        else:
            must_tell(ended, self.disk.path, NO_SPACE, words)
            self.told[when] += 1
        must_be_sound(self.out)
        self.disk.empty()
        self.scene.study(self.out, *words).must(0).must_not_say("damaged", "set aside",
                                                                "starting over", "not tried")
        storm.must_be_alike(self.scene.whole(), self.out)
        storm.must_be_clean(self.out)
        if self.chance.random() < 0.7:
            shutil.rmtree(self.out)


def limit_files(scene, chance, count):
    """Runs that may write no file of more than so many bytes (ulimit -f)."""
    out = scene.dir / "limited"
    told = 0
    for _ in range(count):
        size = int(600_000 ** chance.uniform(0.4, 1))
        words = ["--jobs", chance.choice([1, 2])]
        run = scene.start("run", scene.config, "--out", out, *words, stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        text = run.process.communicate(timeout=storm.SECONDS)[1].decode("utf-8", "replace")
        ended = storm.Ended(run.process.returncode, text, "")
        if ended.status != 0:
            must_tell(ended, out, os.strerror(errno.EFBIG), [size] + words)
            told += 1
        must_be_sound(out)
        scene.study(out, *words).must(0).must_not_say("damaged", "set aside", "not tried")
        storm.must_be_alike(scene.whole(), out)
        storm.must_be_clean(out)
        shutil.rmtree(out)
    return told


def test(scene, arguments, chance):
    """So many levels of so many disks, and so many limits."""
    scene.whole()
    limited = limit_files(scene, chance, arguments.limits)
    print(f"the same bits after {limited} of {arguments.limits} limits on files that ended a run")
    filling = Filling(scene, chance)
    try:
        for _ in range(arguments.levels):
            filling.once()
    finally:
        subprocess.run(["umount", "-l", str(filling.disk.path)], check=False)
    storm.check(sum(filling.told.values()) > 0, "no disk was full in time")
    print("the same bits after disks full: "
          f"{', '.join(f'{count} {when}' for when, count in filling.told.items())}; "
          f"{filling.spared} had room enough")


def add_arguments(parser):
    """How much of it."""
    parser.add_argument("--levels", type=int, default=30)
    parser.add_argument("--limits", type=int, default=15)


if __name__ == "__main__":
    have_own_mounts()
    storm.main(test, add_arguments)
