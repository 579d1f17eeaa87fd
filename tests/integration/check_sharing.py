#!/usr/bin/env python3
"""Several commands on one output directory: those of one study divide it, and what is damaged is
made anew once; others wait for their turn, with a line that names who holds it.

    check_sharing.py BUILD_DIR [--rounds N] [--seed N]
"""

import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

DIGITS = "?" * 32


def damage(out, chance):
    """Flips a bit in a file of several artifacts, which two runs then find at the same time."""
    folders = sorted((out / "store").glob("[a-z]*-" + DIGITS))
    harmed = chance.sample(folders, 8)
    for folder in harmed:
        path = chance.choice([file for file in sorted(folder.iterdir())
                              if file.name != "artifact.json"])
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1
        path.write_bytes(data)
    return harmed


def what_is_damaged_is_made_anew_once(scene, chance, rounds):
    """By two runs that begin together, by one process or two each."""
    out = scene.dir / "shared"
    for _ in range(rounds):
        shutil.copytree(scene.whole(), out)
        harmed = damage(out, chance)
        runs = [scene.start_study(out, "--jobs", chance.choice([1, 2])) for _ in range(2)]
        ended = [run.end().must(0) for run in runs]
        told = sum(end.text.count(" is computed again: ") for end in ended)
        broken = list((out / "store").glob("broken-*"))
        storm.check(told == len(harmed) and len(broken) == len(harmed),
                    f"{len(harmed)} damaged, {told} told, {len(broken)} set aside:\n" +
                    "\n".join(end.text for end in ended))
        storm.must_be_alike(scene.whole(), out)
        storm.must_be_clean(out)
        shutil.rmtree(out)


def stop_at_work(scene, out):
    """A run that is stopped in the midst of a stage; its name too."""
    while True:
        run = scene.start_study(out)
        run.wait_for("stages, ")
        time.sleep(0.05)
        storm.send(run.process.pid, signal.SIGSTOP)
        leases = sorted((out / "work").glob("*.lease"))
        if leases and not (out / "store" / leases[0].name.removesuffix(".lease")).exists():
            return run, leases[0].name.removesuffix(".lease")
        storm.send(run.process.pid, signal.SIGCONT)
        if run.end().must(0).status == 0:
            shutil.rmtree(out)


def others_are_refused_with_the_name_of_who_holds_it(scene, _chance, _rounds):
    """While a run is at work, and afterwards not."""
    out = scene.dir / "held"
    run, stage = stop_at_work(scene, out)
    process = f"process {run.process.pid} on "
    for option in (["--set", "study.seeds=[7]"], ["--set", "train.lr=0.02"], ["--threads", "2"],
                   ["--set", "ticket.controls=[]", "--jobs", "2"]):
        scene.study(out, *option).must(1).must_say(
            "is in use by a run with another config", process, "wait for it")
    scene.run("run", out, "--stage", stage).must(1).must_say("is computed already, by " + process)
    scene.run("gc", out).must(1).must_say("is in use by another process: wait for it")
    scene.run("report", out).must(0).must_say("the study is not finished")
    look = scene.run("status", out).must(0)
    storm.check("held by " + process in look.out and "1 running" in look.out, look.out)
    another = scene.start_study(out, "--set", "study.name=\"another\"")  # with the same stages
    another.wait_for("waiting for ")
    another.wait_for(", which " + process)
    storm.send(run.process.pid, signal.SIGCONT)
    another.end().must(0)
    run.end().must(0)
    mine = storm.files_of(out)
    for name, bytes_of in storm.files_of(scene.whole()).items():
        storm.check(mine.get(name) == bytes_of, f"{name} is not of the run that held it")
    scene.study(out, "--set", "study.seeds=[7]").must(0)
    table = (out / "studies/storm/report/tickets.csv").read_text(encoding="utf-8")
    storm.check("storm,7," in table and "storm,0," not in table, f"not of one run alone: {table}")


TESTS = [what_is_damaged_is_made_anew_once, others_are_refused_with_the_name_of_who_holds_it]


def test(scene, arguments, chance):
    """All of them."""
    for one in TESTS:
        one(scene, chance, arguments.rounds)
        print(one.__name__, flush=True)


if __name__ == "__main__":
    storm.main(test, lambda parser: parser.add_argument("--rounds", type=int, default=2))
