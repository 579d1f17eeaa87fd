#!/usr/bin/env python3
"""A study by two processes that is killed at random moments, and resumed each time, ends with the
bits of one that one process ran undisturbed, and leaves nothing behind. So does its report.

    check_kills.py BUILD_DIR [--kills N] [--reports N] [--jobs N] [--seed N]

Runs that were done before they were hit are compared, and do not count. What is killed is drawn too: the run, one of its workers, or all of them at once.
"""

import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

KILLED = 128 + signal.SIGKILL


class Storm:
    """One directory that is run again and again, and how often what was hit."""

    def __init__(self, scene, jobs, chance):
        self.scene, self.jobs, self.chance = scene, jobs, chance
        self.out = scene.dir / "cut"
        self.cut = {"run": 0, "worker": 0, "all": 0}
        self.finished = 0
        began = time.monotonic()
        scene.whole()
        self.seconds = time.monotonic() - began  # that a run takes, with its report

    def strike(self, run):
        """Kills a part of the run; which."""
        workers = run.workers()
        what = self.chance.choice(["run", "worker", "all"])
        if what == "worker" and workers:
            storm.send(self.chance.choice(workers), signal.SIGKILL)
            return what
        if what == "all":
            run.kill_group()
        else:
            storm.send(run.process.pid, signal.SIGKILL)
            what = "run"
        return what

    def compare(self):
        """What a finished study must be."""
        storm.must_be_alike(self.scene.whole(), self.out)
        storm.must_be_clean(self.out)
        self.finished += 1

    def kill_once(self):
        """One run, struck once. A worker's death costs the stage that it was at, if any."""
        run = self.scene.start_study(self.out, "--jobs", self.jobs)
        time.sleep(self.chance.uniform(0.02, 0.6) * self.seconds)
        what = self.strike(run)
        ended = run.end()
        if ended.status == 0:
            self.compare()
            shutil.rmtree(self.out)
            return
        if what == "worker":
            ended.must(1, KILLED).must_say("SIGKILL")
        else:
            ended.must(KILLED)
        self.cut[what] += 1

    def last(self):
        """The run that is let alone; the report is looked at after it."""
        wait_for_nobody(self.out)
        self.scene.study(self.out, "--jobs", self.jobs).must(0)
        self.compare()


def wait_for_nobody(out):
    """Waits until workers whose run was killed are gone too: they end by themselves."""
    limit = time.monotonic() + storm.SECONDS
    while any(str(out) in line for line in command_lines()):
        storm.check(time.monotonic() < limit, "workers of a killed run do not end")
        time.sleep(0.01)


def command_lines():
    """Those of all processes but this one."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                yield (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue


def kill_reports(scene, out, count, chance):
    """Kills `report` at random moments; the last one, let alone, is as ever."""
    began = time.monotonic()
    scene.run("report", out).must(0)
    seconds = time.monotonic() - began
    killed = 0
    for _ in range(count):
        report = scene.start("report", out)
        time.sleep(chance.uniform(0, seconds))
        report.kill_group()
        killed += report.end().must(0, KILLED).status == KILLED
    scene.study(out).must(0)
    storm.must_be_alike(scene.whole(), out)
    storm.must_be_clean(out)
    return killed


def test(scene, arguments, chance):
    """The storm."""
    cutting = Storm(scene, arguments.jobs, chance)
    most = 5 * arguments.kills
    while sum(cutting.cut.values()) < arguments.kills and most > 0:
        cutting.kill_once()
        most -= 1
    cutting.last()
    reports = kill_reports(scene, cutting.out, arguments.reports, chance)
    hit = sum(cutting.cut.values())
    storm.check(hit == arguments.kills, f"{hit} runs were cut, wanted {arguments.kills}")
    print(f"the same bits: {cutting.finished} studies of {hit} runs cut ("
          f"{', '.join(f'{count} {what}' for what, count in cutting.cut.items())}), and after "
          f"{reports} reports cut")


def add_arguments(parser):
    """How much of it."""
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--reports", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)


if __name__ == "__main__":
    storm.main(test, add_arguments)
