"""A strict OpenID Connect provider of the tests' own, written from Core 1.0,
Discovery 1.0, RFC 7636 and RFC 9207; and every wrong that one could do, by
name. It has one person, who always agrees.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from broletto_test import Client, check, equal
from openid4vc import Key, b64, jws_verify, public_key

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SPID_L2 = "https://www.spid.gov.it/SpidL2"
FISCAL_NUMBER = "https://attributes.eid.gov.it/fiscal_number"


class RsaKey:
    """2,048 bits; signs RS256 or PS256."""

    def __init__(self):
        self.private = rsa.generate_private_key(65537, 2048)
        n = self.private.public_key().public_numbers()
        self.jwk = {"kty": "RSA", "e": "AQAB",
                    "n": b64(n.n.to_bytes(256, "big"))}

    def sign(self, header, payload):
        head = b64(json.dumps(header).encode()) + "." + \
            b64(json.dumps(payload).encode())
        pad = padding.PKCS1v15() if header["alg"] == "RS256" else padding.PSS(
            padding.MGF1(hashes.SHA256()), 32)
        return head + "." + b64(self.private.sign(
            head.encode(), pad, hashes.SHA256()))


class Provider:
    """What a test changes before a login: claims, info, fault, alg."""

    def __init__(self, client_id="desk"):
        self.client_id = client_id
        self.secret = None  # client_secret_basic, when it is set
        self.keys = {"ES256": Key(), "RS256": RsaKey()}
        self.kids = {"ES256": "e1", "RS256": "r1"}
        self.claims = {"sub": "s-1", "acr": SPID_L2}
        self.info = {}
        self.alg = "ES256"
        self.fault = None
        self.body = None  # the relying party, for its keys
        self.codes = {}
        self.tokens = {}
        self.asked = []  # authorization requests
        self.fetched = []  # paths
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, status, doc, kind="application/json", **headers):
                text = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
                self.send_response(status)
                for name, value in {"Content-Type": kind, **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):  # pylint: disable=invalid-name
                path, _, query = self.path.partition("?")
                provider.fetched.append(path)
                provider.get(self, path, query)

            def do_POST(self):  # pylint: disable=invalid-name
                provider.fetched.append(self.path)
                length = int(self.headers["Content-Length"])
                form = dict(urllib.parse.parse_qsl(
                    self.rfile.read(length).decode(), strict_parsing=True))
                try:
                    self.reply(200, provider.redeem(form, self.headers))
                except AssertionError as error:
                    self.reply(400, {"error": "invalid_grant",
                                     "error_description": str(error)[:80]})

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    # ---- what it serves --------------------------------------------------------

    def get(self, handler, path, query):
        if path == "/.well-known/openid-configuration":
            handler.reply(200, self.metadata())
        elif path == "/jwks":
            handler.reply(200, {"keys": [
                {"kty": "oct", "k": "AA", "kid": "odd"},  # passed over
                *({**k.jwk, "kid": self.kids[alg], "use": "sig", "alg": alg}
                  for alg, k in self.keys.items())]})
        elif path == "/userinfo":
            self.userinfo(handler)
        else:
            handler.reply(404, {})

    def metadata(self):
        doc = {"issuer": self.issuer,
               "authorization_endpoint": self.issuer + "/authorize?tenant=1",
               "token_endpoint": self.issuer + "/token",
               "jwks_uri": self.issuer + "/jwks",
               "userinfo_endpoint": self.issuer + "/userinfo",
               "end_session_endpoint": self.issuer + "/end",
               "claims_parameter_supported": True,
               "authorization_response_iss_parameter_supported": True}
        if self.fault == "metadata issuer":
            doc["issuer"] += "/"
        elif self.fault == "metadata keys":
            del doc["jwks_uri"]
        elif self.fault == "metadata file":
            doc["token_endpoint"] = "file:///etc/passwd"
        return doc

    def authorize(self, url):
        """What a browser does there: agree. Returns where it is sent."""
        check(url.startswith(self.issuer + "/authorize?tenant=1&"), url)
        q = dict(urllib.parse.parse_qsl(url.split("?", 1)[1],
                                        strict_parsing=True))
        self.asked.append(q)
        equal(q["response_type"], "code")
        equal(q["client_id"], self.client_id)
        equal(q["code_challenge_method"], "S256")
        equal(len(q["code_challenge"]), 43)
        check("openid" in q["scope"].split())
        check(len(q["state"]) >= 32 and len(q["nonce"]) >= 32)
        code = secrets.token_urlsafe(16)
        self.codes[code] = q
        answer = {"code": code, "state": q["state"], "iss": self.issuer}
        if self.fault == "declined":
            answer = {"error": "access_denied", "state": q["state"],
                      "iss": self.issuer}
        elif self.fault == "state":
            answer["state"] = secrets.token_urlsafe(32)
        elif self.fault == "mix-up":
            answer["iss"] = "https://evil.example"
        elif self.fault == "no iss":
            del answer["iss"]
        elif self.fault == "code":
            answer["code"] = "other"
        return q["redirect_uri"] + "?" + urllib.parse.urlencode(answer)

    # ---- tokens ---------------------------------------------------------------

    def authenticate(self, form, headers):
        if self.secret is not None:
            kind, _, text = headers["Authorization"].partition(" ")
            equal(kind, "Basic")
            name, _, secret = base64.b64decode(text).decode().partition(":")
            equal((urllib.parse.unquote(name), urllib.parse.unquote(secret)),
                  (self.client_id, self.secret))
            return
        check("Authorization" not in headers)
        equal(form["client_assertion_type"], ASSERTION)
        keys = Client(self.body.port).get("/desk/v1/oidc/jwks").json()["keys"]
        header, claims = jws_verify(form["client_assertion"],
                                    public_key(keys[0]))
        equal(header["kid"], keys[0]["kid"])
        equal(sorted(claims), ["aud", "exp", "iat", "iss", "jti", "sub"])
        equal((claims["iss"], claims["sub"]), (self.client_id,) * 2)
        equal(claims["aud"], self.issuer + "/token")
        check(claims["iat"] - 5 <= time.time() <= claims["exp"] <=
              claims["iat"] + 300)

    def redeem(self, form, headers):
        self.authenticate(form, headers)
        equal(form["grant_type"], "authorization_code")
        q = self.codes.pop(form["code"], None)
        check(q is not None, "no such code")
        equal(form["redirect_uri"], q["redirect_uri"])
        equal(b64(hashlib.sha256(form["code_verifier"].encode()).digest()),
              q["code_challenge"])
        access = secrets.token_urlsafe(24)
        self.tokens[access] = True
        answer = {"access_token": access, "token_type": "bearer",
                  "expires_in": 60, "id_token": self.id_token(q, access)}
        if self.fault == "no id token":
            del answer["id_token"]
        elif self.fault == "token":
            answer["access_token"] = "a\r\nX-Header: b"
        return answer

    def id_token(self, q, access):
        now = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now,
                  "exp": now + 300, "nonce": q["nonce"], "at_hash": b64(half),
                  **self.claims}
        header = {"alg": self.alg, "typ": "JWT"}
        key = self.keys["ES256" if self.alg == "ES256" else "RS256"]
        header["kid"] = self.kids["ES256" if self.alg == "ES256" else "RS256"]
        wrong = {
            "iss": {"iss": "https://evil.example"},
            "aud": {"aud": "another"},
            "aud list": {"aud": [self.client_id, "another"],
                         "azp": self.client_id},
            "azp": {"azp": "another"},
            "exp": {"exp": now - 3600, "iat": now - 3900},
            "iat": {"iat": now - 3600},
            "future": {"iat": now + 3600, "exp": now + 7200},
            "nonce": {"nonce": secrets.token_urlsafe(32)},
            "at_hash": {"at_hash": b64(b"0" * 16)},
            "acr": {"acr": "https://www.spid.gov.it/SpidL1"},
            "sub": {"sub": ""},
        }
        claims.update(wrong.get(self.fault, {}))
        if self.fault in ("no nonce", "no exp", "no acr"):
            del claims[self.fault.split()[1]]
        if self.fault == "typ":
            header["typ"] = "at+jwt"
        if self.fault == "none":
            header["alg"] = "none"
            head = b64(json.dumps(header).encode())
            return f"{head}.{b64(json.dumps(claims).encode())}."
        if self.fault == "hs256":  # with the public key as if it were a secret
            header.update(alg="HS256", kid=self.kids["RS256"])
            head = b64(json.dumps(header).encode()) + "." + \
                b64(json.dumps(claims).encode())
            secret = json.dumps(self.keys["RS256"].jwk).encode()
            return head + "." + b64(hmac.digest(secret, head.encode(), "sha256"))
        if self.fault == "signature":
            key = Key()
        if self.fault == "jwk":
            key = Key()
            header["jwk"] = key.jwk
            del header["kid"]
        if self.fault == "kid":
            header["kid"] = secrets.token_urlsafe(8)
        return key.sign(header, claims)

    def rotate(self):
        self.keys["ES256"] = Key()
        self.kids["ES256"] = secrets.token_urlsafe(8)

    def userinfo(self, handler):
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self.tokens.pop(token, False):
            handler.reply(401, {"error": "invalid_token"})
            return
        doc = {"sub": self.claims["sub"], **self.info}
        if self.fault == "info sub":
            doc["sub"] = "s-2"
        if self.fault == "info jwt":
            text = self.keys["ES256"].sign(
                {"alg": "ES256", "kid": self.kids["ES256"]},
                {"iss": self.issuer, "aud": self.client_id, **doc})
            handler.reply(200, text.encode(), "application/jwt")
        else:
            handler.reply(200, doc)
