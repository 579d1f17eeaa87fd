#!/usr/bin/env python3
"""Studies handed to a real Slurm, which this test starts for itself. Usage: slurm.py BUILD_DIR

Whatever befalls the jobs, a study ends with the bits of `run --jobs 1`: requeues, time limits that are
shorter than a stage, kills, scancel. Exits with 1 where something is otherwise, and with 77, saying why,
where there can be no Slurm. Standard library only.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import slurm_here

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "configs")
NO_SLURM = 77
# Times are in manifests, tables of costs and the database alone; jobs and who ran it are no results.
NO_RESULTS = ["artifact.json", "cost*.csv", "files.json", "run", "slurm", "*.png", "*.pdf", "*.html",
              "*.sqlite"]


class Failure(Exception):
    pass


def require(test, what):
    if not test:
        raise Failure(what)


class Studies:
    """Runs of one config in directories beside each other, and the cluster that they are run by."""

    def __init__(self, build, directory, cluster):
        self.command = os.path.join(build, "coppice")
        self.plugins = os.path.join(build, "tests", "fixtures", "plugins")
        self.directory, self.cluster = directory, cluster
        self.environment = dict(cluster.environment, COPPICE_SAVE_SECONDS="0", GOMP_SPINCOUNT="1000",
                                COPPICE_PLUGIN_PATH=os.path.join(build, "plugins"))

    def out(self, name):
        return os.path.join(self.directory, name)

    def call(self, words, wanted=0, sleep=0):
        environment = dict(self.environment, COPPICE_FIXTURE_SLEEP=str(sleep))
        done = subprocess.run([self.command, *words], env=environment, capture_output=True, text=True,
                              timeout=600)
        require(done.returncode == wanted, "%s: exit status %d, wanted %d: %s%s" % (
            " ".join(words), done.returncode, wanted, done.stdout, done.stderr))
        return done

    def run(self, config, name, *more, wanted=0, sleep=0):
        return self.call(["run", os.path.join(CONFIGS, config), "--out", self.out(name), "--threads", "1",
                          "--plugin-dir", self.plugins, *more], wanted, sleep)

    def submit(self, config, name, *more, sleep=0):
        """The numbers of the two jobs."""
        said = self.run(config, name, "--slurm", "--jobs", "2", *more, sleep=sleep).stdout
        found = re.search(r"submitted: 2 workers as job (\d+), the report as job (\d+)", said)
        require(found, "what was submitted is not said: " + said)
        return found.group(1), found.group(2)

    def status(self, name):
        return self.call(["status", self.out(name)]).stdout

    def queue(self, job):
        return self.cluster.ask("squeue", "-h", "-r", "-j", job, "-o", "%i %T")

    def wait(self, test, what, seconds=300):
        end = time.monotonic() + seconds
        while not test():
            require(time.monotonic() < end, "not within %d s: %s\n%s" % (
                seconds, what, self.cluster.ask("squeue", "-r")))
            time.sleep(0.5)

    def wait_for_end(self, jobs):
        for job in jobs:
            self.wait(lambda: self.queue(job) == "", "job %s ends" % job)

    def state(self, job):
        return re.search(r"JobState=(\S+)", self.cluster.ask("scontrol", "show", "job", job)).group(1)

    def wait_for_sleepers(self, name):
        """Both slow stages run and have saved; gives the process and the task of each."""
        pattern = re.compile(r'running: mask-.*: step \d+ .*; process (\d+) on \S+, job (\S+)')
        self.wait(lambda: len(pattern.findall(self.status(name))) == 2, "two slow stages run")
        return pattern.findall(self.status(name))

    def logs(self, name, study):
        folder = os.path.join(self.out(name), "studies", study, "slurm")
        text = ""
        for entry in sorted(os.listdir(folder)):
            if entry.endswith(".log"):
                with open(os.path.join(folder, entry), errors="replace") as file:
                    text += file.read()
        return text

    def compare(self, name, whole="whole"):
        for part in ("store", "studies"):
            words = ["diff", "-r"]
            for pattern in NO_RESULTS:
                words += ["-x", pattern]
            done = subprocess.run([*words, os.path.join(self.out(whole), part),
                                   os.path.join(self.out(name), part)], capture_output=True, text=True)
            require(done.returncode == 0, "%s differs from %s: %s" % (name, whole, done.stdout[:4000]))
        left = [entry for entry in os.listdir(os.path.join(self.out(name), "work")) if entry != "lock"]
        require(not left, "%s: left behind in work/: %s" % (name, left))


def two_workers_give_the_bits_of_one_process(s):
    s.run("every-stage.cfg", "every-whole")
    workers, report = s.submit("every-stage.cfg", "it's \"every\" 100 %j")
    again = s.run("every-stage.cfg", "it's \"every\" 100 %j", "--slurm", wanted=1).stderr
    require("is in Slurm already" in again and "'scancel %s %s'" % (workers, report) in again,
            "submitted twice: " + again)
    s.wait(lambda: "job %s_" % workers in s.status("it's \"every\" 100 %j"), "status names a job")
    require("slurm: workers %s: " % workers in s.status("it's \"every\" 100 %j"), "status without jobs")
    s.wait_for_end([workers, report])
    require(s.state(report) == "COMPLETED", "the report is " + s.state(report))
    s.compare("it's \"every\" 100 %j", "every-whole")
    for task in ("0", "1"):
        path = os.path.join(s.out("it's \"every\" 100 %j"), "studies/every-stage/slurm",
                            "worker-%s_%s.log" % (workers, task))
        with open(path) as file:
            require("/33] " in file.read(), "worker %s did no work" % task)


def a_requeued_worker_goes_on(s):
    jobs = s.submit("slurm.cfg", "requeued", sleep=500)
    _, task = s.wait_for_sleepers("requeued")[0]
    subprocess.run(["scontrol", "requeue", task], env=s.environment, check=True)
    s.wait(lambda: (task + " PENDING") in s.queue(jobs[0]), "the task is in the queue again")
    s.wait_for_end(jobs)
    s.compare("requeued")


def a_preempted_worker_goes_on(s):
    jobs = s.submit("slurm.cfg", "preempted", sleep=500)
    s.wait_for_sleepers("preempted")
    subprocess.run(["sbatch", "--partition=urgent", "--output=/dev/null", "--wrap=sleep 5"], env=s.environment,
                   check=True, capture_output=True)
    s.wait(lambda: " PENDING" in s.queue(jobs[0]), "a worker makes room", 60)
    s.wait_for_end(jobs)
    logs = s.logs("preempted", "slurm")
    require("PREEMPTION" in logs and "stopped at once" not in logs, "not preempted, or not saved: " + logs)
    require(s.state(jobs[1]) == "COMPLETED", "the report is " + s.state(jobs[1]))
    s.compare("preempted")


def a_killed_job_costs_what_was_not_saved(s):
    jobs = s.submit("slurm.cfg", "killed", sleep=500)
    process, task = s.wait_for_sleepers("killed")[0]
    with open("/proc/%s/stat" % process) as file:
        parent = file.read().rsplit(")", 1)[1].split()[1]
    os.kill(int(parent), signal.SIGKILL)
    os.kill(int(process), signal.SIGKILL)
    s.wait(lambda: (task + " ") not in s.queue(jobs[0]), "the killed task is gone")
    s.wait_for_end(jobs)
    s.compare("killed")


def a_killed_process_costs_its_stage_and_is_replaced(s):
    jobs = s.submit("slurm.cfg", "lost", sleep=500)
    process, _ = s.wait_for_sleepers("lost")[0]
    os.kill(int(process), signal.SIGKILL)
    s.wait_for_end(jobs)
    require(s.state(jobs[1]) == "FAILED", "the report is " + s.state(jobs[1]))
    require("the process that computed it ended: SIGKILL" in s.status("lost"), s.status("lost"))
    s.run("slurm.cfg", "lost")
    s.compare("lost")


def a_stage_longer_than_the_time_limit_gets_done(s):
    jobs = s.submit("slurm.cfg", "limited", "--sbatch=--time=1", "--sbatch=--signal=B:USR1@10", sleep=2000)
    s.wait_for_end(jobs)
    require("put back into the queue" in s.logs("limited", "slurm"), s.logs("limited", "slurm"))
    require(s.state(jobs[1]) == "COMPLETED", "the report is " + s.state(jobs[1]))
    s.compare("limited")


def a_cancelled_study_is_reported_and_goes_on(s):
    jobs = s.submit("slurm.cfg", "cancelled", sleep=500)
    s.wait_for_sleepers("cancelled")
    subprocess.run(["scancel", jobs[0]], env=s.environment, check=True)
    s.wait_for_end(jobs)
    logs = s.logs("cancelled", "slurm")
    require("stopped at once" not in logs, "a worker did not save: " + logs)
    require("stages are still to be computed" in logs, "the report does not say what is left: " + logs)
    require(os.path.exists(os.path.join(s.out("cancelled"), "studies/slurm/report/index.html")), "no report")
    text = s.status("cancelled")
    require(text.count("saved: mask-") == 2 and ", 0 running," in text, "not saved: " + text)
    require("slurm: jobs %s (workers) and %s (report) are gone" % jobs in text, text)
    s.wait_for_end(s.submit("slurm.cfg", "cancelled"))
    s.compare("cancelled")


def what_slurm_refuses_is_said_in_a_line(s):
    said = s.run("slurm.cfg", "refused", "--slurm", "--sbatch=--partition=nowhere", wanted=1).stderr
    lines = [line for line in said.splitlines() if line.startswith("coppice: ")]
    require(len(lines) == 1 and "Invalid partition name" in lines[0], said)
    require(not os.path.exists(os.path.join(s.out("refused"), "studies/slurm/slurm")), "left behind")
    require(s.cluster.ask("squeue", "-h") == "", "a job is there")


TESTS = [two_workers_give_the_bits_of_one_process, a_requeued_worker_goes_on,
         a_preempted_worker_goes_on,
         a_killed_job_costs_what_was_not_saved, a_killed_process_costs_its_stage_and_is_replaced,
         a_stage_longer_than_the_time_limit_gets_done, a_cancelled_study_is_reported_and_goes_on,
         what_slurm_refuses_is_said_in_a_line]


def run_tests(studies, wanted):
    studies.run("slurm.cfg", "whole")
    failed = 0
    for test in TESTS:
        if wanted and test.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            test(studies)
            print("%s: ok, %.0f s" % (test.__name__, time.monotonic() - began), flush=True)
        except (Failure, subprocess.SubprocessError) as failure:
            failed += 1
            print("%s: FAILED: %s" % (test.__name__, failure), flush=True)
            subprocess.run(["scancel", "--user=root"], env=studies.environment)
            studies.wait(lambda: studies.cluster.ask("squeue", "-h") == "", "the queue is empty")
    return failed


def main():
    if len(sys.argv) < 2:
        print("usage: slurm.py BUILD_DIR [TEST]...", file=sys.stderr)
        return 2
    reason = slurm_here.why_not()
    if reason is not None:
        print("Slurm is not tested: " + reason)
        return NO_SLURM
    directory = tempfile.mkdtemp(prefix="coppice-slurm-")
    os.mkdir(os.path.join(directory, "cluster"))
    cluster = slurm_here.Cluster(os.path.join(directory, "cluster"))
    try:
        cluster.start()
        failed = run_tests(Studies(os.path.abspath(sys.argv[1]), directory, cluster), sys.argv[2:])
        if failed:
            print(cluster.logs())
        return 1 if failed else 0
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
