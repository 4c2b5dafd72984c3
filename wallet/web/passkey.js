// Passkeys: what the browser's own interface wants and gives (WebAuthn Level 3),
// from and into the JSON that goes to the server.
// SPDX-License-Identifier: EUPL-1.2
import { Problem } from './http.js';
import { t } from './i18n.js';

const CHUNK = 4096;

/** Errors of navigator.credentials, by the words for them. */
const REFUSALS = {
  NotAllowedError: 'passkey-not-now',
  InvalidStateError: 'passkey-already',
  SecurityError: 'passkey-elsewhere',
  NotSupportedError: 'passkey-unsupported',
  ConstraintError: 'passkey-unsupported',
};

/** Base64url of bytes. */
export function toText(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_')
    .replaceAll('=', '');
}

export function toBytes(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

/** Why no passkey can be offered on this page, as a key of words; or null.
 *  entrance: what the server says of itself. */
export function whyNoPasskeys(entrance) {
  if (entrance.no_passkeys !== undefined) {
    return `passkey.no.${entrance.no_passkeys}`;
  }
  if (location.origin !== entrance.passkeys_at) {
    return 'passkey.no.elsewhere';
  }
  return window.isSecureContext && window.PublicKeyCredential
    ? null : 'passkey.no.browser';
}

/** A name for a passkey of this device, until the person gives it another. */
export function deviceName() {
  const names = ['iPhone', 'iPad', 'Android', 'Windows', 'Mac', 'CrOS', 'Linux'];
  const name = names.find((n) => navigator.userAgent.includes(n));
  return name === undefined ? t('passkey.device')
    : t('passkey.device.of', { name });
}

/** The standard's JSON, with bytes where the browser wants them. */
function options({ publicKey }) {
  const bytes = (list) => list?.map((d) => ({ ...d, id: toBytes(d.id) }));
  const prf = publicKey.extensions?.prf;
  return {
    ...publicKey,
    challenge: toBytes(publicKey.challenge),
    ...(publicKey.user && { user: { ...publicKey.user,
      id: toBytes(publicKey.user.id) } }),
    ...(publicKey.allowCredentials && {
      allowCredentials: bytes(publicKey.allowCredentials) }),
    ...(publicKey.excludeCredentials && {
      excludeCredentials: bytes(publicKey.excludeCredentials) }),
    ...(prf && { extensions: {
      prf: { eval: { first: toBytes(prf.eval.first) } } } }),
  };
}

function answer(credential, data, secret) {
  const { signature, userHandle, clientDataJSON } = credential.response;
  return {
    id: toText(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(data),
      ...(signature && { signature: toText(signature) }),
      ...(userHandle && { userHandle: toText(userHandle) }),
    },
    clientExtensionResults: secret
      ? { prf: { results: { first: toText(secret) } } } : {},
  };
}

async function ask(how, request) {
  try {
    return await navigator.credentials[how](request);
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }
    throw new Problem(REFUSALS[error.name] ?? 'passkey-failed', 0,
      { detail: String(error.message) });
  }
}

const secretOf = (credential) =>
  credential.getClientExtensionResults().prf?.results?.first;

/** Use one. conditional: among what the browser suggests in the field for the
 *  name, until signal. */
export async function usePasskey(json, { conditional = false, signal } = {}) {
  const publicKey = options(json);
  const credential = await ask('get', { publicKey, signal,
    ...(conditional && { mediation: 'conditional' }) });
  const secret = secretOf(credential);
  if (publicKey.extensions?.prf && !secret) {
    throw new Problem('passkey-no-secret', 0, {});
  }
  return answer(credential, credential.response.authenticatorData, secret);
}

/** Not every device tells its secret when the passkey is made: then it is asked
 *  once more. The server needs no proof of that: a wrong secret opens nothing. */
async function evaluate(credential, { rp, extensions, timeout }) {
  return secretOf(await ask('get', { publicKey: {
    rpId: rp.id, extensions, timeout,
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    userVerification: 'required',
    allowCredentials: [{ type: 'public-key', id: credential.rawId }],
  } }));
}

/** Make one. One that gives no secret cannot open a wallet: it is refused here,
 *  before the server keeps anything. */
export async function makePasskey(json) {
  const publicKey = options(json);
  const credential = await ask('create', { publicKey });
  const prf = credential.getClientExtensionResults().prf;
  let secret = prf?.results?.first;
  if (!secret && prf?.enabled) {
    secret = await evaluate(credential, publicKey);
  }
  if (!secret || !credential.response.getAuthenticatorData) {
    throw new Problem('passkey-no-secret', 0, {});
  }
  return answer(credential, credential.response.getAuthenticatorData(), secret);
}

/** Does this browser suggest passkeys in a field? */
export async function canSuggest() {
  return await window.PublicKeyCredential
    ?.isConditionalMediationAvailable?.() === true;
}
