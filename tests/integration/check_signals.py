#!/usr/bin/env python3
"""Signals to a study: one Ctrl-C saves and says how to go on, two end it; SIGTERM and a closed
terminal end it within seconds whatever a step is doing; a reader that is gone costs nothing.

    check_signals.py BUILD_DIR [--long] [--seed N]
"""

import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import storm  # noqa: E402

INTERRUPTED = 130
SOON = 2.0      # seconds that an end at once takes at most
SECONDS = 12.0  # that one within seconds takes, of which a step has five

ENDLESS = """study   = { name = "endless"; seeds = [0]; copies = 1; threads = 1; };
dataset = { plugin = "shapes"; train_size = 60; test_size = 40; };
ticket  = { model  = { plugin = "convnet"; depth = 1; width = 4; };
            phases = ( { pruner = { plugin = "endless_step"; }; rounds = 1; } ); };
train   = { recipe = "sgd"; duration = "1ep"; batch = 32; };
"""


def timed_end(run, seconds):
    """The end, which must come within so many seconds from now; and nobody stays behind."""
    workers = run.workers()
    ended = run.end(seconds)
    limit = time.monotonic() + SOON
    while any(os.path.exists(f"/proc/{pid}") and is_alive(pid) for pid in workers):
        storm.check(time.monotonic() < limit, f"workers stay behind:\n{ended.text}")
        time.sleep(0.01)
    return ended


def is_alive(pid):
    """Whether the process is more than a name that nobody has asked for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def cut_once(scene, out, chance, jobs, number):
    """A run that was stopped by that signal with work left; what it said."""
    for attempt in range(30):
        run = scene.start_study(out, "--jobs", jobs)
        run.wait_for("stages, ")
        time.sleep(chance.uniform(0, 0.5) / (1 + attempt / 5))
        storm.send(run.process.pid, number)
        ended = run.end(SECONDS)
        if ended.status == INTERRUPTED and "resume with" in ended.text:
            return ended
        ended.must(0, INTERRUPTED)  # it was done, or not yet at work
        if ended.status == 0:
            shutil.rmtree(out)
    raise storm.Failure(f"no run was interrupted by {number.name}")


def resume_line(text):
    """The command that was said to go on with."""
    found = re.findall(r"^interrupted; resume with: (.*)$", text, re.M)
    storm.check(len(found) == 1, f"said {len(found)} times how to resume:\n{text}")
    return found[0]


def resume(scene, line):
    """Runs the very line in a shell."""
    environment = {**os.environ, **scene.environment,
                   "PATH": f"{scene.build}:{os.environ['PATH']}"}
    done = subprocess.run(line, shell=True, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=storm.SECONDS, check=False)
    storm.check(done.returncode == 0, f"{line}: exit status {done.returncode}\n{done.stderr}")


def must_be_whole(scene, out):
    """The results of the study that nobody disturbed."""
    storm.must_be_alike(scene.whole(), out)
    storm.must_be_clean(out)
    shutil.rmtree(out)


def one_signal_saves_and_says_how_to_resume(scene, chance):
    """The line that is said, run verbatim, ends with the same bits."""
    out = scene.dir / "it's cut"  # a name that a shell must be told of
    for jobs in (1, 2):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            resume(scene, resume_line(cut_once(scene, out, chance, jobs, number).text))
            must_be_whole(scene, out)


def start_endless(scene, jobs, name="endless"):
    """A run that is at a step which never ends."""
    plugins = scene.dir / "plugins"
    out = scene.dir / name
    shutil.rmtree(out, ignore_errors=True)
    if not plugins.exists():
        plugins.mkdir()
        fixtures = scene.build / "tests" / "fixtures" / "plugins"
        (plugins / "endless_step.so").symlink_to(fixtures / "endless_step.so")
        (scene.dir / "endless.cfg").write_text(ENDLESS, encoding="utf-8")
    run = scene.start("run", scene.dir / "endless.cfg", "--out", out, "--plugin-dir", plugins,
                      "--jobs", jobs)
    limit = time.monotonic() + storm.SECONDS
    while not list((out / "work").glob("mask-*.lease")):
        storm.check(time.monotonic() < limit, f"never at the step:\n{run.text()}")
        time.sleep(0.01)
    time.sleep(1)  # from the lease to the step
    return run


def a_second_signal_ends_it_at_once(scene, _):
    """With and without workers, which end too."""
    for jobs in (1, 2):
        run = start_endless(scene, jobs)
        storm.send(run.process.pid, signal.SIGINT)
        run.wait_for("stopping after this step")
        time.sleep(0.5)
        storm.check(run.process.poll() is None, "the first signal ended it")
        storm.send(run.process.pid, signal.SIGINT)
        timed_end(run, SOON).must(INTERRUPTED).must_say("stopped at once", "resume with: ")


def a_step_that_never_ends_has_seconds(scene, _):
    """After SIGTERM and SIGHUP, in a run, and in a worker that joined one; all at a time."""
    left = start_endless(scene, 1, "joined")
    left.kill_group()
    left.end(SECONDS)
    cases = [(jobs, number) for jobs in (1, 2) for number in (signal.SIGTERM, signal.SIGHUP)]
    runs = [(start_endless(scene, jobs, f"endless-{jobs}-{number}"), number)
            for jobs, number in cases]
    worker = scene.start("work", scene.dir / "joined", "--plugin-dir", scene.dir / "plugins")
    worker.wait_for("prune round 1")
    for run, number in runs + [(worker, signal.SIGTERM)]:
        storm.send(run.process.pid, number)
    for run, _ in runs:
        timed_end(run, SECONDS).must(INTERRUPTED).must_say("resume with: ")
    worker.end(SECONDS).must(INTERRUPTED).must_say("nothing ended within 5 s",
                                                   "resume with: coppice work ")


def has_terminals():
    """Whether /dev/pts is there; a bare chroot lacks it."""
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:
        return False
    return True


def start_on_terminal(scene, out, jobs):
    """A run that a terminal of its own controls, as in a window; gives the terminal too."""
    master, slave = pty.openpty()

    def take_terminal():
        os.close(master)
        os.setsid()
        os.close(os.open(os.ttyname(slave), os.O_RDWR))  # now it controls this session

    command = [str(scene.command), "run", str(scene.config), "--out", str(out), "--jobs", str(jobs)]
    process = subprocess.Popen(command, env={**os.environ, **scene.environment}, stdin=slave,
                               stdout=slave, stderr=slave, preexec_fn=take_terminal)
    os.close(slave)
    return process, master


def read_until(master, part):
    """What the terminal shows, until this; all of it where it ends first."""
    shown = b""
    while part is None or part not in shown:
        try:
            got = os.read(master, 4096)
        except OSError:
            break
        if not got:
            break
        shown += got
    return shown.decode("utf-8", "replace")


def keys_and_windows_of_a_terminal(scene, chance):
    """Ctrl-C goes to the whole group of processes; a window that is closed hangs up on it."""
    out = scene.dir / "cut"
    if not has_terminals():
        print("no pseudo-terminals here: not tried")
        return
    for jobs in (1, 2):
        for is_key in (True, False):
            is_cut = False
            while not is_cut:
                process, master = start_on_terminal(scene, out, jobs)
                shown = read_until(master, b"stages, ")
                time.sleep(chance.uniform(0, 0.2))
                if is_key:
                    os.write(master, b"\x03")
                    shown += read_until(master, None)
                os.close(master)
                status = process.wait(SECONDS)
                storm.check(status in (0, INTERRUPTED), f"exit status {status}: {shown}")
                is_cut = status == INTERRUPTED
                if not is_cut:
                    shutil.rmtree(out)
                elif is_key:
                    storm.check("resume with: " in shown, f"no word on how to resume: {shown}")
            scene.study(out, "--jobs", jobs).must(0)
            must_be_whole(scene, out)


def a_window_that_is_closed_does_not_end_what_nohup_started(scene, _):
    """It goes on to its end."""
    out = scene.dir / "cut"
    run = scene.start_study(out, "--jobs", 2,
                            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.wait_for("stages, ")
    storm.send(run.process.pid, signal.SIGHUP)
    run.end().must(0)
    must_be_whole(scene, out)


def a_reader_that_is_gone_costs_nothing(scene, _):
    """As `2>&1 | head -1` leaves: all is done, and that the table was not read is a failure, or
    the end by SIGPIPE that other programs have there."""
    out = scene.dir / "cut"
    for jobs in (1, 2):
        reader, writer = os.pipe()
        run = scene.start_study(out, "--jobs", jobs, stdout=writer, stderr=writer)
        os.close(writer)
        os.read(reader, 100)
        os.close(reader)
        run.end().must(1, 128 + signal.SIGPIPE)
        must_be_whole(scene, out)


def a_quit_dumps_as_ever(scene, _):
    """SIGQUIT is nobody's but the kernel's; what was saved is gone on with."""
    out = scene.dir / "cut"
    run = scene.start_study(out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    run.wait_for("stages, ")
    storm.send(run.process.pid, signal.SIGQUIT)
    run.end().must(128 + signal.SIGQUIT, 0)
    scene.study(out).must(0)
    must_be_whole(scene, out)


def an_interrupt_gives_a_worker_its_step(scene, _):
    """However long that takes: here a worker that is held for longer than SIGTERM gives."""
    out = scene.dir / "cut"
    while True:
        run = scene.start_study(out, "--jobs", 2)
        run.wait_for("1: ")
        workers = run.workers()
        for pid in workers:
            storm.send(pid, signal.SIGSTOP)
        storm.send(run.process.pid, signal.SIGINT)
        time.sleep(6.5)
        storm.check(run.process.poll() is None, "the run did not wait for its workers")
        for pid in workers:
            storm.send(pid, signal.SIGCONT)
        ended = run.end(SECONDS).must_not_say("nothing ended within")
        if ended.must(0, INTERRUPTED).status == INTERRUPTED:
            break
        shutil.rmtree(out)
    scene.study(out, "--jobs", 2).must(0)
    must_be_whole(scene, out)


TESTS = [one_signal_saves_and_says_how_to_resume, a_second_signal_ends_it_at_once,
         a_step_that_never_ends_has_seconds, keys_and_windows_of_a_terminal,
         a_window_that_is_closed_does_not_end_what_nohup_started,
         a_reader_that_is_gone_costs_nothing, a_quit_dumps_as_ever]
LONG = [an_interrupt_gives_a_worker_its_step]


def test(scene, arguments, chance):
    """All of them, or with --long those that take long too."""
    for one in TESTS + (LONG if arguments.long else []):
        began = time.monotonic()
        one(scene, chance)
        print(f"{one.__name__}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    storm.main(test, lambda parser: parser.add_argument("--long", action="store_true"))
