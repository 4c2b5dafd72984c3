"""Programs that others wrote, as judges: fetched by their own clients at the
versions that stand in this folder, built below the build folder, run. A judge
that cannot be had here skips the cases that ask it, by name; one that is had
and does not build fails them.

SPDX-License-Identifier: EUPL-1.2
"""

import contextlib
import filecmp
import http.client
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import evidence as ev  # noqa: E402
from broletto_test import BUILD, Skip, equal  # noqa: E402

PLACE = os.path.join(BUILD, "interop")
PATIENCE_S = 600  # to fetch or build a judge
RUN_S = 120  # what a judge may take for an answer
# A Go since 1.21 fetches this newer one when a module asks for more than it is.
NEWER_GO = "go1.27.3"
# What go says when a module cannot be fetched, and not when it does not build.
UNREACHED = re.compile(r"https?://|GOPROXY|dial tcp")


def fetch(what, command, **more):
    """Run what needs a registry; a failure is a reason to skip."""
    try:
        r = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S,
            check=False, stdin=subprocess.DEVNULL, **more)
    except subprocess.TimeoutExpired:
        raise Skip(f"{what}: no answer in {PATIENCE_S} s") from None
    if r.returncode != 0:
        last = (r.stderr or r.stdout).strip().splitlines()[-1:]
        raise Skip(f"{what}: {' '.join(last)[:200]}")
    return r


class Judge:
    """Something fetched. It is made when the program begins, while the home
    folder is still the user's; why it cannot be had is told when it is asked.
    """

    def __init__(self):
        self.why = None
        try:
            self.make()
        except Exception as why:  # pylint: disable=broad-except
            self.why = why

    def make(self):
        raise NotImplementedError

    def need(self):
        """Skip the case, or fail it, if the judge cannot be had."""
        if self.why is not None:
            raise self.why

    def run(self, *command, given=None, **env):
        """The result of a program of the judge, with text output."""
        self.need()
        return subprocess.run(
            self.command(*command), input=given or "", capture_output=True,
            text=True, timeout=RUN_S, check=False, env={**os.environ, **env})

    def command(self, *words):
        raise NotImplementedError

    def ok(self, *command, **more):
        r = self.run(*command, **more)
        equal(r.returncode, 0, command, r.stdout[-500:], r.stderr[-1000:])
        return r

    def refuses(self, *command, said="", **more):
        """It must fail, and say why."""
        r = self.run(*command, **more)
        equal(r.returncode != 0, True, command, "was not refused:", r.stdout)
        if re.search(said, r.stderr + r.stdout) is None:
            raise AssertionError(f"refused, but not for {said!r}: {r.stderr}")
        return r


class Go(Judge):
    """Programs of a Go module of this folder; needs is the Go of its go.mod."""

    def __init__(self, folder, needs, *packages):
        self.folder = os.path.join(HERE, folder)
        self.needs = needs
        self.packages = packages
        self.bin = os.path.join(PLACE, folder)
        super().__init__()

    def make(self):
        go = shutil.which("go")
        if go is None:
            raise Skip("no go (package golang-go)")
        env = {**os.environ, "GOMODCACHE": os.path.join(PLACE, "go-modules"),
               "GOCACHE": os.path.join(PLACE, "go-cache"), "GOWORK": "off",
               "GOFLAGS": "-modcacherw -buildvcs=false", "CGO_ENABLED": "0"}
        said = subprocess.run(
            [go, "version"], capture_output=True, text=True, check=True,
            env={**env, "GOTOOLCHAIN": "local"}).stdout
        have = tuple(map(int, re.search(r"go(\d+)\.(\d+)", said).groups()))
        if have < self.needs:
            told = "go {}.{} is older than {}.{}".format(*have, *self.needs)
            if have < (1, 21):  # it cannot fetch another
                raise Skip(told)
            env["GOTOOLCHAIN"] = NEWER_GO
            fetch(told, [go, "version"], env=env)
        os.makedirs(self.bin, exist_ok=True)
        r = subprocess.run(
            [go, "build", "-o", self.bin + "/", *self.packages],
            cwd=self.folder, env=env, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False)
        if r.returncode != 0 and UNREACHED.search(r.stderr):
            raise Skip("Go modules: " + r.stderr.strip().splitlines()[-1][:200])
        equal(r.returncode, 0, r.stderr)

    def command(self, *words):
        return [os.path.join(self.bin, words[0]), *words[1:]]


class Python(Judge):
    """A virtual environment with the packages of python/NAME.txt; its programs
    are python/NAME.py."""

    def __init__(self, name):
        self.name = name
        self.wanted = os.path.join(HERE, "python", name + ".txt")
        self.place = os.path.join(PLACE, "python-" + name)
        super().__init__()

    def make(self):
        mark = os.path.join(self.place, "installed.txt")
        with open(self.wanted, encoding="utf-8") as f:
            wanted = f.read()
        if os.path.exists(mark):
            with open(mark, encoding="utf-8") as f:
                if f.read() == wanted:
                    return
        fetch("no virtual environment (package python3-venv)", [
            "/usr/bin/python3", "-m", "venv", "--clear", self.place])
        fetch("Python packages", [
            os.path.join(self.place, "bin", "pip"), "install", "--quiet",
            "--disable-pip-version-check", "--only-binary=:all:", "-r",
            self.wanted])
        with open(mark, "w", encoding="utf-8") as f:
            f.write(wanted)

    def command(self, *words):
        return [os.path.join(self.place, "bin", "python"), os.path.join(
            HERE, "python", self.name + ".py"), *words]


class Npm(Judge):
    """The packages of a folder with package-lock.json, and its judge.mjs."""

    def __init__(self, folder):
        self.folder = os.path.join(HERE, folder)
        self.place = os.path.join(PLACE, folder)
        super().__init__()

    def make(self):
        for program, package in (("node", "nodejs"), ("npm", "npm")):
            if shutil.which(program) is None:
                raise Skip(f"no {program} (package {package})")
        said = subprocess.run(["node", "--version"], capture_output=True,
                              text=True, check=True).stdout.strip()
        if int(said[1:].split(".")[0]) < 20:
            raise Skip(f"node {said} is older than 20")
        lock = os.path.join(self.place, "package-lock.json")
        ours = os.path.join(self.folder, "package-lock.json")
        done = os.path.join(self.place, "node_modules")
        if not os.path.isdir(done) or not filecmp.cmp(lock, ours, False):
            shutil.rmtree(self.place, ignore_errors=True)
            os.makedirs(self.place)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(os.path.join(self.folder, name), self.place)
            try:
                fetch("npm packages", [
                    "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                    cwd=self.place)
            except Skip:
                shutil.rmtree(done, ignore_errors=True)
                raise
        shutil.copy(os.path.join(self.folder, "judge.mjs"), self.place)

    def command(self, *words):
        return ["node", os.path.join(self.place, "judge.mjs"), *words]


@contextlib.contextmanager
def liar(port, change):
    """A server before ours that changes bodies: change(path, body) -> body.
    Its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        wbufsize = -1  # one write an answer: two would wait for each other
        disable_nagle_algorithm = True

        def do_GET(self):  # pylint: disable=invalid-name
            there = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            there.request("GET", self.path)
            answer = there.getresponse()
            body = change(self.path, answer.read())
            there.close()
            self.send_response(answer.status)
            for name in ("Content-Type", "Cache-Control"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    t = threading.Thread(target=server.serve_forever, args=(0.02,))
    t.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        t.join()
        server.server_close()


def flipped(body, at):
    bad = bytearray(body)
    bad[at] ^= 1
    return bytes(bad)


def verifier_key(name, kind, public):
    """C2SP signed-note: a verifier key; kind 1 a log's, 4 a witness's."""
    key = bytes([kind]) + public
    key_id = ev.sha256(name.encode() + b"\n" + key)[:4]
    return f"{name}+{key_id.hex()}+{ev.base64.b64encode(key).decode()}"
