// The reader of QR codes against libqrencode's: every version and level, and
// pictures that are turned, tilted, small, noisy, dirty.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { repair } from '../../../wallet/web/qr/field.js';
import { readQr } from '../../../wallet/web/qr/find.js';
import { readSymbol } from '../../../wallet/web/qr/symbol.js';

const absent = spawnSync('qrencode', ['--version']).error
  ? 'no qrencode (package qrencode)' : false;

/** Modules as qrencode prints them. */
function encode(text, version, level, ...more) {
  const printed = execFileSync('qrencode', ['-t', 'ASCIIi', '-m', '0', '-l', level,
    '-v', String(version), ...more, '-o', '-', '--', text], { encoding: 'utf8' });
  const rows = printed.split('\n').filter((r) => r.length > 0);
  return { size: rows.length, dark: (x, y) => rows[y][2 * x] === ' ' };
}

const sizeOf = (version) => version * 4 + 17;

/** Numbers that look random and are the same each time. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A picture of a symbol: turned (radians), tilted, with noise, in uneven light. */
function draw(symbol, { scale, turn = 0, tilt = 0, noise = 0, shade = 0 }) {
  const random = generator(7);
  const width = Math.round((symbol.size + 8) * scale * 1.5) + 20;
  const data = new Uint8ClampedArray(width * width * 4);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - width / 2, y - width / 2];
      const far = (1 + tilt * dx / width) / scale;
      const i = Math.floor((cos * dx + sin * dy) * far + symbol.size / 2);
      const j = Math.floor((cos * dy - sin * dx) * far + symbol.size / 2);
      const inside = i >= 0 && j >= 0 && i < symbol.size && j < symbol.size;
      const value = (inside && symbol.dark(i, j) ? 60 : 190) -
        shade * (x + y) / (2 * width) + noise * (random() - 0.5);
      data.fill(value, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height: width, data };
}

test('every version and level', { skip: absent }, () => {
  for (const level of 'LMQH') {
    for (let version = 1; version <= 40; version++) {
      const text = version === 1 ? 'ab' : `https://x.example/?${'é'.repeat(version)}`
        .slice(0, version * 6);
      const symbol = encode(text, version, level);
      if (symbol.size === sizeOf(version)) { // else it did not fit
        assert.equal(readSymbol(symbol), text, `${version}-${level}`);
      }
    }
  }
});

test('digits, capitals, and both with bytes', { skip: absent }, () => {
  for (const text of ['0', '12', '0123456789012', 'HELLO WORLD $%*+-./:', 'A',
    '0000000000ABCDEFGHabcdefgh1234567890', 'Ünïcödé ✓']) {
    assert.equal(readSymbol(encode(text, 5, 'M')), text);
  }
});

test('a quarter of the bytes wrong is repaired, more is not read', () => {
  const block = [64, 86, 134, 86, 198, 198, 242, 194, 4, 132, 20, 37, 34, 16, 236,
    17];
  const check = [18, 52, 86]; // not its own: too far from any
  assert.equal(repair([...block, ...check, ...check], 6), false);
  const zeros = new Array(30).fill(0);
  for (const places of [[0], [3, 9], [0, 1, 2, 3, 4], [29, 15]]) {
    const dirty = zeros.slice();
    places.forEach((p, i) => {
      dirty[p] = 17 * (i + 1);
    });
    assert.equal(repair(dirty, 10), true, String(places));
    assert.deepEqual(dirty, zeros);
  }
  const dirty = zeros.map((_, i) => (i < 8 ? 1 + i : 0));
  assert.equal(repair(dirty, 10), false);
});

test('pictures: turned, tilted, small, noisy, in the shade', { skip: absent }, () => {
  const text = `openid4vp://?client_id=x509_hash%3A${'aB3-'.repeat(11)}` +
    '&request_uri=http%3A%2F%2F127.0.0.1%3A8450%2Fvp%2Frequests%2F0123456789abcdef';
  const symbol = encode(text, 12, 'Q');
  for (const turn of [0, 0.2, 0.8, Math.PI / 2, 2.6, 4]) {
    for (const how of [{ scale: 3 }, { scale: 4, tilt: 0.12 },
      { scale: 4, noise: 60 }, { scale: 5, shade: 120, noise: 20 }]) {
      assert.equal(readQr(draw(symbol, { ...how, turn })), text,
        JSON.stringify({ ...how, turn }));
    }
  }
});

test('a code with a stain, and a mirrored one', { skip: absent }, () => {
  const symbol = encode('https://example.org/', 6, 'H');
  const stained = { size: symbol.size, dark: (x, y) =>
    (x - 20) ** 2 + (y - 22) ** 2 < 30 || symbol.dark(x, y) };
  const mirrored = { size: symbol.size, dark: (x, y) => symbol.dark(y, x) };
  for (const s of [stained, mirrored]) {
    assert.equal(readQr(draw(s, { scale: 4 })), 'https://example.org/');
  }
});

test('no code in what is none', () => {
  const random = generator(1);
  for (const value of [() => 0, () => 255, () => 256 * random(),
    (i) => (i % 28 < 14 ? 0 : 255)]) {
    const data = new Uint8ClampedArray(200 * 150 * 4);
    for (let i = 0; i < 200 * 150; i++) {
      data.fill(value(i), i * 4, i * 4 + 3);
    }
    assert.equal(readQr({ width: 200, height: 150, data }), null);
  }
  assert.equal(readQr({ width: 1, height: 1, data: new Uint8ClampedArray(4) }), null);
});

test('symbols of noise end without a text or an exception', () => {
  const random = generator(3);
  for (let version = 1; version <= 40; version++) {
    const size = sizeOf(version);
    const bits = Uint8Array.from({ length: size * size },
      () => (random() < 0.5 ? 1 : 0));
    readSymbol({ size, dark: (x, y) => bits[y * size + x] === 1 });
  }
});
