// Inclusion proofs: an exhaustive small world against the RFC.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '../../../node/web/bytes.js';
import {
  leafHash, nodeHash, rootFromInclusion,
} from '../../../node/web/merkle.js';

/** RFC 9162 section 2.1.1 and 2.1.3.1, as they are written. */
const split = (n) => 2 ** Math.floor(Math.log2(n - 1));

function root(leaves) {
  if (leaves.length === 1) {
    return leaves[0];
  }
  const k = split(leaves.length);
  return nodeHash(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function path(m, leaves) {
  if (leaves.length === 1) {
    return [];
  }
  const k = split(leaves.length);
  return m < k ? [...path(m, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

const tree = (n) => Array.from({ length: n }, (_, i) => leafHash(utf8(`${i}`)));

test('the hash of an empty leaf', () => {
  assert.equal(toHex(leafHash(new Uint8Array())),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
});

test('every leaf of every tree up to 33 leads to its root', () => {
  for (let n = 1; n <= 33; n++) {
    const leaves = tree(n);
    const want = root(leaves);
    for (let m = 0; m < n; m++) {
      assert.deepEqual(rootFromInclusion(BigInt(m), BigInt(n), leaves[m],
        path(m, leaves)), want, `${m} of ${n}`);
    }
  }
});

test('another leaf, index or hash leads elsewhere or nowhere', () => {
  for (let n = 2; n <= 12; n++) {
    const leaves = tree(n);
    const want = root(leaves);
    for (let m = 0; m < n; m++) {
      const proof = path(m, leaves);
      for (let other = 0; other < n; other++) {
        if (other === m) {
          continue;
        }
        assert.notDeepEqual(rootFromInclusion(BigInt(m), BigInt(n),
          leaves[other], proof), want);
        let got = null;
        try {
          got = rootFromInclusion(BigInt(other), BigInt(n), leaves[m], proof);
        } catch (error) {
          assert.equal(error.code, 'proof-invalid');
        }
        assert.notDeepEqual(got, want, `${other} for ${m} of ${n}`);
      }
    }
  }
});

test('paths of a wrong length are refused', () => {
  const leaves = tree(7);
  const proof = path(2, leaves);
  const refused = { code: 'proof-invalid' };
  const at = (m, n, p) => () => rootFromInclusion(m, n, leaves[2], p);
  assert.throws(at(2n, 7n, proof.slice(1)), refused);
  assert.throws(at(2n, 7n, [...proof, proof[0]]), refused);
  assert.throws(at(7n, 7n, proof), refused);
  assert.throws(at(0n, 0n, []), refused);
});
