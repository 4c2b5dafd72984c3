"""Verifying what a ledger says, written from the specifications and not from
the node's code: RFC 9162 trees, C2SP notes and proofs, CBOR, COSE, key files.

Ed25519 comes from libsodium, which every machine with a node has.

SPDX-License-Identifier: EUPL-1.2
"""

import base64
import ctypes
import ctypes.util
import hashlib
import struct


def sha256(data):
    return hashlib.sha256(data).digest()


def b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---- trees: RFC 9162 section 2.1 --------------------------------------------


def leaf_hash(entry):
    return sha256(b"\0" + entry)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def tree_root(hashes):
    """Of leaf hashes. Pairing upward, an odd one going up as it is, makes the
    same tree as the specification's splitting downward."""
    level = list(hashes)
    if not level:
        return sha256(b"")
    while len(level) > 1:
        up = [node_hash(level[i], level[i + 1])
              for i in range(0, len(level) - 1, 2)]
        level = up + level[len(up) * 2:]
    return level[0]


def root_from_inclusion(index, size, leaf, path):
    """Section 2.1.3.2; None when the path has the wrong length."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def is_consistent(old_size, old_root, size, root, path):
    """Section 2.1.4.2."""
    if old_size == size:
        return not path and old_root == root
    if old_size == 0:
        return not path
    if old_size > size:
        return False
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


# ---- notes, checkpoints, proofs: C2SP ---------------------------------------


class Checkpoint:
    """A checkpoint that the key of the log has signed, or an error."""

    def __init__(self, note, vkey):
        name, key_id, key = vkey.split("+", 2)
        key = base64.b64decode(key)
        assert key[0] == 1, "no Ed25519 key"
        text, _, signatures = note.rpartition("\n\n")
        self.text = text + "\n"
        self.note = note
        want = sha256(name.encode() + b"\n" + key)[:4]
        assert want.hex() == key_id, "the key's id is not its hash"
        good = False
        assert signatures.endswith("\n")
        for line in signatures[:-1].split("\n"):
            dash, signer, blob = line.split(" ")
            assert dash == "\u2014"
            blob = base64.b64decode(blob)
            if signer == name and blob[:4] == want:
                assert ed25519_verify(key[1:], self.text.encode(), blob[4:]), \
                    "the checkpoint's signature does not verify"
                good = True
        assert good, "the log's key has not signed the checkpoint"
        lines = self.text.split("\n")
        assert lines[3:] == [""], "not three lines"
        self.origin, self.size = lines[0], int(lines[1])
        self.root = base64.b64decode(lines[2])
        assert self.origin == name and str(self.size) == lines[1]
        assert len(self.root) == 32

    def extends(self, old, path):
        return is_consistent(old.size, old.root, self.size, self.root, path)


class Proof:
    """A .tlog-proof, verified down to the log's signature."""

    def __init__(self, text, vkey, known=None):
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        assert lines[1].startswith("extra ") and lines[2].startswith("index ")
        self.leaf = base64.b64decode(lines[1][6:])
        self.index = int(lines[2][6:])
        self.path = [base64.b64decode(x) for x in lines[3:]]
        if known is not None and known.note == note:
            self.checkpoint = known  # verified already
        else:
            self.checkpoint = Checkpoint(note, vkey)
        c = self.checkpoint
        got = root_from_inclusion(
            self.index, c.size, leaf_hash(self.leaf), self.path)
        assert got == c.root, f"leaf {self.index} leads to another root"

    def fields(self):
        tag = cbor_decode(self.leaf)
        assert isinstance(tag, Tag) and tag.number == 0x42524C31
        return tag.value


def tile_path(level, n, width=256):
    """tile/<level>/<n>[.p/<width>], n in groups of three digits."""
    text = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03d}/{text}"
    part = f".p/{width}" if width < 256 else ""
    return f"/tile/{level}/{text}{part}"


# ---- CBOR: RFC 8949 ---------------------------------------------------------


class Tag:
    def __init__(self, number, value):
        self.number = number
        self.value = value


def _head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if n < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | code]) + struct.pack(form, n)
    raise ValueError(n)


def cbor(v):
    """Deterministic encoding (section 4.2.1)."""
    if v is None:
        return b"\xf6"
    if isinstance(v, bool):
        return b"\xf5" if v else b"\xf4"
    if isinstance(v, int):
        return _head(0, v) if v >= 0 else _head(1, -1 - v)
    if isinstance(v, bytes):
        return _head(2, len(v)) + v
    if isinstance(v, str):
        return _head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return _head(4, len(v)) + b"".join(cbor(x) for x in v)
    if isinstance(v, dict):
        pairs = sorted((cbor(k), cbor(x)) for k, x in v.items())
        return _head(5, len(v)) + b"".join(k + x for k, x in pairs)
    if isinstance(v, Tag):
        return _head(6, v.number) + cbor(v.value)
    raise TypeError(type(v))


def _item(b, at):
    major, info = b[at] >> 5, b[at] & 31
    at += 1
    n = info
    if 24 <= info <= 27:
        size = 1 << (info - 24)
        n = int.from_bytes(b[at:at + size], "big")
        at += size
    elif info > 27:
        raise ValueError("indefinite or reserved")
    if major == 0:
        return n, at
    if major == 1:
        return -1 - n, at
    if major in (2, 3):
        if at + n > len(b):
            raise ValueError("truncated")
        v = b[at:at + n]
        return (v if major == 2 else v.decode()), at + n
    if major == 4:
        out = []
        for _ in range(n):
            v, at = _item(b, at)
            out.append(v)
        return out, at
    if major == 5:
        out = {}
        for _ in range(n):
            k, at = _item(b, at)
            out[k], at = _item(b, at)
        return out, at
    if major == 6:
        v, at = _item(b, at)
        return Tag(n, v), at
    return {20: False, 21: True, 22: None}[n], at


def cbor_decode(b):
    v, at = _item(b, 0)
    assert at == len(b), "bytes after the end"
    return v


# ---- keys: libsodium, RFC 9679, docs/keys.md --------------------------------

_sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
_sodium.sodium_init()
_sodium.crypto_pwhash.argtypes = [
    ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_char_p, ctypes.c_ulonglong,
    ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_size_t, ctypes.c_int]


def _long(n):
    return ctypes.c_ulonglong(n)


def ed25519_verify(public, message, signature):
    assert len(public) == 32
    return len(signature) == 64 and _sodium.crypto_sign_verify_detached(
        signature, message, _long(len(message)), public) == 0


def vkey(name, kind, public):
    """A verifier key of C2SP signed-note: kind 1 of a log, 4 of a witness."""
    raw = bytes([kind]) + public
    key_id = sha256(name.encode() + b"\n" + raw)[:4].hex()
    return f"{name}+{key_id}+{base64.b64encode(raw).decode()}"


class Key:
    """An Ed25519 key pair from its seed."""

    def __init__(self, seed):
        public = ctypes.create_string_buffer(32)
        secret = ctypes.create_string_buffer(64)
        assert _sodium.crypto_sign_seed_keypair(public, secret, seed) == 0
        self.public, self.secret = public.raw, secret.raw
        self.kid = sha256(cbor({1: 1, -1: 6, -2: self.public}))

    def sign(self, message):
        out = ctypes.create_string_buffer(64)
        _sodium.crypto_sign_detached(
            out, None, message, _long(len(message)), self.secret)
        return out.raw

    @classmethod
    def open(cls, path, passphrase):
        """A key file, as docs/keys.md tells it."""
        with open(path, "rb") as f:
            text = f.read()
        f = dict(x.split(" ", 1) for x in text.decode().splitlines()[1:])
        key = ctypes.create_string_buffer(32)
        secret = ctypes.create_string_buffer(32)
        header = text[:text.index(b"sealed ")]
        sealed = b64url(f["sealed"])
        assert _sodium.crypto_pwhash(
            key, 32, passphrase, len(passphrase), b64url(f["salt"]),
            int(f["argon2id-ops"]), int(f["argon2id-kib"]) * 1024, 2) == 0
        assert _sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            secret, None, None, sealed, _long(len(sealed)), header,
            _long(len(header)), b64url(f["nonce"]), key) == 0, "passphrase"
        k = cls(secret.raw)
        assert k.public == b64url(f["public"])
        return k

    @staticmethod
    def cheapen(path, passphrase):
        """Seal a key file anew at the least cost that a node accepts: for
        tests that start a node many times."""
        with open(path, "rb") as f:
            text = f.read()
        f = dict(x.split(" ", 1) for x in text.decode().splitlines()[1:])
        key = ctypes.create_string_buffer(32)
        salt, nonce = b64url(f["salt"]), b64url(f["nonce"])
        header = text[:text.index(b"sealed ")]

        def derive(ops, kib):
            assert _sodium.crypto_pwhash(
                key, 32, passphrase, len(passphrase), salt, ops, kib * 1024,
                2) == 0

        secret = ctypes.create_string_buffer(32)
        sealed = b64url(f["sealed"])
        derive(int(f["argon2id-ops"]), int(f["argon2id-kib"]))
        assert _sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            secret, None, None, sealed, _long(len(sealed)), header,
            _long(len(header)), nonce, key) == 0
        derive(1, 8)
        header = header.replace(
            f"ops {f['argon2id-ops']}\n".encode(), b"ops 1\n").replace(
            f"kib {f['argon2id-kib']}\n".encode(), b"kib 8\n")
        out = ctypes.create_string_buffer(48)
        assert _sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            out, None, secret, _long(32), header, _long(len(header)), None,
            nonce, key) == 0
        with open(path, "wb") as f:
            f.write(header + b"sealed "
                    + base64.urlsafe_b64encode(out.raw) + b"\n")

    @classmethod
    def of_node(cls, data, name="member"):
        with open(f"{data}/keys/passphrase", "rb") as f:
            word = f.readline().rstrip(b"\n")
        return cls.open(f"{data}/keys/{name}.key", word)


# ---- COSE: RFC 9052 ---------------------------------------------------------


def sign1(key, protected, payload, unprotected=None):
    head = cbor(protected)
    tbs = cbor(["Signature1", head, b"", payload])
    return cbor(Tag(18, [head, unprotected or {}, payload, key.sign(tbs)]))


def transaction(key, chain, author, seq, expiry, ops, module=1):
    """docs/formats.md, Transaction. ops: lists of CBOR values."""
    return sign1(key, {1: -8, 4: key.kid},
                 cbor([1, chain, author, seq, expiry, module, ops]))


P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
          0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def _p256_add(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P256_P == 0:
        return None
    if a == b:
        m = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P256_P)
    else:
        m = (b[1] - a[1]) * pow(b[0] - a[0], -1, P256_P)
    x = (m * m - a[0] - b[0]) % P256_P
    return x, (m * (a[0] - x) - a[1]) % P256_P


def _p256_times(k, point):
    r = None
    while k:
        if k & 1:
            r = _p256_add(r, point)
        point = _p256_add(point, point)
        k >>= 1
    return r


def es256_verify(x, y, message, signature):
    """FIPS 186-5 section 6.4.2, for public values only."""
    r, s = (int.from_bytes(signature[i:i + 32], "big") for i in (0, 32))
    if not (0 < r < P256_N and 0 < s < P256_N and len(signature) == 64):
        return False
    w = pow(s, -1, P256_N)
    e = int.from_bytes(sha256(message), "big")
    key = (int.from_bytes(x, "big"), int.from_bytes(y, "big"))
    p = _p256_add(_p256_times(e * w % P256_N, P256_G),
                  _p256_times(r * w % P256_N, key))
    return p is not None and p[0] % P256_N == r


def cose_receipt(receipt, key_set):
    """(protected, leaf, index, size, root) of a verified RFC 9942 receipt."""
    tag = cbor_decode(receipt)
    assert tag.number == 18
    protected, unprotected, payload, signature = tag.value
    head = cbor_decode(protected)
    assert head[1] == -7 and head[395] == 1 and payload is None
    (inclusion,) = unprotected[396][-1]
    size, index, path = cbor_decode(inclusion)
    assert head["size"] == size
    leaf = unprotected["leaf"]
    root = root_from_inclusion(index, size, leaf_hash(leaf), path)
    assert root is not None
    key = next(k for k in cbor_decode(key_set) if k[2] == head[4])
    assert es256_verify(key[-2], key[-3], cbor(
        ["Signature1", protected, b"", root]), signature), "the signature"
    return head, leaf, index, size, root
