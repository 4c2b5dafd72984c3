// C2SP signed-note with Ed25519, and the cosignatures of C2SP tlog-cosignature.
// SPDX-License-Identifier: EUPL-1.2
import {
  concat, fromBase64, fromUtf8, malformed, Refusal, toHex, utf8,
} from './bytes.js';
import { sha256 } from './sha256.js';

const NOTE_BYTES_MAX = 64 * 1024;
const SIGNATURES_MAX = 64;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;
export const ED25519 = 1;
export const COSIGNATURE = 4;

/** No Unicode spaces, no plus sign, no control characters. */
function isName(name) {
  // eslint-disable-next-line no-control-regex
  return name.length > 0 && !/[\s+\u0000-\u0020\u0085]/.test(name);
}

function keyId(name, type, key) {
  const all = concat(utf8(name), Uint8Array.of(0x0a, type), key);
  return toHex(sha256(all).subarray(0, KEY_ID_BYTES));
}

/** {name, id, type, key, text} of "name+id+base64"; a key of a type that we do
 *  not know is kept, and never matches. */
export function parseKey(vkey) {
  const found = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey);
  if (!found || !isName(found[1]) || utf8(found[1]).length > 255) {
    throw malformed('not a verifier key: name+id+base64');
  }
  const raw = fromBase64(found[3]);
  const key = { name: found[1], id: found[2], type: raw[0], key: raw.slice(1),
    text: vkey };
  key.known = key.type === ED25519 || key.type === COSIGNATURE;
  if (raw.length < 2 || (key.known && key.key.length !== KEY_BYTES)) {
    throw malformed('verifier key of a wrong length');
  }
  if (key.known && keyId(key.name, key.type, key.key) !== key.id) {
    throw malformed('verifier key: its id does not match');
  }
  return key;
}

function parseSignature(line) {
  const found = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
  if (!found || !isName(found[1])) {
    throw malformed('note: a signature line is not "— name base64"');
  }
  const raw = fromBase64(found[2]);
  if (raw.length <= KEY_ID_BYTES) {
    throw malformed('note: a signature is too short');
  }
  return { name: found[1], id: toHex(raw.subarray(0, KEY_ID_BYTES)),
    bytes: raw.subarray(KEY_ID_BYTES) };
}

/** {text, signatures} of a note's bytes, split at the last empty line. */
export function parseNote(bytes) {
  if (bytes.length > NOTE_BYTES_MAX) {
    throw new Refusal('too-large', 'note: more than 64 KiB');
  }
  const whole = fromUtf8(bytes);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) {
    throw malformed('note: a control character');
  }
  const at = whole.lastIndexOf('\n\n');
  if (at < 0 || !whole.endsWith('\n')) {
    throw malformed('note: no text with signatures under it');
  }
  const lines = whole.slice(at + 2).split('\n').slice(0, -1);
  if (lines.length === 0 || lines.length > SIGNATURES_MAX) {
    throw malformed('note: 1 to 64 signatures');
  }
  return { text: whole.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

async function ed25519(key, signature, message) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new Refusal('no-webcrypto', 'the browser has no WebCrypto here');
  }
  let imported;
  try {
    imported = await subtle.importKey('raw', key, { name: 'Ed25519' }, false,
      ['verify']);
  } catch (error) {
    throw new Refusal('no-webcrypto', String(error.message ?? error));
  }
  return subtle.verify({ name: 'Ed25519' }, imported, signature, message);
}

async function verifyOne(text, signature, key) {
  if (key.type === ED25519) {
    return {
      ok: signature.bytes.length === SIGNATURE_BYTES &&
        await ed25519(key.key, signature.bytes, utf8(text)),
      timeS: 0,
    };
  }
  if (signature.bytes.length !== TIME_BYTES + SIGNATURE_BYTES) {
    return { ok: false };
  }
  const time = BigInt(`0x${toHex(signature.bytes.subarray(0, TIME_BYTES))}`);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return {
    ok: time > 0n && time <= BigInt(Number.MAX_SAFE_INTEGER) &&
      await ed25519(key.key, signature.bytes.subarray(TIME_BYTES), message),
    timeS: Number(time),
  };
}

/** null: the key has not signed. Otherwise {timeS}, the earliest of its
 *  cosignatures. A signature of it that is wrong condemns the note. */
export async function verifyNote(note, key) {
  let earliest = null;
  if (!key.known) {
    return null;
  }
  for (const signature of note.signatures) {
    if (signature.name !== key.name || signature.id !== key.id) {
      continue;
    }
    const { ok, timeS } = await verifyOne(note.text, signature, key);
    if (!ok) {
      throw new Refusal('no-trusted-signature',
        `the signature of ${key.name} does not verify`);
    }
    earliest = earliest === null ? timeS : Math.min(earliest, timeS);
  }
  return earliest === null ? null : { timeS: earliest };
}
