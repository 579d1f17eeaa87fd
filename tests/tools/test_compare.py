#!/usr/bin/env python3
"""tools/bench/compare --old: what it concludes of two builds.

    test_compare.py ROOT

The builds are shell scripts that answer as `coppice bench --json` does, with times of our choice.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.path.insert(0, os.path.join(ROOT, "tools", "bench"))
import two_builds  # noqa: E402


def fake_build(folder, times):
    """A build whose command takes so long, by turns: the times in order, then again from the first."""
    os.makedirs(folder)
    count = os.path.join(folder, "count")
    path = os.path.join(folder, "coppice")
    with open(path, "w", encoding="utf-8") as script:
        script.write(f"""#!/bin/bash
times=({' '.join(str(t) for t in times)})
n=0
[ -e '{count}' ] && read -r n < '{count}'
echo $((n + 1)) > '{count}'
echo "{{\\"name\\": \\"$2\\", \\"median_s\\": ${{times[n % ${{#times[@]}}]}}}}"
""")
    os.chmod(path, 0o755)
    return folder


class Interval(unittest.TestCase):
    def test_nine_ratios_leave_out_one_at_each_end(self):
        # Binomial(9, 1/2): the median lies outside [x2, x8] with probability 2 * 10/512 = 0.039.
        self.assertEqual(two_builds.interval([9, 8, 7, 6, 5, 4, 3, 2, 1]), (2, 8))

    def test_thirty_ratios_leave_out_nine_at_each_end(self):
        # The table of sign-test intervals: n = 30, ranks 10 and 21, 95.7 %.
        self.assertEqual(two_builds.interval(list(range(1, 31))), (10, 21))

    def test_five_ratios_are_too_few(self):
        self.assertEqual(two_builds.judge([1.0] * 5), two_builds.UNDECIDED)

    def test_two_slow_rounds_of_nine_leave_it_open_and_one_does_not(self):
        self.assertEqual(two_builds.judge([1.0] * 8 + [2.0]), two_builds.FASTER_OR_SAME)
        self.assertEqual(two_builds.judge([1.0] * 7 + [2.0] * 2), two_builds.UNDECIDED)


class Command(unittest.TestCase):
    def compare(self, old, new, *more):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-B", os.path.join(ROOT, "tools", "bench", "compare"), "--json",
                 "--old", fake_build(os.path.join(folder, "old"), old),
                 "--build", fake_build(os.path.join(folder, "new"), new), *more],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def test_as_fast_passes_after_nine_rounds(self):
        status, lines = self.compare([1.0], [1.02], "idc.match")
        self.assertEqual((status, lines[0]["rounds"], lines[0]["verdict"]), (0, 9, "as fast"))
        self.assertAlmostEqual(lines[0]["ratio"], 1.02)

    def test_slower_fails_after_nine_rounds(self):
        status, lines = self.compare([1.0], [1.04], "idc.match")
        self.assertEqual((status, lines[0]["rounds"], lines[0]["verdict"]), (1, 9, "slower"))

    def test_a_round_takes_the_fastest_of_three_turns(self):
        status, lines = self.compare([1.0], [1.4, 1.02, 1.2], "idc.match")
        self.assertEqual((status, lines[0]["verdict"]), (0, "as fast"))
        self.assertAlmostEqual(lines[0]["ratio"], 1.02)

    def test_undecided_takes_thirty_rounds_and_fails(self):
        status, lines = self.compare([1.0], [1.0] * 3 + [1.1] * 3, "idc.match")
        self.assertEqual((status, lines[0]["rounds"], lines[0]["verdict"]), (1, 30, "undecided"))

    def test_an_open_case_becomes_clear_with_more_rounds(self):
        status, lines = self.compare([1.0], [1.1] * 6 + [1.0] * 84, "idc.match")
        self.assertEqual((status, lines[0]["verdict"]), (0, "as fast"))
        self.assertTrue(9 < lines[0]["rounds"] < 30)

    def test_without_names_every_case_is_compared(self):
        status, lines = self.compare([1.0], [1.0])
        self.assertEqual((status, len(lines)), (0, 7))

    def test_a_folder_without_a_command_is_a_usage_error(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tools", "bench", "compare"),
                                   "--build", fake_build(os.path.join(folder, "new"), [1.0]),
                                   "--old", "/nowhere"], stderr=subprocess.PIPE, check=False, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere", done.stderr)


if __name__ == "__main__":
    unittest.main()
