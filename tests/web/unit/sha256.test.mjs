// SHA-256 against the standard and against the system's.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toHex, utf8 } from '../../../node/web/bytes.js';
import { Sha256, sha256 } from '../../../node/web/sha256.js';

const reference = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Reproducible bytes. */
function noise(length, seed = 1) {
  const out = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    out[i] = x >>> 16;
  }
  return out;
}

test('FIPS 180-4 examples', () => {
  assert.equal(toHex(sha256(utf8('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(toHex(sha256()),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('every length around the blocks is as the system computes it', () => {
  for (let n = 0; n <= 200; n++) {
    assert.equal(toHex(sha256(noise(n))), reference(noise(n)), `${n} bytes`);
  }
});

test('in pieces as at once', () => {
  const all = noise(10000);
  for (const piece of [1, 7, 63, 64, 65, 127, 4096]) {
    const h = new Sha256();
    for (let at = 0; at < all.length; at += piece) {
      h.update(all.subarray(at, at + piece));
    }
    assert.equal(toHex(h.finish()), reference(all), `pieces of ${piece}`);
  }
});

test('more than a megabyte', () => {
  assert.equal(toHex(sha256(noise(1 << 21))), reference(noise(1 << 21)));
});
