"""A strict holder and a verifier of the tests' own, written from OpenID4VP 1.0:
they take the other side against ours, and do wrong on purpose.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import datetime
import hashlib
import http.server
import json
import os
import secrets
import threading
import time
import urllib.parse
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from broletto_test import check, cli, cli_ok, equal
from openid4vc import (
    FORM, Key, Orchestrator, Wallet, b64, free_port, jwe_decrypt, jwe_encrypt,
    jws_read, jws_verify, strict_json, unb64, verify_x5c)

REQUEST_TYPE = "application/oauth-authz-req+jwt"


# ---- a body under a name, as certificates have it -----------------------------


class Body(Orchestrator):
    """Its address is http://localhost."""

    @classmethod
    def make(cls, data, *options, **settings):
        port = free_port()
        cli_ok("orchestrator", "init", "--quiet", data, "--public-url",
               f"http://localhost:{port}", *options)
        body = cls(data, **settings)
        body.listen = f"127.0.0.1:{port}"
        return body

    @property
    def url(self):
        return f"http://localhost:{self.port}"


# ---- an authority, for issuers and verifiers of the tests ---------------------


class Authority:
    """A root that signs leaves."""

    def __init__(self, name="Test root"):
        self.key = Key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = self.certify(self.key, self.name, None, authority=True)

    def certify(self, key, subject, names, authority=False, days=30):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(subject)
            .issuer_name(self.name).public_key(key.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(x509.KeyUsage(
                not authority, False, False, False, False, authority, authority,
                False, False), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self.key.private.public_key()), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                key.private.public_key()), False))
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), False)
        return builder.sign(self.key.private, hashes.SHA256())

    def leaf(self, name, dns="localhost", identifier=None, email=None):
        """(key, x5c, DER)"""
        key = Key()
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                   x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if identifier:
            subject.append(x509.NameAttribute(
                NameOID.ORGANIZATION_IDENTIFIER, identifier))
        names = [x509.DNSName(dns)] if dns else []
        if email:
            names.append(x509.RFC822Name(email))
        der = self.certify(key, x509.Name(subject), names).public_bytes(
            serialization.Encoding.DER)
        return key, [base64.b64encode(der).decode()], der

    def write(self, path):
        with open(path, "ab") as f:
            f.write(self.root.public_bytes(serialization.Encoding.PEM))


class Issuer:
    """Makes any credential that is wanted, under an authority."""

    def __init__(self, authority):
        self.key, self.x5c, _ = authority.leaf("Test issuer")

    def issue(self, holder, vct, disclosable, header=None, **claims):
        """(text of an SD-JWT VC, holder's key)"""
        disclosures = [
            b64(json.dumps([b64(secrets.token_bytes(16)), k, v]).encode())
            for k, v in disclosable.items()]
        payload = {
            "vct": vct, "iat": int(time.time()), "_sd_alg": "sha-256",
            "cnf": {"jwk": holder.jwk},
            "_sd": sorted(b64(hashlib.sha256(d.encode()).digest())
                          for d in disclosures), **claims}
        payload = {k: v for k, v in payload.items() if v is not None}
        head = {"typ": "dc+sd-jwt", "alg": "ES256", "x5c": self.x5c,
                **(header or {})}
        return "~".join([self.key.sign(head, payload), *disclosures, ""])

    def status_list(self, uri, values, bits=2, header=None, **claims):
        per = 8 // bits
        data = bytearray((max(len(values), 64) + per - 1) // per)
        for i, v in enumerate(values):
            data[i // per] |= v << (i % per * bits)
        payload = {"sub": uri, "iat": int(time.time()),
                   "exp": int(time.time()) + 600, "ttl": 60,
                   "status_list": {"bits": bits,
                                   "lst": b64(zlib.compress(bytes(data)))},
                   **claims}
        head = {"typ": "statuslist+jwt", "alg": "ES256", "x5c": self.x5c,
                **(header or {})}
        return self.key.sign(head, payload)


# ---- a holder -------------------------------------------------------------------


class Receiver(Wallet):
    """The wallet of openid4vc.py, which keeps the keys of what it received."""

    keys = None

    def take(self, doc, keys):
        self.keys = keys
        return super().take(doc, keys)


def names_of(text):
    """Disclosures by the name of their claim."""
    found = {}
    for d in text.split("~")[1:-1]:
        parts = strict_json(unb64(d))
        if len(parts) == 3:
            found[parts[1]] = d
    return found


def present(text, key, request, names, kb=None, header=None, binding=True,
            extra=()):
    """A presentation: these disclosures, bound for this request; kb overrides
    members of the binding, None removes them."""
    by_name = names_of(text)
    shown = "~".join([text.split("~")[0], *(by_name[n] for n in names),
                      *extra, ""])
    if not binding:
        return shown
    claims = {"iat": int(time.time()), "aud": request["client_id"],
              "nonce": request["nonce"],
              "sd_hash": b64(hashlib.sha256(shown.encode()).digest())}
    if "transaction_data" in request:
        claims["transaction_data_hashes"] = [
            b64(hashlib.sha256(t.encode()).digest())
            for t in request["transaction_data"]]
    claims.update(kb or {})
    head = {"typ": "kb+jwt", "alg": "ES256", **(header or {})}
    return shown + key.sign(
        head, {k: v for k, v in claims.items() if v is not None})


class Asked:
    """A request of our verifier, as a wallet meets it."""

    def __init__(self, body, query, *options):
        path = os.path.join(os.path.dirname(body.data), "query.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(query, f)
        made = strict_json(cli_ok("verifier", "request", "--dcql", path,
                                  "--data", body.data, "--json", *options).stdout)
        self.body = body
        self.http = body.client()
        self.id = made["id"]
        self.link = made["request"]
        scheme, _, text = self.link.partition("://?")
        equal(scheme, "openid4vp")
        self.fields = {k: v[0] for k, v in urllib.parse.parse_qs(
            text, strict_parsing=True).items()}
        equal(self.fields["client_id"], made["client_id"])
        self.path = f"/vp/requests/{self.id}"
        self.answer_path = f"/vp/responses/{self.id}"
        self.request = None

    def fetch(self, form=None):
        """The raw answer at request_uri."""
        equal(self.fields["request_uri"], self.body.url + self.path)
        if form is None:
            return self.http.ask("GET", self.path)
        return self.http.ask("POST", self.path, urllib.parse.urlencode(form),
                             FORM)

    def open(self, form=None):
        """The request, verified, whichever prefix it has."""
        if "request_uri" not in self.fields:
            self.request = {
                k: strict_json(v) if v[0] in "[{" else v
                for k, v in self.fields.items()}
            return self
        answer = self.fetch(form)
        equal(answer.status, 200, answer)
        equal(answer.type, REQUEST_TYPE)
        token = answer.body.decode()
        header, claims = jws_read(token)
        equal(header["typ"], "oauth-authz-req+jwt")
        client = claims["client_id"]
        equal(client, self.fields["client_id"])
        if client.startswith("x509_"):
            verify_x5c(token, self.body.root, "oauth-authz-req+jwt")
            der = base64.b64decode(header["x5c"][0])
        if client.startswith("x509_hash:"):
            equal(client, "x509_hash:" + b64(hashlib.sha256(der).digest()))
        elif client.startswith("x509_san_dns:"):
            names = x509.load_der_x509_certificate(der).extensions \
                .get_extension_for_class(x509.SubjectAlternativeName).value
            check(client[13:] in names.get_values_for_type(x509.DNSName))
        equal(claims["aud"], "https://self-issued.me/v2")
        equal(claims["response_type"], "vp_token")
        check(len(claims["nonce"]) >= 43 and len(claims["state"]) >= 43)
        self.request = claims
        return self

    @property
    def jwk(self):
        keys = self.request["client_metadata"]["jwks"]["keys"]
        equal(len(keys), 1)
        equal((keys[0]["alg"], keys[0]["use"], keys[0]["crv"]),
              ("ECDH-ES", "enc", "P-256"))
        return keys[0]

    def form(self, token, state=True, enc="A256GCM", jwk=None, **more):
        """What is posted for a vp_token."""
        state = self.request["state"] if state is True else state
        if self.request["response_mode"] == "direct_post":
            fields = {"vp_token": json.dumps(token), "state": state}
            return {k: v for k, v in fields.items() if v is not None}
        doc = {"vp_token": token, "state": state}
        doc = {k: v for k, v in doc.items() if v is not None}
        return {"response": jwe_encrypt(
            jwk or self.jwk, json.dumps(doc).encode(), enc, **more)}

    def post(self, form):
        body = form if isinstance(form, (str, bytes)) \
            else urllib.parse.urlencode(form)
        return self.http.ask("POST", self.answer_path, body, FORM)

    def answer(self, token, **more):
        return self.post(self.form(token, **more))

    def result(self, *options):
        return strict_json(cli_ok("verifier", "result", self.id, "--data",
                                  self.body.data, "--json", *options).stdout)

    def phase(self):
        return strict_json(self.http.get(self.path + "/status").body)["phase"]


# ---- a verifier -----------------------------------------------------------------


class Verifier:
    """Serves what it is told to, on a port of its own, and keeps what comes."""

    def __init__(self, authority, dns="localhost", **more):
        self.key, self.x5c, der = authority.leaf("Test verifier", dns, **more)
        self.client_id = "x509_hash:" + b64(hashlib.sha256(der).digest())
        self.sealing = Key()
        self.posts = []
        self.pages = {}  # path -> (status, type, body, headers)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, page):
                status, kind, body, headers = page
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for k, v in headers.items():
                    self.send_header(k, v)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):  # pylint: disable=invalid-name
                page = owner.pages.get(self.path)
                if callable(page):
                    page = page({})
                self.reply(page or (404, "text/plain", b"", {}))

            def do_POST(self):  # pylint: disable=invalid-name
                size = int(self.headers.get("Content-Length", 0))
                form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
                owner.posts.append((self.path, form))
                page = owner.pages.get(self.path)
                if callable(page):
                    page = page(form)
                self.reply(page or (200, "application/json", b"{}", {}))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def claims(self, query, **more):
        """A good request; members override, None removes."""
        doc = {
            "client_id": self.client_id, "aud": "https://self-issued.me/v2",
            "response_type": "vp_token", "response_mode": "direct_post.jwt",
            "response_uri": self.url + "/post",
            "nonce": secrets.token_urlsafe(32), "state": secrets.token_urlsafe(32),
            "iat": int(time.time()), "exp": int(time.time()) + 300,
            "purpose": "a test", "dcql_query": query,
            "client_metadata": {
                "jwks": {"keys": [{**self.sealing.jwk, "kid": "k1", "use": "enc",
                                   "alg": "ECDH-ES"}]},
                "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
                "vp_formats_supported": {"dc+sd-jwt": {
                    "sd-jwt_alg_values": ["ES256"],
                    "kb-jwt_alg_values": ["ES256"]}}}}
        doc.update(more)
        return {k: v for k, v in doc.items() if v is not None}

    def sign(self, claims, header=None, key=None):
        head = {"typ": "oauth-authz-req+jwt", "alg": "ES256", "x5c": self.x5c,
                **(header or {})}
        return (key or self.key).sign(
            {k: v for k, v in head.items() if v is not None}, claims)

    def serve(self, token, kind=REQUEST_TYPE, status=200, headers=None):
        """The link of a request that is served once for all."""
        self.pages["/r"] = (status, kind, token.encode(), headers or {})
        return self.link()

    def link(self, client_id=None, uri=None, method=None):
        fields = {"client_id": client_id or self.client_id,
                  "request_uri": uri or self.url + "/r"}
        if method:
            fields["request_uri_method"] = method
        return "openid4vp://?" + urllib.parse.urlencode(fields)

    def open(self, form):
        """The claims of an encrypted answer."""
        text, header = jwe_decrypt(form["response"], self.sealing)
        equal((header["kid"], header["enc"]), ("k1", "A256GCM"))
        return strict_json(text)


def check_presentation(text, request, root):
    """As a verifier does: issuer, disclosures, holder. The disclosed claims by
    name."""
    jwt, *disclosures, kb = text.split("~")
    payload = verify_x5c(jwt, root, "dc+sd-jwt")
    bound = text[:-len(kb)]
    holder = payload["cnf"]["jwk"]
    numbers = Key.__new__(Key)
    numbers.jwk = holder
    from openid4vc import public_key  # the holder's, of cnf
    header, claims = jws_verify(kb, public_key(holder))
    equal(header["typ"], "kb+jwt")
    equal(claims["aud"], request["client_id"])
    equal(claims["nonce"], request["nonce"])
    equal(claims["sd_hash"], b64(hashlib.sha256(bound.encode()).digest()))
    check(abs(claims["iat"] - time.time()) < 60)
    opened = [strict_json(unb64(d)) for d in disclosures]
    return {d[1]: d[2] for d in opened}, claims


def wallet_present(vault, link, *options, code=0):
    """Our wallet, on the command line."""
    r = cli("wallet", "present", link, "--vault", vault, *options)
    equal(r.returncode, code, r.stderr)
    return r
