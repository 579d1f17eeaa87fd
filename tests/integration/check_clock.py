#!/usr/bin/env python3
"""A wall clock that jumps to and fro by days while a study runs changes no result, holds nobody up
and makes no time negative.

    check_clock.py BUILD_DIR [--seed N]
"""

import csv
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402


def must_be_no_time_below_zero(out):
    """In manifests and in tables of seconds; nor one of hours, as nothing took so long."""
    seconds = [json.loads(path.read_text(encoding="utf-8"))["seconds"]
               for path in (out / "store").glob("*-*/artifact.json")]
    for path in (out / "studies/storm/report").glob("cost*.csv"):
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                seconds += [float(value) for name, value in row.items()
                            if "seconds" in name and value not in ("", "nan")]
    storm.check(len(seconds) > 20, "no times are found")
    for value in seconds:
        storm.check(0 <= value < 3600, f"something took {value} s")


def test(scene, _arguments, chance):
    """Runs through, and cut short; then those that look."""
    whole = scene.whole()
    out = scene.dir / "jumping"
    jumping = {"LD_PRELOAD": str(scene.build / "tests" / "jumps.so")}
    began = time.monotonic()
    for jobs in (1, 2):
        run = scene.start_study(out, "--jobs", jobs, environment=jumping)
        run.wait_for("stages, ")
        time.sleep(chance.uniform(0, 0.2))
        run.kill_group()
        run.end()
        look = scene.run("status", out, environment=jumping).must(0)
        look_json = scene.run("status", out, "--json", environment=jumping).must(0)
        storm.check(" -" not in look.out.replace(" -- ", ""), f"a time below zero: {look.out}")
        storm.check(":\t-" not in look_json.out.replace("\"saved_step\":\t-1", ""),
                    f"a time below zero: {look_json.out}")
        for path in (out / "work").glob("*"):  # of the day after tomorrow
            os.utime(path, (time.time() + 2 * 86400,) * 2)
        scene.study(out, "--jobs", jobs, environment=jumping).must(0)
        storm.must_be_alike(whole, out)
        storm.must_be_clean(out)
        must_be_no_time_below_zero(out)
        storm.shutil.rmtree(out)
    storm.check(time.monotonic() - began < storm.SECONDS, "it took for ever")
    print("the same bits by a clock that jumps")


if __name__ == "__main__":
    storm.main(test)
