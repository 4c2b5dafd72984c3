"""What the test programs share: TAP, a node of their own, HTTP, the command
line. What verifies a ledger's answers is in evidence.py.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.path.abspath(os.environ.get("BROLETTO_BUILD", "./build"))
NODE = os.path.join(BUILD, "node", "broletto-node")
CLI = os.path.join(BUILD, "cli", "broletto")
PATIENCE_S = 60  # for what takes far less: sanitizers and busy machines
TURN_S = 0.02


class Skip(Exception):
    """A case that this machine cannot run; the text says why."""


class Tap:
    """Numbered results. A case is a with block; what it raises fails it. The
    block may add to the case's name what it saw."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    @contextlib.contextmanager
    def case(self, name):
        self.count += 1
        seen = []
        try:
            yield seen.append
            told = ": " + "; ".join(seen) if seen else ""
            print(f"ok {self.count} - {name}{told}", flush=True)
        except Skip as why:
            print(f"ok {self.count} - {name} # SKIP {why}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            self.failed += 1
            print(f"not ok {self.count} - {name}", flush=True)
            last = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__}: {error} ({last.name}:{last.lineno})"
            print("# " + text.replace("\n", "\n# ")[:2000], flush=True)
            traceback.print_exc()

    def finish(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def check(condition, *told):
    """An assertion that also holds under python -O."""
    if not condition:
        raise AssertionError(" ".join(str(t) for t in told)[:1500])


def equal(got, wanted, *told):
    if got != wanted:
        if isinstance(got, list) and len(got) == len(wanted):
            differ = [i for i, (a, b) in enumerate(zip(got, wanted)) if a != b]
            told += (f"{len(differ)} differ, from {differ[0]}",)
            got, wanted = got[differ[0]], wanted[differ[0]]
        raise AssertionError(
            f"got {got!r:.600}, wanted {wanted!r:.600} "
            + " ".join(str(t) for t in told))


def poll(question, what, patience=PATIENCE_S):
    """The first true answer to a question, within the time."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"in vain for {patience} s: {what}")
        time.sleep(TURN_S)


@contextlib.contextmanager
def workspace():
    """A folder that goes away, with nobody's home or configuration in it."""
    folder = tempfile.mkdtemp(prefix="broletto-test-")
    os.environ["XDG_CONFIG_HOME"] = os.path.join(folder, "config")
    os.environ["HOME"] = folder
    for name in list(os.environ):
        if name.startswith("BROLETTO_") and name in (
                "BROLETTO_TOKEN", "BROLETTO_NODE", "BROLETTO_LISTEN"):
            del os.environ[name]
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---- HTTP -------------------------------------------------------------------


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.headers.get("Content-Type", "").split(";")[0]

    def problem(self):
        """The name and number of a problem document, checked for its form."""
        equal(self.type, "application/problem+json", self.body)
        doc = self.json()
        for key in ("type", "title", "status", "code", "detail", "remedy"):
            check(key in doc, "no", key, "in", doc)
        equal(doc["status"], self.status)
        return doc["type"].rsplit("/", 1)[1]

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Client:
    """One kept connection; reconnects when the server has closed it."""

    def __init__(self, port, token=None, timeout=PATIENCE_S):
        self.port = port
        self.token = token
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=timeout)

    def exchange(self, method, path, body, head):
        self.connection.request(method, path, body, head)
        r = self.connection.getresponse()
        return Answer(r.status, r.headers, r.read())

    def ask(self, method, path, body=None, kind=None, headers=None):
        head = dict(headers or {})
        if self.token is not None:
            head.setdefault("Authorization", "Bearer " + self.token)
        if kind is not None:
            head.setdefault("Content-Type", kind)
        try:
            return self.exchange(method, path, body, head)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            # Closed while it was idle; what writes is not sent twice.
            self.connection.close()
            if method not in ("GET", "HEAD"):
                raise
            return self.exchange(method, path, body, head)
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise

    def get(self, path, status=200):
        answer = self.ask("GET", path)
        equal(answer.status, status, path, answer)
        return answer

    def post(self, path, doc, status=None, headers=None):
        answer = self.ask("POST", path, json.dumps(doc), "application/json",
                          headers)
        if status is not None:
            equal(answer.status, status, path, answer)
        return answer

    def stamp(self, digest, alg="sha-256", status=None, query="", **more):
        doc = {"alg": alg, "digest": digest.hex()}
        doc.update(more)
        return self.post("/v1/notary/stamps" + query, doc, status)

    def batch(self, digests, alg="sha-256", more=""):
        """[(index, existing)] of digests stamped at once."""
        answer = self.ask("POST", f"/v1/notary/batches?alg={alg}{more}",
                          b"".join(digests), "application/octet-stream")
        equal(answer.status, 200, answer)
        equal(len(answer.body), 8 * len(digests))
        values = [int.from_bytes(answer.body[i:i + 8], "big")
                  for i in range(0, len(answer.body), 8)]
        return ([(v & (1 << 63) - 1, v >> 63 == 1) for v in values],
                int(answer.headers["Broletto-Size"]))

    def proofs(self, indexes):
        """The .tlog-proof texts of many leaves under one checkpoint."""
        body = b"".join(i.to_bytes(8, "big") for i in indexes)
        answer = self.ask("POST", "/v1/log/proofs", body,
                          "application/octet-stream")
        equal(answer.status, 200, answer)
        lines = [json.loads(x) for x in answer.body.splitlines()]
        equal([x["index"] for x in lines], list(indexes))
        return [x["tlog_proof"] for x in lines]

    def log(self):
        return self.get("/v1/log").json()

    def checkpoint(self):
        return self.get("/checkpoint").body.decode()

    def consistency(self, a, b):
        doc = self.get(f"/v1/log/consistency?from={a}&to={b}").json()
        equal((doc["from"], doc["to"]), (a, b))
        return [base64.b64decode(h) for h in doc["hashes"]]

    def close(self):
        self.connection.close()


# ---- a node -----------------------------------------------------------------


def cli(*args, **env):
    """Run the command line: its result, with text output."""
    return subprocess.run(
        [CLI, *args], env={**os.environ, **env}, capture_output=True,
        text=True, timeout=300, check=False, stdin=subprocess.DEVNULL)


def cli_ok(*args, **env):
    r = cli(*args, **env)
    equal(r.returncode, 0, args, r.stdout, r.stderr)
    return r


class Node:
    """A daemon of ours on a port of its own."""

    PROGRAM = NODE

    def __init__(self, data, **settings):
        self.data = data
        self.settings = settings  # BROLETTO_... of the environment
        self.listen = "127.0.0.1:0"
        self.process = None
        self.port = None
        self.log = data.rstrip("/") + ".log"

    @classmethod
    def make(cls, data, *options, **settings):
        cli_ok("node", "init", "--quiet", data, *options)
        return cls(data, **settings)

    def launch(self):
        """Start it and take its first line; "" when it ended instead."""
        env = {**os.environ, **{k: str(v) for k, v in self.settings.items()}}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.PROGRAM, "--data", self.data, "--listen", self.listen],
                env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        check(ready, "the node says nothing", self.last_words())
        return self.process.stdout.readline().decode().strip()

    def serve(self):
        """Start it; it need not be ready."""
        line = self.launch()
        if "serving http://" not in line:
            self.process.wait(PATIENCE_S)
            raise AssertionError("did not start: " + self.last_words())
        self.port = int(line.rsplit(":", 1)[1])
        return self

    def start(self):
        self.serve()
        poll(self.is_ready, "readyz: " + self.last_words())
        return self

    def is_ready(self):
        c = Client(self.port)
        try:
            return c.ask("GET", "/readyz").status == 200
        except (http.client.HTTPException, OSError):
            return False
        finally:
            c.close()

    def last_words(self):
        with open(self.log, "rb") as log:
            return log.read()[-1500:].decode(errors="replace")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, token=None, **more):
        return Client(self.port, token, **more)

    def token(self, scope="notary:stamp,notary:record,log:add", *more):
        return cli_ok("node", "token", "create", "--data", self.data,
                      "--scope", scope, *more).stdout.strip()

    def stop(self):
        """As systemd does; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.reap()

    def kill(self):
        self.process.kill()
        return self.reap()

    def reap(self):
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            self.process.wait()
            raise AssertionError("it did not stop: " + self.last_words()) \
                from error
        finally:
            self.process.stdout.close()
        self.process = None
        return code

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.reap()


def sha256(data):
    return hashlib.sha256(data).digest()
