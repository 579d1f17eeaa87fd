"""What the scripts that cut studies short share: starting the command, comparing what it left, and
randomness that can be had again. Standard library only."""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    import sqlite3
except ImportError:  # a Python may be without
    sqlite3 = None

TESTS = pathlib.Path(__file__).resolve().parent.parent
CONFIG = TESTS / "fixtures" / "configs" / "storm.cfg"
SKIPPED = 77  # exit status of a test that cannot be made here
SECONDS = 120  # that nothing takes: whoever does, hangs

# What says when and how long, and pictures and pages, which say the former.
UNLIKE_NAMES = {"files.json", "run", "run.lock", "run.guard"}
UNLIKE_ENDINGS = (".png", ".pdf", ".html")
# Members of manifests that say how long and how much, and the checksum over them.
UNLIKE_MEMBERS = ("seconds", "memory", "checksum")
UNLIKE_COLUMNS = ("seconds", "memory", "path")


class Failure(Exception):
    """A promise that was not kept."""


def check(is_kept, text):
    """Fails with the text unless it is so."""
    if not is_kept:
        raise Failure(text)


class Ended:
    """How a command ended: its exit status (128 and more: the signal), and what it said."""

    def __init__(self, status, text, out):
        self.status = status if status >= 0 else 128 - status
        self.text, self.out = text, out

    def must(self, *wanted):
        """Fails unless it ended so; returns itself."""
        check(self.status in wanted,
              f"exit status {self.status}, wanted {' or '.join(map(str, wanted))}:\n{self.text}")
        return self

    def must_say(self, *parts):
        """Fails unless it said all of these on standard error; returns itself."""
        for part in parts:
            check(part in self.text, f"\"{part}\" is not said:\n{self.text}")
        return self

    def must_not_say(self, *parts):
        """Fails where it said any of these; returns itself."""
        for part in parts:
            check(part not in self.text, f"\"{part}\" is said:\n{self.text}")
        return self


class Started:
    """A command under way, in a process group of its own."""

    def __init__(self, scene, words, environment, **more):
        self.words = [str(word) for word in words]
        self.log, self.out = (tempfile.TemporaryFile(dir=scene.dir) for _ in range(2))
        more.setdefault("stderr", self.log)
        more.setdefault("stdout", self.out)
        self.process = subprocess.Popen(
            [str(scene.command)] + self.words, stdin=subprocess.DEVNULL,
            env={**os.environ, **scene.environment, **(environment or {})},
            start_new_session=True, **more)

    def text(self):
        """What it has said by now."""
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def wait_for(self, part):
        """Waits until it has said this."""
        limit = time.monotonic() + SECONDS
        while part not in self.text():
            check(self.process.poll() is None and time.monotonic() < limit,
                  f"\"{part}\" is never said:\n{self.text()}")
            time.sleep(0.01)

    def end(self, seconds=SECONDS):
        """Waits for the end, which must come within so many seconds."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_group()
            raise Failure(f"coppice {' '.join(self.words)}: has not ended within {seconds} s:\n"
                          f"{self.text()}") from None
        text = self.text()
        self.out.seek(0)
        out = self.out.read().decode("utf-8", "replace")
        self.log.close()
        self.out.close()
        return Ended(status, text, out)

    def workers(self):
        """The workers that it has started, by number."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if (entry.name.isdigit() and int(fields[1]) == self.process.pid and
                        b"\0work\0" in (entry / "cmdline").read_bytes()):
                    found.append(int(entry.name))
            except (OSError, IndexError, ValueError):
                continue
        return sorted(found)

    def kill_group(self, number=signal.SIGKILL):
        """Sends a signal to the run and its workers at once."""
        for pid in [self.process.pid] + self.workers():
            send(pid, number)


def send(pid, number):
    """Sends a signal to a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Scene:
    """A directory of its own, the command to be tested, and how it is started."""

    def __init__(self, build, config=CONFIG):
        self.build = pathlib.Path(build).resolve()
        self.command = self.build / "coppice"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="coppice-storm-"))
        self.config = config
        self.environment = {"COPPICE_PLUGIN_PATH": str(self.build / "plugins"),
                            "COPPICE_SAVE_SECONDS": "0", "GOMP_SPINCOUNT": "1000"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, *words, environment=None, **more):
        """Starts the command."""
        return Started(self, words, environment, **more)

    def run(self, *words, environment=None, **more):
        """Runs the command to its end."""
        return self.start(*words, environment=environment, **more).end()

    def start_study(self, out, *words, environment=None, **more):
        """Starts the study to that directory."""
        return self.start("run", self.config, "--out", out, *words, environment=environment, **more)

    def study(self, out, *words, environment=None, **more):
        """Runs the study to that directory."""
        return self.start_study(out, *words, environment=environment, **more).end()

    def whole(self):
        """The study, undisturbed, by one process: what all others are compared with."""
        out = self.dir / "whole"
        if not out.exists():
            self.study(out).must(0)
        return out


def is_alike_ever(path):
    """Whether two runs of one study write the same bytes there."""
    name = path.name
    return not (name in UNLIKE_NAMES or name.endswith(UNLIKE_ENDINGS) or
                (name.startswith("cost") and name.endswith(".csv")))


def files_of(out):
    """What is compared of an output directory: by relative path, the bytes."""
    found = {}
    for part in ("store", "studies"):
        for folder, folders, names in os.walk(out / part):
            folders[:] = [name for name in folders if not name.startswith("broken-")]
            for name in names:
                path = pathlib.Path(folder, name)
                if name == "results.sqlite":
                    found[str(path.relative_to(out))] = rows_of(path)
                elif name == "artifact.json":
                    found[str(path.relative_to(out))] = manifest_of(path)
                elif is_alike_ever(path) and not name.startswith("broken-"):
                    found[str(path.relative_to(out))] = path.read_bytes()
    return found


def manifest_of(path):
    """A manifest without what says how long."""
    members = json.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in members.items() if key not in UNLIKE_MEMBERS}


def rows_of(path):
    """A database's tables without where it is and what says how long and how much."""
    if sqlite3 is None:
        return None
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        tables = {}
        for (table,) in file.execute("select name from sqlite_master where type = 'table'"):
            columns = [row[1] for row in file.execute(f'pragma table_info("{table}")')
                       if not row[1].endswith(UNLIKE_COLUMNS)]
            chosen = ", ".join(f'"{column}"' for column in columns)
            tables[table] = file.execute(f'select {chosen} from "{table}"').fetchall()
        return tables


def must_be_alike(one, other):
    """Fails unless two directories hold the same results, bit for bit."""
    left, right = files_of(one), files_of(other)
    check(len(left) > 20, f"{one} holds no study to compare with")
    for name in sorted(left.keys() | right.keys()):
        check(name in right, f"{name} is missing in {other}")
        check(name in left, f"{name} is in {other} alone")
        check(left[name] == right[name], f"{name} differs in {other}")


def must_be_clean(out):
    """Fails where something is left behind that a finished study has not."""
    left = [str(path.relative_to(out)) for path in sorted(out.rglob("*"))
            if ".tmp-" in path.name or
            (path.parent == out / "store" and path.name.startswith(("draft-", "old-"))) or
            (path.parent == out / "work" and path.name != "lock")]
    check(not left, "left behind: " + ", ".join(left))


def main(test, add_arguments=None):
    """Runs a script's test(scene, arguments, chance), and prints how it can be had again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--seed", type=int, default=None, help="of all that is random")
    if add_arguments is not None:
        add_arguments(parser)
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"seed {seed} (--seed {seed} draws the same)", flush=True)
    try:
        with Scene(arguments.build) as scene:
            test(scene, arguments, random.Random(seed))
    except Failure as failure:
        print(f"FAILED (seed {seed}): {failure}", flush=True)
        sys.exit(1)
