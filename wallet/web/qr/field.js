// Reed-Solomon over GF(256) with x^8 + x^4 + x^3 + x^2 + 1, as QR codes have it
// (ISO/IEC 18004 section 7.5).
// SPDX-License-Identifier: EUPL-1.2

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = x;
  EXP[i + 255] = x;
  LOG[x] = i;
  x = x & 128 ? (x << 1) ^ 0x11d : x << 1;
}

const times = (a, b) => (a === 0 || b === 0 ? 0 : EXP[LOG[a] + LOG[b]]);
const over = (a, b) => (a === 0 ? 0 : EXP[LOG[a] + 255 - LOG[b]]);

/** A polynomial, its constant first, at x. */
function at(polynomial, x) {
  let sum = 0;
  for (let i = polynomial.length - 1; i >= 0; i--) {
    sum = times(sum, x) ^ polynomial[i];
  }
  return sum;
}

function syndromesOf(block, count) {
  const reversed = Uint8Array.from(block).reverse();
  return Array.from({ length: count }, (_, i) => at(reversed, EXP[i]));
}

/** Berlekamp and Massey: the polynomial whose roots say where errors are. */
function locator(syndromes) {
  let now = [1];
  let before = [1];
  let length = 0;
  let shift = 1;
  let last = 1;
  for (let n = 0; n < syndromes.length; n++) {
    let delta = syndromes[n];
    for (let i = 1; i <= length; i++) {
      delta ^= times(now[i] ?? 0, syndromes[n - i]);
    }
    if (delta === 0) {
      shift++;
      continue;
    }
    const factor = over(delta, last);
    const next = now.slice();
    before.forEach((c, i) => {
      next[i + shift] = (next[i + shift] ?? 0) ^ times(factor, c);
    });
    if (2 * length <= n) {
      [before, last, length, shift] = [now, delta, n + 1 - length, 1];
    } else {
      shift++;
    }
    now = Array.from(next, (c) => c ?? 0);
  }
  return length === 0 ? null : now.slice(0, length + 1);
}

/** Forney: what to add at a place. */
function magnitude(errors, syndromes, inverse) {
  let value = 0;
  let power = 1;
  for (let i = 0; i < syndromes.length; i++) {
    let omega = 0;
    for (let k = 0; k <= i && k < errors.length; k++) {
      omega ^= times(errors[k], syndromes[i - k]);
    }
    if (i < errors.length - 1) {
      value ^= times(omega, power);
    }
    power = times(power, inverse);
  }
  let slope = 0;
  for (let i = 1; i < errors.length; i += 2) {
    let term = errors[i];
    for (let k = 1; k < i; k++) {
      term = times(term, inverse);
    }
    slope ^= term;
  }
  return slope === 0 ? 0 : over(value, times(slope, inverse));
}

/** Repair a block, whose last `check` bytes are its check bytes, where it lies.
 *  False: too much is wrong. */
export function repair(block, check) {
  const syndromes = syndromesOf(block, check);
  if (syndromes.every((s) => s === 0)) {
    return true;
  }
  const errors = locator(syndromes);
  if (errors === null || 2 * (errors.length - 1) > check) {
    return false;
  }
  let found = 0;
  for (let i = 0; i < block.length; i++) {
    const inverse = EXP[(255 - i) % 255];
    if (at(errors, inverse) === 0) {
      block[block.length - 1 - i] ^= magnitude(errors, syndromes, inverse);
      found++;
    }
  }
  return found === errors.length - 1 &&
    syndromesOf(block, check).every((s) => s === 0);
}
