// RFC 9162 section 2.1 over SHA-256: leaf hashes and inclusion.
// SPDX-License-Identifier: EUPL-1.2
import { Refusal } from './bytes.js';
import { sha256 } from './sha256.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(entry) {
  return sha256(LEAF, entry);
}

export function nodeHash(left, right) {
  return sha256(NODE, left, right);
}

function invalid(message) {
  return new Refusal('proof-invalid', message);
}

/** Section 2.1.3.2: the root that a path leads to. index and size are BigInt,
 *  hashes have 32 bytes. */
export function rootFromInclusion(index, size, leaf, path) {
  if (index >= size) {
    throw invalid('the index is not in the tree');
  }
  let fn = index;
  let sn = size - 1n;
  let r = leaf;
  for (const p of path) {
    if (sn === 0n) {
      throw invalid('the path is too long');
    }
    if ((fn & 1n) === 1n || fn === sn) {
      r = nodeHash(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = nodeHash(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) {
    throw invalid('the path is too short');
  }
  return r;
}
