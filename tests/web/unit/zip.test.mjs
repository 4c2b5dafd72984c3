// The archive of receipts: check values known elsewhere, and the layout.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, zip } from '../../../node/web/zip.js';

const text = (s) => new TextEncoder().encode(s);

test('CRC-32 has its published check value', () => {
  assert.equal(crc32(text('123456789')), 0xcbf43926);
  assert.equal(crc32(text('')), 0);
});

test('an archive ends with its directory, where it says', () => {
  const bytes = zip([{ name: 'è.txt', text: 'one' },
    { name: 'b', text: '' }], new Date(2026, 10, 26, 12, 30, 8));
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end, true), 0x06054b50);
  assert.equal(view.getUint16(end + 10, true), 2);
  const at = view.getUint32(end + 16, true);
  assert.equal(at + view.getUint32(end + 12, true), end);
  assert.equal(view.getUint32(at, true), 0x02014b50);
  assert.equal(view.getUint16(at + 8, true), 0x0800, 'names are UTF-8');
  assert.equal(view.getUint16(at + 12, true), 12 << 11 | 30 << 5 | 4);
  assert.equal(view.getUint16(at + 14, true), 46 << 9 | 11 << 5 | 26);
  assert.equal(view.getUint32(at + 16, true), crc32(text('one')));
  assert.equal(view.getUint16(at + 28, true), 6);
});

test('an empty archive is one', () => {
  const bytes = zip([], new Date(2026, 0, 1));
  assert.equal(bytes.length, 22);
});
