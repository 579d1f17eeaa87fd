#!/usr/bin/env python3
"""tools/fetch-data: what it does with servers and files of our own, and without internet.

    test_fetch_data.py ROOT
"""
import contextlib
import hashlib
import http.server
import importlib.machinery
import importlib.util
import io
import os
import sys
import tarfile
import tempfile
import threading
import unittest

ROOT = sys.argv.pop(1)
loader = importlib.machinery.SourceFileLoader("fetch_data", os.path.join(ROOT, "tools", "fetch-data"))
fetch_data = importlib.util.module_from_spec(importlib.util.spec_from_loader("fetch_data", loader))
loader.exec_module(fetch_data)


def md5(data):
    return hashlib.md5(data).hexdigest()


def archive(*names, link=None):
    """A .tar.gz with a small file of each name, and a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
        if link:
            member = tarfile.TarInfo(link)
            member.type = tarfile.SYMTYPE
            member.linkname = "/etc/passwd"
            tar.addfile(member)
    return out.getvalue()


class Server:
    """Serves bytes on this machine; notes what ranges are asked for, and may stop after some bytes."""

    def __init__(self, data):
        self.data, self.ranges, self.stop_after = data, [], None
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                server.ranges.append(wanted)
                start = int(wanted[6:-1]) if wanted else 0
                if wanted and start >= len(server.data):
                    self.send_error(416)
                    return
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(len(server.data) - start))
                self.end_headers()
                self.wfile.write(server.data[start:server.stop_after])

            def log_message(self, *_):
                pass

        self.http = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, name):
        return "http://127.0.0.1:%d/%s" % (self.http.server_address[1], name)

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Fetch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.top = self.folder.name
        self.addCleanup(self.folder.cleanup)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def fetch(self, file, folder="set"):
        """The exit status and what it said of a set of this one file."""
        data = fetch_data.Set("A set", "1 B", folder, 'plugin = "it"; path = "%s";', [file])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = fetch_data.fetch(data, self.top)
        return status, out.getvalue() + err.getvalue()

    def serve(self, data):
        server = Server(data)
        self.addCleanup(server.close)
        return server

    def read(self, *names):
        with open(self.path(*names), "rb") as file:
            return file.read()

    def write(self, data, *names):
        os.makedirs(os.path.dirname(self.path(*names)), exist_ok=True)
        with open(self.path(*names), "wb") as file:
            file.write(data)

    def test_downloads_and_says_what_a_config_writes(self):
        server = self.serve(b"images")
        status, said = self.fetch(fetch_data.File([server.url("a.gz")], md5(b"images"), None))
        self.assertEqual(status, 0)
        self.assertEqual(self.read("set", "a.gz"), b"images")
        self.assertIn('dataset = { plugin = "it"; path = "%s"; };' % self.top, said)

    def test_what_is_there_is_checked_and_not_downloaded(self):
        self.write(b"images", "set", "a.gz")
        file = fetch_data.File(["file:///nowhere/a.gz"], md5(b"images"), None)
        self.assertEqual(self.fetch(file)[0], 0)
        self.write(b"others", "set", "a.gz")
        status, said = self.fetch(file)
        self.assertEqual(status, 1)
        self.assertIn("has md5 %s, wanted %s: refused" % (md5(b"others"), md5(b"images")), said)
        self.assertEqual(self.read("set", "a.gz"), b"others")

    def test_refuses_a_wrong_checksum_and_keeps_nothing(self):
        self.write(b"damaged", "server", "a.gz")
        url = "file://" + self.path("server", "a.gz")
        status, said = self.fetch(fetch_data.File([url], md5(b"images"), None))
        self.assertEqual(status, 1)
        self.assertIn("wanted %s: refused" % md5(b"images"), said)
        self.assertEqual(os.listdir(self.path("set")), [])

    def test_goes_on_where_it_was_stopped(self):
        data = bytes(range(256)) * 40
        server = self.serve(data)
        file = fetch_data.File([server.url("a.gz")], md5(data), None)
        server.stop_after = 3000
        status, said = self.fetch(file)
        self.assertEqual(status, 1)
        self.assertIn("3000", said)
        server.stop_after = None
        self.assertEqual(self.fetch(file)[0], 0)
        self.assertEqual(server.ranges, [None, "bytes=3000-"])
        self.assertEqual(self.read("set", "a.gz"), data)

    def test_a_part_that_is_whole_is_only_checked(self):
        server = self.serve(b"images")
        self.write(b"images", "set", "a.gz.part")
        self.assertEqual(self.fetch(fetch_data.File([server.url("a.gz")], md5(b"images"), None))[0], 0)
        self.assertEqual(os.listdir(self.path("set")), ["a.gz"])

    def test_tries_the_next_url(self):
        server = self.serve(b"images")
        urls = ["file:///nowhere/a.gz", server.url("b.gz")]
        self.assertEqual(self.fetch(fetch_data.File(urls, md5(b"images"), None))[0], 0)
        self.assertEqual(os.listdir(self.path("set")), ["a.gz"])

    def test_unpacks_an_archive_once(self):
        data = archive("bin/a.bin", "bin/deeper/b.bin")
        server = self.serve(data)
        file = fetch_data.File([server.url("a.tar.gz")], md5(data), "bin")
        os.makedirs(self.path(".bin.unpacking", "rest")) # of one that was stopped
        for _ in range(2):
            self.assertEqual(self.fetch(file, "")[0], 0)
            self.assertEqual(self.read("bin", "deeper", "b.bin"), b"bin/deeper/b.bin")
        self.assertEqual(len(server.ranges), 1)
        self.assertEqual(sorted(os.listdir(self.top)), ["a.tar.gz", "bin"])

    def test_refuses_an_archive_that_writes_elsewhere(self):
        for data in (archive("bin/a.bin", "../b.bin"), archive("bin/../../b.bin"), archive("/b.bin"),
                     archive("other/b.bin"), archive("bin/a.bin", link="bin/link")):
            self.write(data, "a.tar.gz")
            status, said = self.fetch(fetch_data.File(["file:///nowhere/a.tar.gz"], md5(data), "bin"), "")
            self.assertEqual(status, 1)
            self.assertIn("which is not below bin/: refused", said)
            self.assertEqual(os.listdir(self.top), ["a.tar.gz"])

    def test_without_internet_it_says_what_to_put_where(self):
        file = fetch_data.File(["http://127.0.0.1:9/x/a.gz"], md5(b"images"), None)
        status, said = self.fetch(file)
        self.assertEqual(status, 1)
        self.assertIn("put the files in %s" % self.path("set"), said)
        self.assertIn("http://127.0.0.1:9/x/a.gz  (md5 %s)" % md5(b"images"), said)

    def test_knows_its_sets_and_no_others(self):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.assertEqual(fetch_data.main(["--list"]), 0)
            self.assertEqual(fetch_data.main(["nowhere"]), 2)
            self.assertEqual(fetch_data.main([]), 2)
        for name in ("cifar10", "cifar100", "mnist", "fashion-mnist", "kmnist", "svhn", "imagenette"):
            self.assertIn(name, out.getvalue())
            for file in fetch_data.SETS[name].files:
                self.assertRegex(file.md5, "^[0-9a-f]{32}$")


if __name__ == "__main__":
    unittest.main()
