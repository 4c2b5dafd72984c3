/*
 * A judge of COSE receipts: all of RFC 9942 by @transmute/cose, with its own
 * CBOR, its own Merkle tree, its own signatures.
 *
 *   node judge.mjs RECEIPT LEAF KEYS    prints the root, in hexadecimal
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
import { readFileSync } from 'node:fs';
import * as cose from '@transmute/cose';

const read = (path) => new Uint8Array(readFileSync(path));
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

const [receipt, leaf, keys] = process.argv.slice(2).map(read);
const [head] = cose.cbor.decodeFirstSync(receipt).value;
const kid = base64url(cose.cbor.decodeFirstSync(head).get(4));

const key = cose.cbor.decodeFirstSync(keys).find(
  (k) => base64url(k.get(2)) === kid,
);
const jwk = {
  kty: 'EC',
  crv: 'P-256',
  alg: 'ES256',
  x: base64url(key.get(-2)),
  y: base64url(key.get(-3)),
};
const root = await cose.receipt.inclusion.verify({
  entry: await cose.receipt.leaf(leaf),
  receipt,
  verifier: cose.detached.verifier({
    resolver: { resolve: async () => jwk },
  }),
});
console.log(Buffer.from(root).toString('hex'));
