// Digests of files, in the worker; one after the other, so that a disk is read
// in order. The worker is started at once: it must be there without a network.
// SPDX-License-Identifier: EUPL-1.2
import { Refusal, toHex } from './bytes.js';

const SUBTLE = { 'sha-384': 'SHA-384', 'sha-512': 'SHA-512' };
const jobs = new Map();
let worker = null;
let next = 1;
let last = Promise.resolve();

export function startHasher() {
  worker = new Worker('/web/hash-worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => {
    const job = jobs.get(data.id);
    if (data.done !== undefined) {
      job.onProgress(data.done);
      return;
    }
    jobs.delete(data.id);
    if (data.error !== undefined) {
      job.reject(new Refusal('io', data.error));
    } else {
      job.resolve(data.digest);
    }
  };
}

function post(file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Refusal('io', 'given up'));
      return;
    }
    const id = next++;
    jobs.set(id, { resolve, reject, onProgress });
    signal?.addEventListener('abort', () => worker.postMessage({ id }));
    worker.postMessage({ id, file });
  });
}

/** SHA-256 in hexadecimal; onProgress is told the bytes done. A file that is
 *  no longer wanted (signal: an AbortSignal) lets the next one begin. */
export function hashFile(file, onProgress = () => {}, signal = undefined) {
  const mine = last.then(() => post(file, onProgress, signal));
  last = mine.catch(() => {});
  return mine;
}

/** With another algorithm of the ledger, as far as the browser has it. */
export async function hashFileWith(alg, file, onProgress, signal) {
  if (alg === 'sha-256') {
    return hashFile(file, onProgress, signal);
  }
  if (!(alg in SUBTLE) || !globalThis.crypto?.subtle) {
    throw new Refusal('unsupported', alg);
  }
  const whole = await file.arrayBuffer();
  return toHex(new Uint8Array(await crypto.subtle.digest(SUBTLE[alg], whole)));
}
