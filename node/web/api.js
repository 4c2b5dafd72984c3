// The node's HTTP interface (docs/api.md).
// SPDX-License-Identifier: EUPL-1.2
import { ask } from './http.js';

const json = async (path) => (await ask(path)).json();
const text = async (path) => (await ask(path)).text();
const bytes = async (path) =>
  new Uint8Array(await (await ask(path)).arrayBuffer());

export const getLog = () => json('/v1/log');
export const getPolicy = () => text('/v1/log/policy');
export const getCheckpoint = () => bytes('/checkpoint');
export const getGrowth = () => json('/v1/log/growth');
export const getMembers = () => json('/v1/members');
export const getEntry = (index) => json(`/v1/log/entries/${index}`);
export const getReceipt = (index) =>
  bytes(`/v1/log/entries/${index}/receipt.tlog-proof`);
export const getEntries = (before, limit) =>
  json(`/v1/log/entries?limit=${limit}` +
    (before === null ? '' : `&before=${before}`));
export const findStamps = (digest, alg) =>
  json(`/v1/notary/stamps?digest=${digest}&alg=${alg}&limit=50`);

/** {status, stamp}: 200 when the member had stamped the digest before. */
export async function postStamp(digest, token) {
  return (await ask('/v1/notary/stamps', {
    method: 'POST',
    headers: {
      'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json',
    },
    body: JSON.stringify({ alg: 'sha-256', digest }),
  })).json();
}

export function links(index, language) {
  const at = `/v1/log/entries/${index}`;
  return {
    tlogProof: `${at}/receipt.tlog-proof`,
    cose: `${at}/receipt.cose`,
    tsr: `${at}/receipt.tsr`,
    report: `${at}/report?lang=${language}`,
  };
}
