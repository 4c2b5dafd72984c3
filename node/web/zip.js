// A ZIP archive of small texts, stored as they are: many receipts in one
// download. Names are UTF-8, which bit 11 of the flags says (APPNOTE 4.4.4).
// SPDX-License-Identifier: EUPL-1.2
import { concat } from './bytes.js';

const VERSION = 20;
const UTF8_NAMES = 0x0800;
const DIRECTORY_MARK = 0x02014b50;
const FILE_MARK = 0x04034b50;
const END_MARK = 0x06054b50;
const utf8 = new TextEncoder();

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) {
    n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  }
  return n >>> 0;
});

export function crc32(bytes) {
  let c = 0xffffffff;
  for (const b of bytes) {
    c = CRC[(c ^ b) & 0xff] ^ (c >>> 8);
  }
  return (c ^ 0xffffffff) >>> 0;
}

/** Little-endian fields: [width in bytes, value] each. */
function record(...fields) {
  const out = [];
  for (const [width, value] of fields) {
    for (let i = 0; i < width; i++) {
      out.push(Math.floor(value / 2 ** (8 * i)) & 0xff);
    }
  }
  return Uint8Array.from(out);
}

/** MS-DOS date and time, which begin in 1980 and count two seconds. */
function dosTime(date) {
  return ((date.getFullYear() - 1980) * 512 + (date.getMonth() + 1) * 32 +
    date.getDate()) * 65536 + date.getHours() * 2048 +
    date.getMinutes() * 32 + (date.getSeconds() >> 1);
}

/** What the local header and the directory's have in common. */
function common({ name, data }, time) {
  return [[2, UTF8_NAMES], [2, 0], [4, time], [4, crc32(data)],
    [4, data.length], [4, data.length], [2, name.length], [2, 0]];
}

/** entries: [{name, text}], names all different; date: of each. */
export function zip(entries, date) {
  const time = dosTime(date);
  const files = [];
  const folder = [];
  let at = 0;
  for (const { name, text } of entries) {
    const entry = { name: utf8.encode(name), data: utf8.encode(text) };
    const fields = common(entry, time);
    const local = concat(record([4, FILE_MARK], [2, VERSION], ...fields),
      entry.name, entry.data);
    folder.push(record([4, DIRECTORY_MARK], [2, VERSION], [2, VERSION], ...fields,
      [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), entry.name);
    files.push(local);
    at += local.length;
  }
  const directory = concat(...folder);
  return concat(...files, directory, record([4, END_MARK], [2, 0], [2, 0],
    [2, entries.length], [2, entries.length], [4, directory.length], [4, at],
    [2, 0]));
}
