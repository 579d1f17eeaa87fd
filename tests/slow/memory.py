#!/usr/bin/env python3
"""Memory that is refused at a random moment, once or by a limit, ends a run with a line that says
so, or costs it nothing; no process crashes or hangs, and the same command then ends well with the
same bits.

    memory.py BUILD_DIR [--refusals N] [--limits N] [--seed N]
"""

import errno
import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

MIB = 1 << 20
WORDS = ("out of memory", os.strerror(errno.ENOMEM), "the address space is limited",
         "threads cannot be started", "memory")
BLAME = ("damaged", "starting over", "set aside", "is not JSON", "unknown")


def go_on(scene, out, words):
    """The same command, with all the memory that it wants."""
    scene.study(out, *words).must(0).must_not_say(*BLAME)
    storm.must_be_alike(scene.whole(), out)
    storm.must_be_clean(out)


def must_tell(ended, what):
    """Whether it failed; then it says of what."""
    storm.check(ended.status in (0, 1), f"{what}: exit status {ended.status}:\n{ended.text}")
    if ended.status == 1:
        storm.check(any(word in ended.text for word in WORDS), f"{what}: says not why:\n{ended.text}")
    return ended.status == 1


def refuse(scene, chance, count):
    """One allocation of every process of a run, early ones as often as late ones."""
    shim = scene.build / "tests" / "refuse.so"
    out = scene.dir / "refused"
    told = scene.dir / "count"
    preload = {"LD_PRELOAD": str(shim), "REFUSE_COUNT": str(told)}
    scene.study(out, environment={**preload, "REFUSE_ALLOCATION": "1000000000"}).must(0)
    most = int(told.read_text(encoding="ascii"))
    failed = 0
    for _ in range(count):
        if chance.random() < 0.7:
            shutil.rmtree(out, ignore_errors=True)
        at = int(most ** chance.uniform(0, 1))
        words = ["--jobs", chance.choice([1, 2])]
        ended = scene.study(out, *words, environment={**preload, "REFUSE_ALLOCATION": str(at)})
        what = f"allocation {at} of {most}, {words}"
        failed += must_tell(ended, what)
        ended.must_not_say(*BLAME)
        go_on(scene, out, words)
    return failed


def limit(scene, chance, count):
    """The address space of every process of a run."""
    out = scene.dir / "limited"
    failed = 0
    for _ in range(count):
        if chance.random() < 0.7:
            shutil.rmtree(out, ignore_errors=True)
        size = int(chance.uniform(300, 560)) * MIB
        words = ["--jobs", chance.choice([1, 2])]
        ended = scene.study(
            out, *words, environment={"OMP_NUM_THREADS": "1"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
        failed += must_tell(ended, f"{size // MIB} MiB, {words}")
        go_on(scene, out, words)
    return failed


def test(scene, arguments, chance):
    """Both ways."""
    scene.whole()
    refused = refuse(scene, chance, arguments.refusals)
    limited = limit(scene, chance, arguments.limits)
    print(f"the same bits after {refused} of {arguments.refusals} allocations refused and "
          f"{limited} of {arguments.limits} limits that were a run's end")


def add_arguments(parser):
    """How much of it."""
    parser.add_argument("--refusals", type=int, default=60)
    parser.add_argument("--limits", type=int, default=30)


if __name__ == "__main__":
    storm.main(test, add_arguments)
