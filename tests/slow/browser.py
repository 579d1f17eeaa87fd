"""A headless Chromium, driven over a pipe by the Chrome DevTools Protocol. Standard library only.

The browser reads messages from its file descriptor 3 and writes to 4, JSON that ends with a zero
byte. Whatever does not answer in time raises Silent, and close() leaves no process behind.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
         "--disable-extensions", "--disable-background-networking", "--disable-breakpad",
         "--disable-dev-shm-usage", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--no-default-browser-check"]
ANSWER_SECONDS = 60


class Silent(Exception):
    """The browser did not answer, or went away."""


class Refused(Exception):
    """The browser answered that it cannot, or the script within the page failed."""


def find():
    """The path of a Chromium; None: there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def high_pipe():
    """A pipe whose ends are above 9, so that making them 3 and 4 closes neither."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    """One process with its own profile, in a temporary folder that goes with it."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="coppice-browser-")
        self.buffer, self.events, self.last = b"", [], 0
        reads, self.to = high_pipe()
        self.of, writes = high_pipe()

        def take_3_and_4():
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [program, *FLAGS, "--user-data-dir=" + self.profile, "about:blank"],
            preexec_fn=take_3_and_4, pass_fds=(3, 4), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.profile, "LC_ALL": "C.UTF-8"})
        os.close(reads)
        os.close(writes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the browser with all its children: they are a process group of their own."""
        try:
            self.call("Browser.close", seconds=5)
            self.process.wait(timeout=5)
        except (Silent, Refused, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.to)
        os.close(self.of)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, until):
        """The next message; None: there is none before `until`."""
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.of], [], [], left)[0]:
                return None
            part = os.read(self.of, 1 << 20)
            if not part:
                raise Silent("the browser ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def write(self, data):
        """All of it; a browser that reads no more must not hold us."""
        while data:
            if not select.select([], [self.to], [], ANSWER_SECONDS)[1]:
                raise Silent("the browser does not read")
            data = data[os.write(self.to, data[:4096]):]

    def call(self, method, session=None, seconds=ANSWER_SECONDS, **params):
        """What a method of the protocol returns; events that come before it are kept."""
        self.last += 1
        request = {"id": self.last, "method": method, "params": params}
        if session is not None:
            request["sessionId"] = session
        try:
            self.write(json.dumps(request).encode() + b"\0")
        except BrokenPipeError as gone:
            raise Silent("the browser ended") from gone
        until = time.monotonic() + seconds
        while True:
            answer = self.message(until)
            if answer is None:
                raise Silent(f"no answer to {method} within {seconds} s")
            if answer.get("id") == self.last:
                break
            if "method" in answer:
                self.events.append(answer)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error'].get('message')}")
        return answer["result"]


class Tab:
    """A page of its own, with what it said, asked for and threw in `events`."""

    def __init__(self, browser):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.browser.call("Target.closeTarget", targetId=self.target)

    def call(self, method, **params):
        """A method of the protocol, of this page."""
        return self.browser.call(method, session=self.session, **params)

    def events(self, *methods):
        """The parameters of all events of these names so far."""
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] in methods]

    def load(self, address, seconds=60):
        """Opens an address and waits until it is all there."""
        before = len(self.events("Page.loadEventFired"))
        error = self.call("Page.navigate", url=address).get("errorText")
        if error:
            raise Refused(f"{address}: {error}")
        until = time.monotonic() + seconds
        while len(self.events("Page.loadEventFired")) == before:
            event = self.browser.message(until)
            if event is None:
                raise Silent(f"{address} did not load within {seconds} s")
            self.browser.events.append(event)

    def run(self, script):
        """The value of an expression within the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Refused(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def size(self, width, height=900, mobile=False):
        """Lays the page out for a screen of this many pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)

    def media(self, kind="", scheme="light"):
        """Lets the page believe that it is printed, or on a dark screen; "" is what it is."""
        self.call("Emulation.setEmulatedMedia", media=kind,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def click(self, x, y):
        """A click of the mouse at this place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code):
        """A key pressed and released."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code)
