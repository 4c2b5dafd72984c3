// Bytes as text and back, strictly: what is accepted is what would be written.
// SPDX-License-Identifier: EUPL-1.2

const BASE64 =
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A refusal with the registry's name for it; docs/errors.md lists them. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export function malformed(message) {
  return new Refusal('malformed', message);
}

export function toHex(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) {
    throw malformed('not lower-case hexadecimal');
  }
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return out;
}

export function toBase64(bytes) {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) |
      (bytes[i + 2] ?? 0);
    out += BASE64[word >> 18] + BASE64[(word >> 12) & 63];
    out += left > 1 ? BASE64[(word >> 6) & 63] : '=';
    out += left > 2 ? BASE64[word & 63] : '=';
  }
  return out;
}

/** Padded standard base64 with no stray bits and nothing else. */
export function fromBase64(text) {
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw malformed('not base64');
  }
  const raw = atob(text);
  const out = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (toBase64(out) !== text) {
    throw malformed('base64 with stray bits');
  }
  return out;
}

/** A decimal number of 64 bits, without leading zeros, as a BigInt. */
export function fromDecimal(text) {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) >= 1n << 64n) {
    throw malformed('not a number in decimal');
  }
  return BigInt(text);
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** Text of valid UTF-8; a byte order mark is a character like any other. */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    throw new Refusal('bad-utf8', 'not UTF-8');
  }
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(a, b) {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}
