"""An issuer of the tests' own: strict with the wallet that asks it, and able to
misbehave in each way that a wallet must notice.

A test puts functions into `spoil`: they change what the issuer is about to say.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import datetime
import hashlib
import http.server
import json
import secrets
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from broletto_test import check, equal
from openid4vc import (
    FORM, PRE_AUTHORIZED, Key, b64, jws_read, jws_verify, public_key,
    strict_json)

MONTH = datetime.timedelta(days=30)
CLAIMS = {"given_name": "Ada", "family_name": "Zx-Segretissima",
          "isee_not_over": {"15000": False, "20000": True}}


class Authority:
    """A root, and certificates under it."""

    def __init__(self, name="Test root"):
        self.key = Key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = self.build(self.name, self.key, True)

    def build(self, subject, key, ca, days=30):
        now = datetime.datetime.now(datetime.timezone.utc)
        ends = now + datetime.timedelta(days=days)
        usage = {n: False for n in (
            "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "encipher_only", "decipher_only")}
        return (x509.CertificateBuilder()
                .subject_name(subject).issuer_name(self.name)
                .public_key(key.private.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - MONTH).not_valid_after(ends)
                .add_extension(x509.BasicConstraints(ca, None), True)
                .add_extension(x509.KeyUsage(
                    digital_signature=not ca, key_cert_sign=ca, crl_sign=ca,
                    **usage), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                    key.private.public_key()), False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(
                        self.key.private.public_key()), False)
                .sign(self.key.private, hashes.SHA256()))

    def leaf(self, key, **more):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuer")])
        return self.build(subject, key, False, **more)

    @property
    def pem(self):
        return self.root.public_bytes(serialization.Encoding.PEM)


def der64(certificate):
    return base64.b64encode(
        certificate.public_bytes(serialization.Encoding.DER)).decode()


def disclosures(claims):
    """(what replaces the claims, the disclosures)."""
    digests, texts = [], []
    for name, value in claims.items():
        if isinstance(value, dict):
            value, inner = disclosures(value)
            texts += inner
        text = b64(json.dumps([b64(secrets.token_bytes(16)), name,
                               value]).encode())
        texts.append(text)
        digests.append(b64(hashlib.sha256(text.encode()).digest()))
    return {"_sd": sorted(digests)}, texts


class Refusal(Exception):
    """An answer that is an error of OAuth."""

    def __init__(self, error, status=400, description="", nonce=None):
        super().__init__(error)
        self.error, self.status = error, status
        self.description, self.nonce = description, nonce


class Issuer:
    VCT = "urn:broletto:test:isee"

    def __init__(self):
        self.authority = Authority()
        self.key = Key()
        self.chain = [self.authority.leaf(self.key)]
        self.spoil = {}
        self.lifetime = 86400 * 100
        self.patience = 60   # with a wallet's clock
        self.codes = {}      # code -> transaction code or None
        self.tokens = {}     # token -> thumbprint of its key
        self.nonces = set()
        self.dpop_nonces = set()
        self.proofs_seen = set()
        self.waiting = {}    # transaction -> (keys, rounds to wait)
        self.events = []
        self.visits = []
        self.problems = []   # what the wallet did wrong
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                issuer.serve(self, "GET")

            def do_POST(self):
                issuer.serve(self, "POST")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def spoiled(self, what, value):
        return self.spoil[what](value) if what in self.spoil else value

    # ---- offers

    def offer(self, tx_code=None, by_reference=False, **more):
        code = secrets.token_urlsafe(24)
        self.codes[code] = tx_code
        grant = {"pre-authorized_code": code}
        if tx_code is not None:
            grant["tx_code"] = {"length": len(tx_code)}
        doc = {"credential_issuer": self.url,
               "credential_configuration_ids": ["isee"],
               "grants": {PRE_AUTHORIZED: grant}, **more}
        if by_reference:
            self.offered = doc
            return ("openid-credential-offer://?credential_offer_uri="
                    + urllib.parse.quote(self.url + "/offer", safe=""))
        return ("openid-credential-offer://?credential_offer="
                + urllib.parse.quote(json.dumps(doc), safe=""))

    # ---- answering

    def serve(self, h, method):
        length = int(h.headers.get("Content-Length") or 0)
        body = h.rfile.read(length)
        path = h.path.split("?")[0]
        self.visits.append(path)
        kind, headers, status = "application/json", {}, 200
        try:
            route = self.spoil.get(path)
            if route is not None:
                status, kind, headers, doc = route(self, h, body)
            else:
                status, doc = self.route(method, path, h, body)
        except Refusal as r:
            status = r.status
            doc = {"error": r.error, "error_description": r.description}
            if r.nonce:
                headers["DPoP-Nonce"] = r.nonce
                headers["WWW-Authenticate"] = f'DPoP error="{r.error}"'
        except Exception as error:  # pylint: disable=broad-except
            self.problems.append(f"{path}: {error!r}"[:600])
            status, doc = 500, {"error": "server_error"}
        data = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
        if isinstance(doc, bytes) and status in (200, 202) and \
                path not in self.spoil:
            kind = "application/jwt"
        try:
            h.send_response(status)
            h.send_header("Content-Type", kind)
            h.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                h.send_header(name, value)
            h.end_headers()
            h.wfile.write(data)
        except OSError:
            h.close_connection = True  # the wallet has had enough

    def route(self, method, path, h, body):
        table = {
            ("GET", "/offer"): lambda: self.offered,
            ("GET", "/.well-known/openid-credential-issuer"): self.metadata,
            ("GET", "/.well-known/oauth-authorization-server"): self.server_doc,
            ("POST", "/token"): lambda: self.token(h, body),
            ("POST", "/nonce"): lambda: self.nonce(h, body),
            ("POST", "/credential"): lambda: self.credential(h, body),
            ("POST", "/deferred"): lambda: self.deferred(h, body),
            ("POST", "/notification"): lambda: self.notification(h, body),
        }
        if (method, path) not in table:
            return 404, {"error": "not_found"}
        doc = table[method, path]()
        if isinstance(doc, tuple):
            return doc
        return 200, doc

    def metadata(self):
        name = [{"name": "Attestazione ISEE", "locale": "it"},
                {"name": "ISEE certificate", "locale": "en"}]
        return self.spoiled("metadata", {
            "credential_issuer": self.url,
            "credential_endpoint": self.url + "/credential",
            "nonce_endpoint": self.url + "/nonce",
            "deferred_credential_endpoint": self.url + "/deferred",
            "notification_endpoint": self.url + "/notification",
            "batch_credential_issuance": {"batch_size": 3},
            "display": [{"name": "Comune di Prova"}],
            "credential_configurations_supported": {"isee": {
                "format": "dc+sd-jwt", "vct": self.VCT,
                "cryptographic_binding_methods_supported": ["jwk"],
                "credential_signing_alg_values_supported": ["ES256"],
                "proof_types_supported": {"jwt": {
                    "proof_signing_alg_values_supported": ["ES256"]}},
                "credential_metadata": {
                    "display": name,
                    "claims": [
                        {"path": ["given_name"], "display": [
                            {"name": "Nome", "locale": "it"},
                            {"name": "First name", "locale": "en"}]},
                        {"path": ["isee_not_over", "20000"], "display": [
                            {"name": "ISEE non oltre 20.000", "locale": "it"},
                            {"name": "ISEE not over 20,000",
                             "locale": "en"}]}]}}}})

    def server_doc(self):
        return self.spoiled("server", {
            "issuer": self.url, "token_endpoint": self.url + "/token",
            "grant_types_supported": [PRE_AUTHORIZED],
            "pre-authorized_grant_anonymous_access_supported": True,
            "dpop_signing_alg_values_supported": ["ES256"]})

    # ---- what is asked of the wallet

    def dpop(self, h, path, token=None):
        """The key's thumbprint; a nonce is always asked for, and serves once."""
        proof = h.headers.get("DPoP")
        check(proof, "no DPoP proof")
        header, claims = jws_read(proof)
        equal(header["typ"], "dpop+jwt")
        check("d" not in header["jwk"], "a private key")
        jws_verify(proof, public_key(header["jwk"]))
        equal((claims["htm"], claims["htu"]), ("POST", self.url + path))
        check(abs(time.time() - claims["iat"]) < self.patience)
        check(claims["jti"] not in self.proofs_seen, "a proof used twice")
        self.proofs_seen.add(claims["jti"])
        if token:
            equal(claims["ath"], b64(hashlib.sha256(token.encode()).digest()))
        if claims.get("nonce") not in self.dpop_nonces:
            fresh = secrets.token_urlsafe(16)
            self.dpop_nonces.add(fresh)
            raise Refusal("use_dpop_nonce", 401 if token else 400, "a nonce",
                          fresh)
        self.dpop_nonces.remove(claims["nonce"])
        k = Key.__new__(Key)
        k.jwk = header["jwk"]
        return k.thumbprint

    def authorized(self, h, path):
        kind, _, token = h.headers["Authorization"].partition(" ")
        equal(kind, "DPoP")
        check(token in self.tokens, "an unknown token")
        equal(self.dpop(h, path, token), self.tokens[token])

    def token(self, h, body):
        equal(h.headers["Content-Type"], FORM)
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        thumbprint = self.dpop(h, "/token")
        return self.grant(form, thumbprint)

    def grant(self, form, thumbprint):
        equal(form["grant_type"], PRE_AUTHORIZED)
        check("client_id" not in form, "anonymous, and yet a name")
        code = form["pre-authorized_code"]
        if code not in self.codes or \
                form.get("tx_code") != self.codes[code]:
            raise Refusal("invalid_grant", description="the code is wrong")
        del self.codes[code]
        token = secrets.token_urlsafe(24)
        self.tokens[token] = thumbprint
        return self.spoiled("token", {
            "access_token": token, "token_type": "DPoP", "expires_in": 300})

    def nonce(self, h, body):
        equal(body, b"")
        check("Authorization" not in h.headers, "a token where none is needed")
        fresh = secrets.token_urlsafe(24)
        self.nonces.add(fresh)
        return {"c_nonce": fresh}

    def expected(self, doc):
        equal(list(doc), ["credential_configuration_id", "proofs"])

    def claims_of_proof(self):
        return ["aud", "iat", "nonce"]

    def proven(self, doc):
        self.expected(doc)
        equal(list(doc["proofs"]), ["jwt"])
        nonces, keys = set(), []
        for proof in doc["proofs"]["jwt"]:
            header, claims = jws_read(proof)
            equal(sorted(header), ["alg", "jwk", "typ"])
            equal(header["typ"], "openid4vci-proof+jwt")
            jws_verify(proof, public_key(header["jwk"]))
            equal(sorted(claims), self.claims_of_proof())
            equal(claims["aud"], self.url)
            nonces.add(claims["nonce"])
            keys.append(header["jwk"])
        equal(len(nonces), 1)
        equal(len({json.dumps(k) for k in keys}), len(keys), "a key twice")
        if self.spoil.get("nonce_once", False):
            self.spoil.pop("nonce_once")
            self.nonces.clear()
        nonce = nonces.pop()
        if nonce not in self.nonces:
            raise Refusal("invalid_nonce", description="an old nonce")
        self.nonces.remove(nonce)
        return keys

    def read(self, h, body):
        equal(h.headers["Content-Type"], "application/json")
        return strict_json(body)

    def credential(self, h, body):
        self.authorized(h, "/credential")
        doc = self.read(h, body)
        keys = self.proven(doc)
        if "rounds" in self.spoil:
            transaction = secrets.token_urlsafe(16)
            self.waiting[transaction] = [keys, self.spoil["rounds"]]
            return 202, {"transaction_id": transaction, "interval": 0}
        return self.answer(keys)

    def answer(self, keys):
        keys = self.spoiled("keys", keys)
        texts = [self.issue(k, i) for i, k in enumerate(keys)]
        return self.spoiled("answer", {
            "credentials": [{"credential": t} for t in texts],
            "notification_id": "n-1"})

    def deferred(self, h, body):
        self.authorized(h, "/deferred")
        transaction = self.read(h, body)["transaction_id"]
        if transaction not in self.waiting or self.spoil.get("drop"):
            raise Refusal("invalid_transaction_id", description="not known")
        waiting = self.waiting[transaction]
        if waiting[1] > 0:
            waiting[1] -= 1
            return 202, {"transaction_id": transaction, "interval": 0}
        del self.waiting[transaction]
        return self.answer(waiting[0])

    def notification(self, h, body):
        self.authorized(h, "/notification")
        doc = strict_json(body)
        equal(doc["notification_id"], "n-1")
        self.events.append(doc["event"])
        return 204, b""

    # ---- credentials

    def issue(self, jwk, number):
        now = int(time.time())
        hidden, texts = disclosures(CLAIMS)
        payload = {"iss": self.url, "vct": self.VCT, "iat": now,
                   "exp": now + self.lifetime, "cnf": {"jwk": jwk},
                   "_sd_alg": "sha-256", **hidden}
        header = {"alg": "ES256", "typ": "dc+sd-jwt",
                  "x5c": [der64(c) for c in self.chain]}
        if number == self.spoil.get("only", number):
            header = self.spoiled("header", header)
            payload = self.spoiled("payload", payload)
            texts = self.spoiled("disclosures", texts)
        token = self.key.sign(header, payload)
        text = token + "~" + "".join(t + "~" for t in texts)
        if number == self.spoil.get("only", number):
            text = self.spoiled("text", text)
        return text
