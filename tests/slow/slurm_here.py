"""A Slurm of the test's own on this machine: configured in a directory, started, and stopped again.

It has its own keys, sockets and ports, so that neither a Slurm nor a munge of the machine is touched.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo"]


def why_not():
    """Why there can be no cluster here; None: there can."""
    missing = [name for name in PROGRAMS if find(name) is None]
    if missing:
        return "no %s (Debian: slurm-wlm, slurm-wlm-basic-plugins, munge)" % ", ".join(missing)
    if os.geteuid() != 0:
        return "the daemons of Slurm want root"
    return None


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    """Two nodes of one core. `environment` is what commands that use it are started with."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = []
        self.environment = dict(os.environ, SLURM_CONF=os.path.join(directory, "slurm.conf"))

    def start(self):
        # What its daemons leave becomes ours to wait for, as on some machines nobody else does.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.configure()
        munge = os.path.join(self.directory, "munge")
        self.spawn("munged", "--foreground", "--force", "--key-file=%s/key" % munge,
                   "--socket=%s/socket" % munge, "--pid-file=%s/pid" % munge,
                   "--log-file=%s/log" % munge, "--seed-file=%s/seed" % munge)
        self.wait_for(lambda: os.path.exists(munge + "/socket"), "munged listens")
        self.spawn("slurmctld", "-D")
        for node in ("n1", "n2"):
            self.spawn("slurmd", "-D", "-N", node)
        self.wait_for(lambda: self.ask("sinfo", "-h", "-o", "%T %D") == "idle 2", "both nodes are idle")

    def configure(self):
        with open(os.path.join(os.path.dirname(__file__), "slurm.conf.in")) as file:
            text = file.read()
        controller, node1, node2 = free_ports(3)
        host = socket.gethostname().split(".")[0]
        for name, value in (("HOST", host), ("DIR", self.directory), ("CONTROLLER", controller),
                            ("NODE1", node1), ("NODE2", node2)):
            text = text.replace("@%s@" % name, str(value))
        with open(self.environment["SLURM_CONF"], "w") as file:
            file.write(text)
        for name in ("state", "run", "spool.n1", "spool.n2", "munge"):
            os.mkdir(os.path.join(self.directory, name), 0o755)
        with open(os.open(self.directory + "/munge/key", os.O_WRONLY | os.O_CREAT, 0o400), "wb") as file:
            file.write(os.urandom(256))

    def spawn(self, name, *words):
        with open(os.path.join(self.directory, name + ".out"), "ab") as log:
            self.processes.append(subprocess.Popen([find(name), *words], env=self.environment,
                                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                   start_new_session=True))

    def ask(self, *words):
        """What one of its commands says on standard output, in one line."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def wait_for(self, test, what, seconds=60):
        end = time.monotonic() + seconds
        while not test():
            dead = [p.args[0] for p in self.processes if p.poll() is not None]
            if dead or time.monotonic() > end:
                raise RuntimeError("not within %d s: %s%s\n%s" % (
                    seconds, what, "; ended: " + ", ".join(dead) if dead else "", self.logs()))
            time.sleep(0.25)

    def logs(self):
        lines = []
        for name in sorted(os.listdir(self.directory)):
            if name.endswith((".log", ".out")):
                with open(os.path.join(self.directory, name), errors="replace") as file:
                    lines += ["%s: %s" % (name, line.rstrip()) for line in file.readlines()[-8:]]
        return "\n".join(lines)

    def stop(self):
        """Ends its jobs, then its daemons, the last one first."""
        if self.processes:
            subprocess.run(["scancel", "--user=root"], env=self.environment, capture_output=True,
                           timeout=60)
            subprocess.run(["scancel", "--signal=KILL", "--full", "--user=root"], env=self.environment,
                           capture_output=True, timeout=60)
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []
        reap()


def reap(seconds=30):
    """Waits for all children that there still are."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.1)
        except ChildProcessError:
            return
