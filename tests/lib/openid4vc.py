"""A strict wallet of the tests' own, written from the specifications: JOSE on
P-256, DPoP, OpenID4VCI 1.0, SD-JWT VC, status lists.

The curves are the package `cryptography`'s.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import datetime
import hashlib
import json
import os
import secrets
import socket
import time
import urllib.parse
import zlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature, encode_dss_signature)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding

from broletto_test import BUILD, Node, check, cli_ok, equal

ORCHESTRATOR = os.path.join(BUILD, "orchestrator", "broletto-orchestrator")
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
FORM = "application/x-www-form-urlencoded"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    equal(b64(data), text, "not the one base64url of these bytes")
    return data


def strict_json(text):
    def once(pairs):
        doc = dict(pairs)
        equal(len(doc), len(pairs), "a name stands twice")
        return doc
    return json.loads(text, object_pairs_hook=once)


# ---- keys and tokens ----------------------------------------------------------


class Key:
    """A key on P-256."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        n = self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256",
                    "x": b64(n.x.to_bytes(32, "big")),
                    "y": b64(n.y.to_bytes(32, "big"))}

    @property
    def private_jwk(self):
        d = self.private.private_numbers().private_value
        return {**self.jwk, "d": b64(d.to_bytes(32, "big"))}

    @property
    def thumbprint(self):
        text = json.dumps({k: self.jwk[k] for k in ("crv", "kty", "x", "y")},
                          separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def sign(self, header, payload):
        if not isinstance(payload, bytes):
            payload = json.dumps(payload).encode()
        head = b64(json.dumps(header).encode()) + "." + b64(payload)
        r, s = decode_dss_signature(
            self.private.sign(head.encode(), ec.ECDSA(hashes.SHA256())))
        return head + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def public_key(jwk):
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64(jwk["x"]), "big"),
        int.from_bytes(unb64(jwk["y"]), "big"), ec.SECP256R1())
    return numbers.public_key()


def jws_read(token):
    head, payload, _ = token.split(".")
    return strict_json(unb64(head)), strict_json(unb64(payload))


def jws_verify(token, key):
    head, payload, signature = token.split(".")
    raw = unb64(signature)
    equal(len(raw), 64)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"),
                               int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, f"{head}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise AssertionError("the signature does not verify") from error
    header, claims = jws_read(token)
    equal(header["alg"], "ES256")
    return header, claims


def verify_x5c(token, root, typ):
    """Under the first certificate of x5c, which root has signed; root is not
    sent with it."""
    header, _ = jws_read(token)
    equal(header["typ"], typ)
    chain = [x509.load_der_x509_certificate(base64.b64decode(c))
             for c in header["x5c"]]
    equal(len(chain), 1, "one certificate, and not the root")
    leaf = chain[0]
    equal(leaf.issuer, root.subject)
    check(leaf.issuer != leaf.subject, "self-signed")
    root.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes,
                             ec.ECDSA(leaf.signature_hash_algorithm))
    return jws_verify(token, leaf.public_key())[1]


# ---- encryption: ECDH-ES with A256GCM ---------------------------------------------


def concat_kdf(z, enc, bits):
    def field(data):
        return len(data).to_bytes(4, "big") + data
    info = field(enc.encode()) + field(b"") + field(b"") + \
        bits.to_bytes(4, "big")
    return hashlib.sha256(b"\0\0\0\1" + z + info).digest()[:bits // 8]


def jwe_encrypt(jwk, plaintext, enc="A256GCM", **more):
    ephemeral = Key()
    header = {"alg": "ECDH-ES", "enc": enc, "epk": ephemeral.jwk, **more}
    if "kid" in jwk:
        header.setdefault("kid", jwk["kid"])
    z = ephemeral.private.exchange(ec.ECDH(), public_key(jwk))
    cek = concat_kdf(z, enc, {"A128GCM": 128, "A256GCM": 256}[enc])
    head = b64(json.dumps(header).encode())
    iv = secrets.token_bytes(12)
    sealed = AESGCM(cek).encrypt(iv, plaintext, head.encode())
    return ".".join((head, "", b64(iv), b64(sealed[:-16]), b64(sealed[-16:])))


def jwe_decrypt(token, key):
    head, wrapped, iv, text, tag = token.split(".")
    header = strict_json(unb64(head))
    equal((header["alg"], wrapped), ("ECDH-ES", ""))
    z = key.private.exchange(ec.ECDH(), public_key(header["epk"]))
    cek = concat_kdf(z, header["enc"],
                     {"A128GCM": 128, "A256GCM": 256}[header["enc"]])
    return AESGCM(cek).decrypt(unb64(iv), unb64(text) + unb64(tag),
                               head.encode()), header


# ---- SD-JWT VC ---------------------------------------------------------------------


class Credential:
    """One as an issuer sends it, verified: its claims with all disclosures."""

    def __init__(self, text, root):
        jwt, *disclosures, last = text.split("~")
        equal(last, "", "a key binding from an issuer")
        self.text = text
        self.payload = verify_x5c(jwt, root, "dc+sd-jwt")
        self.header = jws_read(jwt)[0]
        equal(self.payload.get("_sd_alg", "sha-256"), "sha-256")
        self.by_digest = {}
        for d in disclosures:
            digest = b64(hashlib.sha256(d.encode()).digest())
            check(digest not in self.by_digest, "a disclosure twice")
            self.by_digest[digest] = strict_json(unb64(d))
            check(len(unb64(self.by_digest[digest][0])) >= 16, "short salt")
        self.used = set()
        self.digests = 0
        self.claims = self.open(self.payload)
        self.claims.pop("_sd_alg", None)
        equal(self.used, set(self.by_digest), "an unreferenced disclosure")

    def open(self, value):
        if isinstance(value, list):
            return [self.open(v) for v in value]
        if not isinstance(value, dict):
            return value
        out = {}
        for name, v in value.items():
            if name != "_sd":
                out[name] = self.open(v)
        for digest in value.get("_sd", []):
            self.digests += 1
            if digest in self.by_digest:
                _, name, v = self.by_digest[digest]
                check(name not in out and digest not in self.used)
                self.used.add(digest)
                out[name] = self.open(v)
        return out


def status_at(token, root, uri, index, at=None):
    """What a status list says of one credential."""
    claims = verify_x5c(token, root, "statuslist+jwt")
    equal(claims["sub"], uri)
    now = time.time() if at is None else at
    check(claims["iat"] <= now <= claims["exp"], claims["iat"], now)
    bits = claims["status_list"]["bits"]
    data = zlib.decompress(unb64(claims["status_list"]["lst"]))
    check(len(data) * 8 // bits >= 1 << 20, "a small crowd")
    per = 8 // bits
    return data[index // per] >> (index % per * bits) & ((1 << bits) - 1)


# ---- an issuing body, and a wallet that asks it --------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Orchestrator(Node):
    """The daemon of an issuing body. Its address is fixed when it is made."""

    PROGRAM = ORCHESTRATOR

    @classmethod
    def make(cls, data, *options, **settings):
        port = free_port()
        cli_ok("orchestrator", "init", "--quiet", data, "--public-url",
               f"http://127.0.0.1:{port}", *options)
        body = cls(data, **settings)
        body.listen = f"127.0.0.1:{port}"
        return body

    @property
    def root(self):
        with open(os.path.join(self.data, "ca", "development-ca.pem"), "rb") as f:
            return x509.load_pem_x509_certificate(f.read())

    def offer(self, kind, claims, *options):
        """(the offer's JSON, id, transaction code) of a new one."""
        path = os.path.join(os.path.dirname(self.data), "claims.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(claims, f)
        r = cli_ok("issuer", "offer", "--type", kind, "--claims", path,
                   "--data", self.data, "--json", *options)
        return strict_json(r.stdout)


class Wallet:
    """Keys of its own, one issuer, one token at a time."""

    def __init__(self, body, dpop=True):
        self.body = body
        self.url = body.url
        self.http = body.client()
        self.dpop_key = Key() if dpop else None
        self.token = None
        self.renewal = None
        self.configuration = None
        self.identifier = None

    # -- messages

    def open_link(self, link):
        scheme, _, query = link.partition("://?")
        equal(scheme, "openid-credential-offer")
        fields = urllib.parse.parse_qs(query, strict_parsing=True)
        if "credential_offer" in fields:
            return strict_json(fields["credential_offer"][0])
        uri = fields["credential_offer_uri"][0]
        check(uri.startswith(self.url + "/"), uri)
        answer = self.http.get(uri[len(self.url):])
        equal(answer.type, "application/json")
        return strict_json(answer.body)

    def dpop(self, path, token=None, key=None, header=None, **claims):
        """A proof; claims and header members override, None removes."""
        key = key or self.dpop_key
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}
        body = {"jti": secrets.token_hex(16), "htm": "POST",
                "htu": self.url + path, "iat": int(time.time())}
        if token is not None:
            body["ath"] = b64(hashlib.sha256(token.encode()).digest())
        head.update(header or {})
        body.update(claims)
        return key.sign({k: v for k, v in head.items() if v is not None},
                        {k: v for k, v in body.items() if v is not None})

    def post_form(self, path, fields, headers=None):
        return self.http.ask("POST", path, urllib.parse.urlencode(fields), FORM,
                             headers)

    def ask_token(self, offer, tx_code=None, proof=None, **more):
        """The raw answer of the token endpoint."""
        grant = offer["grants"][PRE_AUTHORIZED]
        fields = {"grant_type": PRE_AUTHORIZED,
                  "pre-authorized_code": grant["pre-authorized_code"]}
        if tx_code is not None:
            fields["tx_code"] = tx_code
        fields.update(more)
        fields = {k: v for k, v in fields.items() if v is not None}
        headers = {}
        if self.dpop_key is not None or proof is not None:
            headers["DPoP"] = proof or self.dpop("/token")
        return self.post_form("/token", fields, headers)

    def redeem(self, offer, tx_code=None, **more):
        answer = self.ask_token(offer, tx_code, **more)
        equal(answer.status, 200, answer)
        equal(answer.headers["Cache-Control"], "no-store")
        doc = strict_json(answer.body)
        equal(doc["token_type"], "DPoP" if self.dpop_key else "Bearer")
        check(doc["expires_in"] > 0 and "c_nonce" not in doc, doc)
        self.token = doc["access_token"]
        self.renewal = doc.get("refresh_token")
        self.configuration = offer["credential_configuration_ids"][0]
        self.identifier = None
        if "authorization_details" in doc:
            self.identifier = \
                doc["authorization_details"][0]["credential_identifiers"][0]
        return doc

    def ask_refresh(self, renewal=None, headers=None, **more):
        """The raw answer of the token endpoint to a refresh token."""
        fields = {"grant_type": "refresh_token",
                  "refresh_token": renewal or self.renewal}
        fields.update(more)
        head = {"DPoP": self.dpop("/token")} if self.dpop_key else {}
        return self.post_form(
            "/token", {k: v for k, v in fields.items() if v is not None},
            {**head, **(headers or {})})

    def refresh(self, **more):
        answer = self.ask_refresh(**more)
        equal(answer.status, 200, answer)
        equal(answer.headers["Cache-Control"], "no-store")
        doc = strict_json(answer.body)
        equal(doc["token_type"], "DPoP" if self.dpop_key else "Bearer")
        check(doc["refresh_token"] != self.renewal, "it is the same")
        check(doc["access_token"] != self.token, "it is the same")
        self.token, self.renewal = doc["access_token"], doc["refresh_token"]
        return doc

    def nonce(self):
        answer = self.http.ask("POST", "/nonce", b"")
        equal(answer.status, 200, answer)
        equal(answer.headers["Cache-Control"], "no-store")
        return strict_json(answer.body)["c_nonce"]

    def proof(self, c_nonce, key=None, header=None, **claims):
        key = key or Key()
        head = {"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": key.jwk}
        body = {"aud": self.url, "iat": int(time.time()), "nonce": c_nonce}
        head.update(header or {})
        body.update(claims)
        return key.sign({k: v for k, v in head.items() if v is not None},
                        {k: v for k, v in body.items() if v is not None})

    def authorization(self, path, token=None, proof=None):
        token = token or self.token
        if self.dpop_key is None:
            return {"Authorization": "Bearer " + token}
        return {"Authorization": "DPoP " + token,
                "DPoP": proof or self.dpop(path, token)}

    def request(self, jwts, **more):
        doc = {"proofs": {"jwt": jwts}}
        if self.identifier is not None:
            doc["credential_identifier"] = self.identifier
        else:
            doc["credential_configuration_id"] = self.configuration
        doc.update(more)
        return {k: v for k, v in doc.items() if v is not None}

    def send(self, path, doc, headers=None):
        body = doc if isinstance(doc, (bytes, str)) else json.dumps(doc)
        return self.http.ask(
            "POST", path, body, "application/json",
            self.authorization(path) if headers is None else headers)

    def ask_credential(self, jwts, headers=None, **more):
        return self.send("/credential", self.request(jwts, **more), headers)

    # -- the authorization code

    def pushed(self, offer, **more):
        """What is pushed for an offer; the verifier is kept."""
        self.verifier = secrets.token_urlsafe(48)
        fields = {
            "client_id": "https://wallet.example", "response_type": "code",
            "redirect_uri": "https://wallet.example/back?x=1",
            "state": "s t&te", "scope": offer["credential_configuration_ids"][0],
            "issuer_state":
                offer["grants"]["authorization_code"]["issuer_state"],
            "code_challenge_method": "S256",
            "code_challenge": b64(hashlib.sha256(
                self.verifier.encode()).digest())}
        fields.update(more)
        return {k: v for k, v in fields.items() if v is not None}

    def push(self, offer, headers=None, **more):
        return self.post_form("/par", self.pushed(offer, **more), headers)

    def page(self, uri, client="https://wallet.example"):
        return self.http.ask("GET", "/authorize?" + urllib.parse.urlencode(
            {"client_id": client, "request_uri": uri}))

    def agree(self, uri, tx_code=None, answer="yes"):
        fields = {"request_uri": uri, "client_id": "https://wallet.example",
                  "answer": answer}
        if tx_code is not None:
            fields["tx_code"] = tx_code
        return self.post_form("/authorize", fields)

    def back(self, answer):
        """The parameters with which the browser comes back."""
        equal(answer.status, 303, answer)
        where, _, query = answer.headers["Location"].partition("?x=1&")
        equal(where, "https://wallet.example/back")
        fields = urllib.parse.parse_qs(query, strict_parsing=True)
        equal((fields["iss"], fields["state"]), ([self.url], ["s t&te"]))
        return fields

    def ask_code(self, granted, headers=None, **more):
        fields = {"grant_type": "authorization_code", "code": granted,
                  "code_verifier": self.verifier,
                  "client_id": "https://wallet.example",
                  "redirect_uri": "https://wallet.example/back?x=1"}
        fields.update(more)
        head = {"DPoP": self.dpop("/token")} if self.dpop_key else {}
        return self.post_form(
            "/token", {k: v for k, v in fields.items() if v is not None},
            {**head, **(headers or {})})

    # -- the whole way

    def accept(self, offered, count=1):
        """[Credential] for an offer as the command line printed it."""
        offer = self.open_link(offered["offer"])
        equal(offer["credential_issuer"], self.url)
        self.redeem(offer, offered.get("tx_code"))
        return self.fetch(count)

    def fetch(self, count=1):
        nonce = self.nonce()
        keys = [Key() for _ in range(count)]
        answer = self.ask_credential([self.proof(nonce, k) for k in keys])
        equal(answer.status, 200, answer)
        return self.take(strict_json(answer.body), keys)

    def take(self, doc, keys):
        """Credentials of an answer, each for the key that asked."""
        self.notification = doc["notification_id"]
        root = self.body.root
        found = [Credential(c["credential"], root) for c in doc["credentials"]]
        equal([c.claims["cnf"]["jwk"] for c in found], [k.jwk for k in keys])
        return found


# ---- a wallet's provider -----------------------------------------------------------


def certificate(name, key, issuer_name, issuer_key, authority):
    now = datetime.datetime.utcnow()

    def named(text):
        return x509.Name([x509.NameAttribute(
            x509.oid.NameOID.COMMON_NAME, text)])
    return x509.CertificateBuilder().subject_name(named(name)).issuer_name(
        named(issuer_name)).public_key(key.private.public_key()).serial_number(
        x509.random_serial_number()).not_valid_before(
        now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)).add_extension(
        x509.BasicConstraints(authority, None), True).add_extension(
        x509.KeyUsage(not authority, False, False, False, False, authority,
                      authority, False, False), True).sign(
        issuer_key.private, hashes.SHA256())


class Provider:
    """Who makes wallets: an authority, and a key that it certifies."""

    def __init__(self):
        self.authority, self.key = Key(), Key()
        self.root = certificate("Provider root", self.authority,
                                "Provider root", self.authority, True)
        self.leaf = certificate("Provider", self.key, "Provider root",
                                self.authority, False)

    @property
    def pem(self):
        return self.root.public_bytes(Encoding.PEM)

    def sign(self, typ, claims):
        x5c = [base64.b64encode(self.leaf.public_bytes(Encoding.DER)).decode()]
        body = {"iat": int(time.time()), "exp": int(time.time()) + 600}
        body.update(claims)
        return self.key.sign({"typ": typ, "alg": "ES256", "x5c": x5c},
                             {k: v for k, v in body.items() if v is not None})

    def client(self, instance, client, **claims):
        return self.sign("oauth-client-attestation+jwt", {
            "sub": client, "cnf": {"jwk": instance.jwk}, **claims})

    def keys(self, keys, nonce, **claims):
        return self.sign("key-attestation+jwt", {
            "attested_keys": [k.jwk for k in keys], "nonce": nonce,
            "key_storage": ["iso_18045_moderate"], **claims})


def client_headers(attestation, instance, audience, **claims):
    body = {"aud": audience, "jti": secrets.token_hex(16),
            "iat": int(time.time())}
    body.update(claims)
    return {"OAuth-Client-Attestation": attestation,
            "OAuth-Client-Attestation-PoP": instance.sign(
                {"typ": "oauth-client-attestation-pop+jwt", "alg": "ES256"},
                {k: v for k, v in body.items() if v is not None})}
