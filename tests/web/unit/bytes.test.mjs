// Text and bytes: what is not canonical is refused.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fromBase64, fromDecimal, fromHex, fromUtf8, toBase64, toHex,
} from '../../../node/web/bytes.js';

test('base64 and hexadecimal round trips', () => {
  for (let n = 0; n < 70; n++) {
    const b = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) & 255);
    assert.equal(toBase64(b), Buffer.from(b).toString('base64'));
    assert.deepEqual(fromBase64(toBase64(b)), b);
    assert.deepEqual(fromHex(toHex(b)), b);
  }
});

test('base64 that nobody would write is refused', () => {
  for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'AA=A', 'AA==\n', ' AAA',
    'AA-_', 'AAAA=', '====']) {
    assert.throws(() => fromBase64(text), { code: 'malformed' }, text);
  }
});

test('decimal numbers of 64 bits', () => {
  assert.equal(fromDecimal('0'), 0n);
  assert.equal(fromDecimal('18446744073709551615'), (1n << 64n) - 1n);
  for (const text of ['', '00', '01', '-1', '1.0', '1e3', ' 1', '1\n',
    '18446744073709551616']) {
    assert.throws(() => fromDecimal(text), { code: 'malformed' }, text);
  }
});

test('text must be UTF-8, and a byte order mark stays', () => {
  assert.throws(() => fromUtf8(Uint8Array.of(0xc0, 0x80)), { code: 'bad-utf8' });
  assert.equal(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), '\ufeffA');
});
