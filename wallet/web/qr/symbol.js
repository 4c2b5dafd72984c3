// A QR code's modules as the text that they say (ISO/IEC 18004). A symbol is
// {size, dark(x, y)}; what cannot be repaired is null.
// SPDX-License-Identifier: EUPL-1.2
import { repair } from './field.js';

/* Of versions 1 to 40, a row for each level, L, M, Q, H: check bytes of a block,
 * and how many blocks there are (table 9). */
const CHECK = [
  [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
  [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
  [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
];
const BLOCKS = [
  [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
  [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
  [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68],
  [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81],
];
const LEVELS = [1, 0, 3, 2]; // the two bits of the format, as rows above

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/* ---- format and version -------------------------------------------------- */

/** A number and the check bits of a BCH code behind it. */
function bch(value, generator, checkBits) {
  let rest = value << checkBits;
  const top = 31 - Math.clz32(generator);
  while (rest >= 1 << checkBits) {
    rest ^= generator << (31 - Math.clz32(rest) - top);
  }
  return (value << checkBits) | rest;
}

function ones(n) {
  let count = 0;
  for (let v = n; v !== 0; v &= v - 1) {
    count++;
  }
  return count;
}

/** The number whose code is nearest to these bits, three wrong ones at most. */
function nearest(bits, from, to, code) {
  let best = null;
  let least = 4;
  for (let v = from; v <= to; v++) {
    const distance = Math.min(...bits.map((b) => ones(b ^ code(v))));
    if (distance < least) {
      [best, least] = [v, distance];
    }
  }
  return best;
}

const gather = (symbol, places) =>
  places.reduce((bits, [x, y]) => (bits << 1) | (symbol.dark(x, y) ? 1 : 0), 0);

function formatOf(symbol) {
  const end = symbol.size - 1;
  const first = [];
  const second = [];
  for (let i = 0; i < 15; i++) { // the highest bit first
    const near = i < 6 ? i : i === 6 ? 7 : i === 7 ? 8 : 14 - i;
    first.push(i < 8 ? [near, 8] : [8, i === 8 ? 7 : near]);
    second.push(i < 7 ? [8, end - i] : [end - 14 + i, 8]);
  }
  return nearest([gather(symbol, first), gather(symbol, second)], 0, 31,
    (v) => bch(v, 0x537, 10) ^ 0x5412);
}

/** From its version bits; null below version 7, which has none. */
export function versionOf(symbol) {
  const far = symbol.size - 11;
  const right = [];
  const below = [];
  for (let i = 17; i >= 0; i--) {
    const [a, b] = [far + (i % 3), Math.floor(i / 3)];
    right.push([a, b]);
    below.push([b, a]);
  }
  return nearest([gather(symbol, right), gather(symbol, below)], 7, 40,
    (v) => bch(v, 0x1f25, 12));
}

/* ---- where data is ------------------------------------------------------- */

/** Centres of alignment patterns, along one side (annex E). */
function centres(version) {
  if (version === 1) {
    return [];
  }
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26
    : Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const places = [6];
  for (let i = count - 2; i >= 0; i--) {
    places.push(version * 4 + 10 - i * step);
  }
  return places;
}

/** A map of the modules that hold no data. */
function fixedOf(version) {
  const size = version * 4 + 17;
  const map = new Uint8Array(size * size);
  const fill = (x, y, width, height) => {
    for (let j = Math.max(0, y); j < Math.min(size, y + height); j++) {
      map.fill(1, j * size + Math.max(0, x), j * size + Math.min(size, x + width));
    }
  };
  fill(0, 0, 9, 9);
  fill(size - 8, 0, 8, 9);
  fill(0, size - 8, 9, 8);
  fill(6, 0, 1, size);
  fill(0, 6, size, 1);
  const places = centres(version);
  const last = places.length - 1;
  places.forEach((x, i) => places.forEach((y, j) => {
    const finder = (i === 0 && j === 0) || (i === 0 && j === last) ||
      (i === last && j === 0);
    if (!finder) {
      fill(x - 2, y - 2, 5, 5);
    }
  }));
  if (version >= 7) {
    fill(size - 11, 0, 3, 6);
    fill(0, size - 11, 6, 3);
  }
  return map;
}

/** The bytes in the order in which they were placed (section 7.7.3). */
function bytesOf(symbol, version, mask) {
  const { size } = symbol;
  const fixed = fixedOf(version);
  const bytes = [];
  let byte = 0;
  let bits = 0;
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    right -= right === 6 ? 1 : 0;
    for (let i = 0; i < size; i++) {
      const y = up ? size - 1 - i : i;
      for (const x of [right, right - 1]) {
        if (fixed[y * size + x] === 0) {
          byte = (byte << 1) | (symbol.dark(x, y) !== mask(x, y) ? 1 : 0);
          bits = (bits + 1) % 8;
          if (bits === 0) {
            bytes.push(byte);
            byte = 0;
          }
        }
      }
    }
    up = !up;
  }
  return bytes;
}

/** Blocks taken apart, repaired, and their data in order. */
function dataOf(bytes, version, level) {
  const check = CHECK[level][version - 1];
  const count = BLOCKS[level][version - 1];
  const short = Math.floor(bytes.length / count) - check;
  const longs = bytes.length % count;
  const blocks = Array.from({ length: count }, () => []);
  let at = 0;
  for (let i = 0; i <= short + check; i++) {
    for (let b = 0; b < count; b++) {
      const has = i !== short || b >= count - longs;
      if (has && at < bytes.length) {
        blocks[b].push(bytes[at++]);
      }
    }
  }
  return blocks.every((b) => repair(b, check))
    ? blocks.flatMap((b) => b.slice(0, b.length - check)) : null;
}

/* ---- what it says -------------------------------------------------------- */

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const UTF8 = new TextEncoder();

class Bits {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get left() {
    return this.bytes.length * 8 - this.at;
  }

  take(count) {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + ((this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }
}

const READERS = {
  1: { sizes: [10, 12, 14], read: (bits, count) => { // digits, by threes
    let text = '';
    for (let n = count; n > 0; n -= 3) {
      const width = Math.min(n, 3);
      text += String(bits.take([0, 4, 7, 10][width])).padStart(width, '0');
    }
    return UTF8.encode(text);
  } },
  2: { sizes: [9, 11, 13], read: (bits, count) => { // capitals, by twos
    let text = '';
    for (let n = count; n > 1; n -= 2) {
      const pair = bits.take(11);
      text += LETTERS[Math.floor(pair / 45)] + LETTERS[pair % 45];
    }
    return UTF8.encode(count % 2 === 1 ? text + LETTERS[bits.take(6)] : text);
  } },
  4: { sizes: [8, 16, 16], read: (bits, count) =>
    Uint8Array.from({ length: Math.min(count, bits.left >> 3) },
      () => bits.take(8)) },
};

/** Modes that we do not read (kanji, parts of a larger message) are null. */
function textOf(data, version) {
  const bits = new Bits(data);
  const size = version < 10 ? 0 : version < 27 ? 1 : 2;
  const parts = [];
  while (bits.left >= 4) {
    const mode = bits.take(4);
    if (mode === 0) {
      break;
    }
    if (mode === 7) { // another character set: we try UTF-8 all the same
      bits.take(bits.take(1) === 0 ? 7 : bits.take(1) === 0 ? 14 : 21);
      continue;
    }
    const reader = READERS[mode];
    if (reader === undefined) {
      return null;
    }
    parts.push(...reader.read(bits, bits.take(reader.sizes[size])));
  }
  const bytes = Uint8Array.from(parts);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** The text of a symbol, or null. */
export function readSymbol(symbol) {
  const version = (symbol.size - 17) / 4;
  const format = formatOf(symbol);
  if (format === null || version < 1 || version > 40) {
    return null;
  }
  const bytes = bytesOf(symbol, version, MASKS[format & 7]);
  const data = dataOf(bytes, version, LEVELS[format >> 3]);
  return data === null ? null : textOf(data, version);
}
