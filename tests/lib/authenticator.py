"""An authenticator and its browser, written a second time: what WebAuthn Level 3
has them send (sections 5.8.1, 6.1, 6.5.1), with a PRF as hmac-secret makes it.
Each part can be spoiled.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import hashlib
import hmac
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ES256, EDDSA, RS256, ES384 = -7, -8, -257, -35


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value):
    """Deterministic, as far as a COSE_Key needs it."""
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 256:
            return bytes([major << 5 | 24, n])
        return bytes([major << 5 | 25]) + struct.pack(">H", n)
    if value is True:
        return b"\xf5"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(
        cbor(k) + cbor(v) for k, v in value.items())


def number(n, size=None):
    return n.to_bytes(size or (n.bit_length() + 7) // 8, "big")


class Passkey:
    """One credential on one device."""

    def __init__(self, alg=ES256, counter=1, flags=UP | UV):
        self.alg, self.counter, self.flags = alg, counter, flags
        self.id, self.seed = os.urandom(24), os.urandom(32)
        self.handle = None
        if alg == RS256:
            self.key = rsa.generate_private_key(65537, 2048)
        elif alg == EDDSA:
            self.key = ed25519.Ed25519PrivateKey.generate()
        else:
            self.key = ec.generate_private_key(
                ec.SECP384R1() if alg == ES384 else ec.SECP256R1())

    def cose(self):
        if self.alg == RS256:
            n = self.key.public_key().public_numbers()
            return {1: 3, 3: RS256, -1: number(n.n), -2: number(n.e)}
        if self.alg == EDDSA:
            raw = self.key.public_key().public_bytes(
                Encoding.Raw, PublicFormat.Raw)
            return {1: 1, 3: EDDSA, -1: 6, -2: raw}
        n = self.key.public_key().public_numbers()
        size = 48 if self.alg == ES384 else 32
        return {1: 2, 3: self.alg, -1: 2 if size == 48 else 1,
                -2: number(n.x, size), -3: number(n.y, size)}

    def sign(self, message):
        if self.alg == RS256:
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == EDDSA:
            return self.key.sign(message)
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def secret(self, given):
        """The PRF: HMAC under the credential's seed, over what the browser makes
        of the page's input (section 10.1.4)."""
        first = unb64(given["extensions"]["prf"]["eval"]["first"])
        salt = hashlib.sha256(b"WebAuthn PRF\x00" + first).digest()
        return hmac.digest(self.seed, salt, "sha256")

    def data(self, rp_id, fresh, extensions=False):
        flags = self.flags | (AT if fresh else 0) | (ED if extensions else 0)
        out = hashlib.sha256(rp_id.encode()).digest()
        out += bytes([flags]) + struct.pack(">I", self.counter)
        if fresh:
            out += bytes(16) + struct.pack(">H", len(self.id)) + self.id
            out += cbor(self.cose())
        return out + (cbor({"hmac-secret": True}) if extensions else b"")


class Browser:
    """On a page; what it sends can be spoiled by name: origin, rp_id, type,
    challenge, more (client data), signature, data, id, handle, secret."""

    def __init__(self, origin, rp_id):
        self.origin, self.rp_id = origin, rp_id

    def client_data(self, kind, given, spoil):
        return json.dumps({
            "type": spoil.get("type", kind),
            "challenge": spoil.get("challenge", given["challenge"]),
            "origin": spoil.get("origin", self.origin),
            "crossOrigin": False, **spoil.get("more", {})}).encode()

    @staticmethod
    def answer(passkey, response, given, spoil):
        secret = spoil.get("secret", passkey.secret(given)
                           if "extensions" in given else None)
        return {
            "id": b64(spoil.get("id", passkey.id)), "type": "public-key",
            "rawId": b64(passkey.id), "authenticatorAttachment": "platform",
            "response": response,
            "clientExtensionResults": {} if secret is None else {
                "prf": {"enabled": True, "results": {"first": b64(secret)}}},
        }

    def create(self, passkey, given, **spoil):
        passkey.handle = unb64(given["user"]["id"])
        data = passkey.data(spoil.get("rp_id", self.rp_id), True, True)
        return self.answer(passkey, {
            "clientDataJSON": b64(self.client_data(
                "webauthn.create", given, spoil)),
            "authenticatorData": b64(spoil.get("data", data)),
            "attestationObject": "", "transports": ["internal"],
        }, given, spoil)

    def get(self, passkey, given, **spoil):
        if spoil.get("count", True) and passkey.counter > 0:
            passkey.counter += 1
        data = passkey.data(spoil.get("rp_id", self.rp_id), False)
        client = self.client_data("webauthn.get", given, spoil)
        signature = passkey.sign(data + hashlib.sha256(client).digest())
        handle = spoil.get("handle", passkey.handle)
        return self.answer(passkey, {
            "clientDataJSON": b64(client), "authenticatorData": b64(data),
            "signature": b64(spoil.get("signature", signature)),
            "userHandle": None if handle is None else b64(handle),
        }, given, spoil)
