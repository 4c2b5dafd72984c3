// The desk's interface (docs/desk.md). The session is a cookie that this page
// cannot read; its mark goes with everything that changes something.
// SPDX-License-Identifier: EUPL-1.2
import { ask } from './http.js';

const BASE = '/desk/v1';
let mark = '';
let onEnd = () => {};

/** Called when the server knows the session no longer. */
export function whenSessionEnds(listener) {
  onEnd = listener;
}

async function call(path, options) {
  try {
    return await (await ask(BASE + path, options)).json();
  } catch (problem) {
    if (problem.status === 401 && path !== '/login') {
      onEnd();
    }
    throw problem;
  }
}

const get = (path) => call(path);
const post = (path, body, header = mark) => call(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'X-Broletto-Desk': header },
  body: JSON.stringify(body),
});

function remember(session) {
  mark = session.mark;
  return session;
}

/** The session, or null when there is none. */
export async function getSession() {
  try {
    return remember(await (await ask(`${BASE}/session`)).json());
  } catch (problem) {
    if (problem.status === 401) {
      return null;
    }
    throw problem;
  }
}

export const logIn = async (name, passphrase, code) =>
  remember(await post('/login', { name, passphrase, code }, 'login'));
export const logOut = () => post('/logout', {});
export const getWays = () => get('/login');
export const beginAtProvider = async () =>
  (await post('/oidc/begin', {}, 'login')).go;
export const getTypes = async () => (await get('/types')).types;
export const postOffer = (offer) => post('/offers', offer);
export const getOffer = (id) => get(`/offers/${id}`);
export const moveOffer = (id, state) => post(`/offers/${id}/state`, { state });
export const findCredentials = async (q, type, status) =>
  (await get(`/credentials?${new URLSearchParams({ q, type, status })}`))
    .credentials;
export const moveCredential = (id, move, reason) =>
  post(`/credentials/${id}/status`, { move, reason });
export const moveMany = (ids, move, reason) =>
  post('/credentials/status', { ids, move, reason });
export const postLookup = (type, reference) =>
  post('/lookups', { type, reference });
export const postImport = (table) => post('/imports', table);
export const postRequest = (request) => post('/requests', request);
export const getRequest = (id) => get(`/requests/${id}`);
export const getWaiting = (q, type, after) =>
  get(`/waiting?${new URLSearchParams({ q, type, after })}`);
export const decide = (id, decision, reason) =>
  post(`/waiting/${id}`, { decision, reason });
export const getDecisions = (q, outcome, after) =>
  get(`/decisions?${new URLSearchParams({ q, outcome, after })}`);
export const getDecision = (id) => get(`/decisions/${id}`);
export const receiptAddress = (id) => `${BASE}/decisions/${id}/receipt`;
export const getAudit = (before) =>
  get(`/audit${before === null ? '' : `?before=${before}`}`);
