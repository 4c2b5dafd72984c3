"""A judge of COSE receipts and SCITT statements, on pycose and cbor2.

  cose.py receipt RECEIPT KEYS           verify: {leaf, index, size, root, claims}
  cose.py sign ALG SECRET SUBJECT OUT    a statement; its payload is the input
  cose.py attach STATEMENT RECEIPT OUT   a transparent statement
  cose.py transparent FILE KEYS PUBLIC   verify a transparent statement

SECRET and PUBLIC are hexadecimal; an Ed25519 seed or key, or P-256's d or x, y.

SPDX-License-Identifier: EUPL-1.2
"""

import hashlib
import json
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pycose.algorithms import EdDSA, Es256
from pycose.headers import Algorithm, KID
from pycose.keys import CoseKey, EC2Key, OKPKey
from pycose.keys.curves import P256, Ed25519
from pycose.messages import CoseMessage, Sign1Message

CWT_CLAIMS, RECEIPTS, VDS, VDP = 15, 394, 395, 396


def read(path):
    with open(path, "rb") as f:
        return f.read()


def sha(data):
    return hashlib.sha256(data).digest()


def root_of(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    assert index < size
    fn, sn, r = index, size - 1, sha(b"\0" + leaf)
    for p in path:
        assert sn != 0
        if fn & 1 or fn == sn:
            r = sha(b"\1" + p + r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


def receipt(data, keys):
    """RFC 9942, section 5.2: what a receipt proves. pycose verifies the
    signature over the root that the path leads to."""
    msg = CoseMessage.decode(data)
    assert isinstance(msg, Sign1Message) and msg.payload is None
    assert msg.phdr[Algorithm] is Es256 and msg.phdr[VDS] == 1
    (inclusion,) = msg.uhdr[VDP][-1]
    size, index, path = cbor2.loads(inclusion)
    assert msg.phdr["size"] == size
    leaf = msg.uhdr["leaf"]
    root = root_of(leaf, index, size, path)
    msg.key = next(CoseKey.from_dict(k) for k in cbor2.loads(keys)
                   if k[2] == msg.phdr[KID])
    assert msg.verify_signature(root), "the receipt's signature"
    claims = msg.phdr.get(CWT_CLAIMS, {})
    return {"leaf": leaf.hex(), "index": index, "size": size,
            "root": root.hex(), "claims": [claims.get(1), claims.get(2)]}


def secret_key(alg, secret):
    if alg == "EdDSA":
        public = ed25519.Ed25519PrivateKey.from_private_bytes(
            secret).public_key().public_bytes_raw()
        return OKPKey(crv=Ed25519, x=public, d=secret), EdDSA
    n = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    n = n.public_key().public_numbers()
    return EC2Key(crv=P256, x=n.x.to_bytes(32, "big"),
                  y=n.y.to_bytes(32, "big"), d=secret), Es256


def public_key(public):
    if len(public) == 32:
        return OKPKey(crv=Ed25519, x=public)
    return EC2Key(crv=P256, x=public[:32], y=public[32:])


def thumbprint(key):
    """RFC 9679."""
    parts = {1: 1, -1: 6, -2: key.x} if isinstance(key, OKPKey) else {
        1: 2, -1: 1, -2: key.x, -3: key.y}
    return sha(cbor2.dumps(parts, canonical=True))


def sign(alg, secret, subject, out):
    key, cose_alg = secret_key(alg, bytes.fromhex(secret))
    msg = Sign1Message(
        phdr={Algorithm: cose_alg, 3: "text/plain", KID: thumbprint(key),
              CWT_CLAIMS: {1: "https://issuer.example", 2: subject}},
        payload=sys.stdin.buffer.read(), key=key)
    with open(out, "wb") as f:
        f.write(msg.encode())
    public = key.x + (b"" if alg == "EdDSA" else key.y)
    return {"public": public.hex(), "kid": thumbprint(key).hex()}


def attach(statement, one, out):
    tag = cbor2.loads(read(statement))
    tag.value[1][RECEIPTS] = [read(one)]
    with open(out, "wb") as f:
        f.write(cbor2.dumps(tag))
    return {}


def transparent(path, keys, public):
    """RFC 9943: the issuer's signature, and each receipt of the statement."""
    data = read(path)
    msg = CoseMessage.decode(data)
    msg.key = public_key(bytes.fromhex(public))
    assert msg.verify_signature(), "the issuer's signature"
    tag = cbor2.loads(data)
    receipts = tag.value[1].pop(RECEIPTS)
    assert tag.value[1] == {} and len(receipts) > 0
    bare = sha(cbor2.dumps(tag))
    proven = [receipt(r, read(keys)) for r in receipts]
    for p in proven:
        fields = cbor2.loads(bytes.fromhex(p["leaf"])).value
        assert fields[0] == 1 and fields[3:] == [0x12, bare], "its digest"
        assert p["claims"][1] == msg.phdr[CWT_CLAIMS][2], "its subject"
    return {"payload": msg.payload.decode(), "receipts": proven}


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "receipt":
        answer = receipt(read(args[0]), read(args[1]))
    else:
        answer = {"sign": sign, "attach": attach,
                  "transparent": transparent}[command](*args)
    print(json.dumps(answer))


main()
