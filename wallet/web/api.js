// The wallet's interface (docs/wallet.md). The session is a cookie that this
// page cannot read; its token goes with everything that changes something.
// SPDX-License-Identifier: EUPL-1.2
import { ask } from './http.js';
import { currentLanguage, has } from './i18n.js';

const BASE = '/api/v1';
let csrf = '';
let onEnd = () => {};

/** Called when the server knows the session no longer. */
export function whenSessionEnds(listener) {
  onEnd = listener;
}

/* Where 401 is about what was given, or is asked for, not news of the session. */
const GIVEN =
  /^\/(login|register|passkey|passphrase|backup|erase|session)/;

/** A passkey's answer is refused by a rule, whose name begins the detail: where
 *  there are words for it, they say more than those for the kind of refusal. */
function byRule(problem) {
  const rule = /^(webauthn-[a-z-]+):/.exec(problem.detail)?.[1];
  if (rule !== undefined) {
    problem.slug = has(`problem.${rule}`) ? rule : 'passkey-refused';
  }
  return problem;
}

async function call(path, options) {
  try {
    const url = `${BASE}${path}?lang=${currentLanguage()}`;
    return await (await ask(url, options)).json();
  } catch (problem) {
    /* Rules of others' tokens have this status too. */
    if (problem.status === 401 && csrf !== '' && !GIVEN.test(path) &&
        await getSession() === null) {
      csrf = '';
      onEnd();
    }
    throw byRule(problem);
  }
}

const get = (path) => call(path);
const post = (path, body = {}) => call(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'Broletto-CSRF': csrf },
  body: JSON.stringify(body),
});

/** The session, or null when there is none. */
export async function getSession() {
  try {
    const session = await get('/session');
    csrf = session.csrf;
    return session;
  } catch (problem) {
    if (problem.status === 401) {
      return null;
    }
    throw problem;
  }
}

export async function enter(name, passphrase, fresh) {
  await post(fresh ? '/register' : '/login', { name, passphrase });
  return getSession();
}

export const logOut = () => post('/logout');
export const getCredentials = async () => (await get('/credentials')).credentials;
export const getCredential = (id) => get(`/credentials/${id}`);
export const removeCredential = (id) => post(`/credentials/${id}/remove`);
export const refresh = () => post('/refresh');
export const getHistory = async () => (await get('/history')).history;
export const draftLetter = (id, kind) => post(`/history/${id}/letter`, { kind });
export const letterSent = (id, kind) => post(`/history/${id}/sent`, { kind });
export const undoLetter = (id) => post(`/history/${id}/undo`);
export const lookAtOffer = (offer) => post('/offers', { offer });
export const acceptOffer = (id, txCode) =>
  post(`/offers/${id}/accept`, txCode === '' ? {} : { tx_code: txCode });
/** The address of the issuer's page, to which the browser goes. */
export const authorizeOffer = async (id) =>
  (await post(`/offers/${id}/authorize`)).url;
/** The address with which it came back. */
export const comeBack = (url) => post('/offers/back', { url });
export const renewCredential = (id) => post(`/credentials/${id}/renew`);
export const declineOffer = (id) => post(`/offers/${id}/decline`);
export const lookAtRequest = (request) => post('/requests', { request });
export const answerRequest = (id, shown) =>
  post(`/requests/${id}/answer`, { show: shown });
export const refuseRequest = (id) => post(`/requests/${id}/refuse`);

/* What opens the wallet. A proof is {passphrase} or {credential}. */
export const getEntrance = () => get('/entrance');
export const enterOptions = () => post('/passkey/login/options');
export async function enterWithPasskey(credential) {
  await post('/passkey/login', { credential });
  return getSession();
}
export const registerOptions = (name) =>
  post('/passkey/register/options', { name });
export async function registerWithPasskey(name, label, credential) {
  await post('/passkey/register', { name, label, credential });
  return getSession();
}
export const getWays = () => get('/passkeys');
export const confirmOptions = () => post('/passkeys/confirm/options');
export const addOptions = (proof) => post('/passkeys/options', proof);
export const addPasskey = (label, credential) =>
  post('/passkeys', { label, credential });
export const removePasskey = (id, proof) =>
  post(`/passkeys/${id}/remove`, proof);
export const dropPassphrase = (proof) => post('/passphrase/remove', proof);
export const changePassphrase = ({ passphrase, credential }, fresh) =>
  post('/passphrase', { new: fresh,
    ...(credential ? { credential } : { old: passphrase }) });
export const makeBackup = async (word, proof) => (await post('/backup',
  { backup_passphrase: word, ...proof })).file;
export const restoreBackup = (word, file) =>
  post('/restore', { backup_passphrase: word, file });
export const eraseWallet = (proof) => post('/erase', proof);
