"""A source of claims that a body asks: over http or TLS, strict about what it is
asked, and able to answer in every wrong way.

SPDX-License-Identifier: EUPL-1.2
"""

import datetime
import http.server
import ipaddress
import json
import os
import ssl
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat)

TOKEN = "registry-token-4711"
ADA = {"person": {"names": ["Ada"], "family/name": "Bianchi-Segreta"},
       "year": 3, "since": "2026-09-14", "fee": 15300.50, "meals": True,
       "tags": ["a", "b"], "never asked for": "left where it is"}
# What the claims of a type are called, and where they lie in that answer.
CLAIMS = [
    {"path": ["given_name"], "type": "string", "required": True,
     "from": "/person/names/0"},
    {"path": ["family_name"], "type": "string", "required": True,
     "from": "/person/family~1name"},
    {"path": ["school", "year"], "type": "integer", "from": "/year"},
    {"path": ["since"], "type": "date"},
    {"path": ["fee"], "type": "amount"},
    {"path": ["fee_not_over"], "type": "ladder", "of": ["fee"],
     "steps": [10000, 20000]},
    {"path": ["meals"], "type": "boolean"},
    {"path": ["tags"], "type": "strings"},
]


def changed(**members):
    return json.dumps({**ADA, **members})


# reference -> what goes wrong: (status, content type, body)
BODIES = {
    "nobody": (404, "application/json", "{}"),
    "refused": (403, "application/json", "{}"),
    "moved": (302, "application/json", "{}"),
    "created": (201, "application/json", json.dumps(ADA)),
    "html": (200, "text/html", "<p>Ada"),
    "almost-json": (200, "application/jsonp", json.dumps(ADA)),
    "cut": (200, "application/json", json.dumps(ADA)[:-5]),
    "twice": (200, "application/json", '{"year": 1, "year": 2}'),
    "latin": (200, "application/json", b'{"person": "\xe0"}'),
    "list": (200, "application/json", "[]"),
    "text-for-number": (200, "application/json", changed(fee="15300,50")),
    "three-decimals": (200, "application/json", changed(fee=1.234)),
    "no-date": (200, "application/json", changed(since="14/09/2026")),
    "no-name": (200, "application/json", changed(person={})),
    "large": (200, "application/json", changed(tags=["x" * 70000])),
    "deep": (200, "application/json", "[" * 200 + "]" * 200),
}
# Besides: "always-500", "once-503", "slow", "closed".


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reference(self):
        """Whom it is asked about; a question that is not exact is a 400."""
        registry = self.server.registry
        if self.command == "GET":
            prefix = "/people/"
            if not self.path.startswith(prefix) or "Content-Length" in self.headers:
                return None
            return urllib.parse.unquote(self.path[len(prefix):], errors="strict")
        doc = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = (self.path == "/people"
                and self.headers["Content-Type"] == "application/json"
                and sorted(doc) == ["reference", "type"]
                and doc["type"] == registry.kind)
        return doc["reference"] if good else None

    def answer(self):
        registry = self.server.registry
        reference = self.reference()
        registry.asked.append(reference)
        if reference is None or self.headers["Accept"] != "application/json":
            self.reply(400, "application/json", "{}")
        elif registry.token and self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.reply(401, "application/json", "{}")
        else:
            self.answer_about(reference, registry.moods.get(reference, reference))

    def answer_about(self, reference, mood):
        registry = self.server.registry
        if mood == "closed":
            self.close_connection = True
        elif mood == "slow":
            registry.released.wait(30)
            self.close_connection = True
        elif mood == "always-500" or (
                mood == "once-503" and registry.asked.count(reference) == 1):
            self.reply(503 if "503" in mood else 500, "text/plain", "oh")
        else:
            self.reply(*BODIES.get(
                mood, (200, "application/json; charset=utf-8",
                       json.dumps({**ADA, **registry.changes}))))

    do_GET = do_POST = answer

    def reply(self, status, kind, body):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", self.server.registry.url + "/people/x")
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a handshake that was refused


class Authority:
    """Certificates for one test, as files in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.sign(self.key.public_key(), name, None, True)
        self.pem = self.write("ca", self.root.public_bytes(Encoding.PEM))

    def write(self, what, content):
        path = os.path.join(self.folder, f"{self.name}-{what}.pem")
        with open(path, "wb") as f:
            f.write(content)
        os.chmod(path, 0o600)
        return path

    def sign(self, key, name, host, authority=False):
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)

        def named(text):
            return x509.Name([x509.NameAttribute(
                x509.oid.NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(
            named(self.name)).public_key(key).serial_number(
            x509.random_serial_number()).not_valid_before(
            now - day).not_valid_after(now + day).add_extension(
            x509.BasicConstraints(authority, None), True)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(host))]), False)
        return builder.sign(self.key, hashes.SHA256())

    def leaf(self, name, host=None):
        """(certificate's file, key's file)"""
        key = ec.generate_private_key(ec.SECP256R1())
        crt = self.sign(key.public_key(), name, host)
        return (self.write(name, crt.public_bytes(Encoding.PEM)),
                self.write(name + "-key", key.private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())))


class Registry:
    """asked: the references, in order. moods: reference -> one of the above, to
    which it answers as to that. changes: to what it says of everybody. tls:
    (certificate, key, CA of clients)."""

    def __init__(self, kind, token=True, tls=None):
        self.kind, self.token = kind, token
        self.asked = []
        self.moods = {}
        self.changes = {}
        self.released = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.registry = self
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls[0], tls[1])
            if tls[2]:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(tls[2])
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.05}).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def configure(self, data, **source):
        """The type of this registry, into a body's folder."""
        with open(os.path.join(data, "keys", "registry-token"), "w",
                  encoding="ascii") as f:
            f.write(TOKEN + "\n")
        os.chmod(f.name, 0o600)
        doc = {"id": self.kind, "display": [], "claims": CLAIMS,
               "source": {"kind": "http", "timeout_ms": 2000, "tries": 2,
                          "url": self.url + "/people/{reference}",
                          "token_file": "keys/registry-token", **source}}
        with open(os.path.join(data, "types", self.kind + ".json"), "w",
                  encoding="utf-8") as f:
            json.dump(doc, f)


def elapsed(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start
