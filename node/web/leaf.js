// Leaves of the log (docs/formats.md): what an entry says.
// SPDX-License-Identifier: EUPL-1.2
import { equal, Refusal } from './bytes.js';
import { decodeCbor } from './cbor.js';

const RESERVED = Uint8Array.of(0xda, 0x42, 0x52, 0x4c, 0x31);
const TIME_MAX = (1n << 53n) - 1n;
const STEP_MAX = 5n;
const ALGS = new Map([
  [0x12n, { name: 'sha-256', bytes: 32 }],
  [0x13n, { name: 'sha-512', bytes: 64 }],
  [0x14n, { name: 'sha3-512', bytes: 64 }],
  [0x16n, { name: 'sha3-256', bytes: 32 }],
  [0x20n, { name: 'sha-384', bytes: 48 }],
]);

function check(condition, message) {
  if (!condition) {
    throw new Refusal('proof-invalid', `leaf: ${message}`);
  }
}

function digestOf(code, digest) {
  const alg = ALGS.get(code);
  check(alg !== undefined, 'unknown hash algorithm');
  check(digest instanceof Uint8Array && digest.length === alg.bytes,
    'digest of another size');
  return { alg: alg.name, digest };
}

const kinds = {
  stamp: (v) => {
    check(v.length === 5, 'a stamp has five items');
    return { kind: 'stamp', ...digestOf(v[3], v[4]) };
  },
  record: (v) => {
    check(v.length === 8, 'a record has eight items');
    const [record, step, version] = v.slice(3);
    check(record instanceof Uint8Array && record.length === 32, 'record id');
    check(typeof step === 'bigint' && step >= 1n && step <= STEP_MAX, 'step');
    check(typeof version === 'bigint', 'version');
    return { kind: 'record', record, step: Number(step), version,
      ...digestOf(v[6], v[7]) };
  },
  member: (v) => {
    check(v.length === 5 && typeof v[3] === 'bigint', 'a member change');
    return { kind: 'member', change: v[3], ...digestOf(0x12n, v[4]) };
  },
  registry: (v) => {
    check(v.length === 5 && typeof v[3] === 'bigint', 'a registry change');
    return { kind: 'registry', change: v[3], ...digestOf(0x12n, v[4]) };
  },
};
const names = new Map([
  [1n, 'stamp'], [2n, 'record'], [3n, 'member'], [4n, 'registry'],
]);

/** {kind, timeUs, author, alg, digest, ...}; a raw leaf has its kind alone. */
export function parseLeaf(bytes) {
  if (!equal(bytes.subarray(0, RESERVED.length), RESERVED)) {
    return { kind: 'raw' };
  }
  const v = decodeCbor(bytes).value;
  check(Array.isArray(v) && names.has(v[0]), 'unknown kind');
  check(typeof v[1] === 'bigint' && v[1] <= TIME_MAX, 'time');
  check(typeof v[2] === 'string' && /^[a-z0-9.-]{1,64}$/.test(v[2]), 'author');
  const body = kinds[names.get(v[0])](v);
  return { ...body, timeUs: Number(v[1]), author: v[2] };
}
