// A wallet in forty lines, as others write theirs: it takes an offer over
// OpenID4VCI 1.0 with what Node.js has.
// SPDX-License-Identifier: EUPL-1.2
import {
  createHash, generateKeyPairSync, randomBytes, sign,
} from 'node:crypto';

const b64 = (v) => Buffer.from(v).toString('base64url');

function jws(header, claims, key) {
  const signed = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}`;
  const signature = sign('sha256', Buffer.from(signed),
    { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${b64(signature)}`;
}

async function json(response) {
  const body = await response.json();
  if (!response.ok) {
    throw new Error(JSON.stringify(body));
  }
  return body;
}

const post = (url, headers, body) =>
  fetch(url, { method: 'POST', headers, body }).then(json);

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

function open(link) {
  const at = new URL(link).searchParams.get('credential_offer_uri');
  return fetch(at).then(json);
}

/** Push what is asked (RFC 9126): the address for the person's browser, and
 *  what the wallet keeps until they are back. */
export async function push(link, client, redirect) {
  const offer = await open(link);
  const verifier = randomBytes(32).toString('base64url');
  const [configuration] = offer.credential_configuration_ids;
  const { request_uri: uri } = await post(`${offer.credential_issuer}/par`, FORM,
    new URLSearchParams({ client_id: client, redirect_uri: redirect,
      response_type: 'code', scope: configuration, state: 'st&te',
      issuer_state: offer.grants.authorization_code.issuer_state,
      code_challenge_method: 'S256', code_challenge:
        createHash('sha256').update(verifier).digest('base64url') }));
  const query = new URLSearchParams({ client_id: client, request_uri: uri });
  return { url: `${offer.credential_issuer}/authorize?${query}`,
    issuer: offer.credential_issuer, client, redirect, verifier };
}

/** The token for the code that came back. */
export const redeem = ({ issuer, client, redirect, verifier }, code) =>
  post(`${issuer}/token`, FORM, new URLSearchParams({
    grant_type: 'authorization_code', code, client_id: client,
    redirect_uri: redirect, code_verifier: verifier }));

/** The credential, and the key that it is bound to. */
export async function accept(link, txCode) {
  const offer = await open(link);
  const issuer = offer.credential_issuer;
  const grant = offer.grants['urn:ietf:params:oauth:grant-type:pre-authorized_code'];
  const token = await post(`${issuer}/token`, FORM,
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:pre-authorized_code',
      'pre-authorized_code': grant['pre-authorized_code'],
      ...(txCode ? { tx_code: txCode } : {}) }));
  const { c_nonce: nonce } = await post(`${issuer}/nonce`, {}, '');
  const { publicKey, privateKey } = generateKeyPairSync('ec',
    { namedCurve: 'P-256' });
  const proof = jws({ typ: 'openid4vci-proof+jwt', alg: 'ES256',
    jwk: publicKey.export({ format: 'jwk' }) },
  { aud: issuer, iat: Math.floor(Date.now() / 1000), nonce }, privateKey);
  const { credentials } = await post(`${issuer}/credential`,
    { 'Content-Type': 'application/json',
      'Authorization': `Bearer ${token.access_token}` },
    JSON.stringify({
      ...(token.authorization_details
        ? { credential_identifier:
            token.authorization_details[0].credential_identifiers[0] }
        : { credential_configuration_id: offer.credential_configuration_ids[0] }),
      proofs: { jwt: [proof] } }));
  return { credential: credentials[0].credential, privateKey };
}
