// The decoder of leaves: RFC 8949 vectors, refusals, leaves of each kind.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../node/web/bytes.js';
import { decodeCbor, Tagged } from '../../../node/web/cbor.js';
import { parseLeaf } from '../../../node/web/leaf.js';

const decode = (hex) => decodeCbor(fromHex(hex));
const LEAF = 'da42524c3185011b00064748428cb9066461636d651258209e3e6cc8' +
  '00'.repeat(28);

test('RFC 8949 appendix A, what leaves are made of', () => {
  const vectors = [
    ['00', 0n], ['17', 23n], ['1818', 24n], ['1864', 100n], ['1903e8', 1000n],
    ['1a000f4240', 1000000n], ['1b000000e8d4a51000', 1000000000000n],
    ['1bffffffffffffffff', 18446744073709551615n], ['60', ''],
    ['6449455446', 'IETF'], ['62c3bc', 'ü'], ['80', []],
    ['8301820203820405', [1n, [2n, 3n], [4n, 5n]]],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['c11a514b67b0', new Tagged(1n, 1363896240n)],
  ];
  for (const [hex, value] of vectors) {
    assert.deepEqual(decode(hex), value, hex);
  }
});

test('numbers written longer than needed are refused', () => {
  for (const hex of ['1800', '1817', '190000', '1900ff', '1a0000ffff',
    '1b00000000ffffffff', '580100', '9800', 'd80100']) {
    assert.throws(() => decode(hex), { code: 'not-canonical' }, hex);
  }
});

test('indefinite lengths and reserved ones are refused', () => {
  for (const hex of ['9fff', '5fff', '7fff', '1c', '1d', '1e']) {
    assert.throws(() => decode(hex), { code: 'not-canonical' }, hex);
  }
});

test('what ends too early, goes on, or nests too deeply', () => {
  for (const hex of ['', '18', '19ff', '4401', '8201', 'c1', '9affffffff']) {
    assert.throws(() => decode(hex), { code: 'truncated' }, hex);
  }
  assert.throws(() => decode('0000'), { code: 'trailing-bytes' });
  assert.throws(() => decode('81'.repeat(30) + '00'), { code: 'too-large' });
  assert.throws(() => decode('61ff'), { code: 'bad-utf8' });
});

test('maps, negatives and floats are not in a leaf', () => {
  for (const hex of ['a0', '20', 'f4', 'f6', 'f93c00']) {
    assert.throws(() => decode(hex), { code: 'unsupported' }, hex);
  }
});

test('a stamp', () => {
  const leaf = parseLeaf(fromHex(LEAF));
  assert.equal(leaf.kind, 'stamp');
  assert.equal(leaf.author, 'acme');
  assert.equal(leaf.timeUs, 1767225540000006);
  assert.equal(leaf.alg, 'sha-256');
  assert.equal(toHex(leaf.digest), `9e3e6cc8${'00'.repeat(28)}`);
});

test('a record, a member change, a raw leaf', () => {
  const record = parseLeaf(fromHex(
    `da42524c3188020161615820${'11'.repeat(32)}0203125820${'22'.repeat(32)}`));
  assert.equal(record.kind, 'record');
  assert.deepEqual([record.step, record.version], [2, 3n]);
  assert.equal(parseLeaf(fromHex(
    `da42524c3185030161 61 01 5820${'33'.repeat(32)}`.replaceAll(' ', ''))).kind,
  'member');
  const registry = parseLeaf(fromHex(
    `da42524c31850401616101 5820${'33'.repeat(32)}`.replaceAll(' ', '')));
  assert.deepEqual([registry.kind, registry.change], ['registry', 1n]);
  assert.equal(parseLeaf(fromHex('68656c6c6f')).kind, 'raw');
  assert.equal(parseLeaf(new Uint8Array()).kind, 'raw');
});

test('leaves that nobody writes are refused', () => {
  const bad = [
    LEAF.replace('8501', '8505'), // unknown kind
    LEAF.replace('125820', '155820'), // unknown algorithm
    LEAF.replace('125820', '135820'), // digest too short for sha-512
    LEAF.replace('6461636d65', '6441636d65'), // capital in the author
    LEAF.replace('1b0006', '1b0026'), // a time past 2^53
    LEAF + '00', LEAF.slice(0, -2),
  ];
  for (const hex of bad) {
    assert.throws(() => parseLeaf(fromHex(hex)), undefined, hex);
  }
});
