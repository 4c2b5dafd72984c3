// A wallet in forty lines, as others write theirs: it takes an offer over
// OpenID4VCI 1.0 with what Node.js has.
// SPDX-License-Identifier: EUPL-1.2
import { generateKeyPairSync, sign } from 'node:crypto';

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

/** The credential, and the key that it is bound to. */
export async function accept(link, txCode) {
  const at = new URL(link).searchParams.get('credential_offer_uri');
  const offer = await fetch(at).then(json);
  const issuer = offer.credential_issuer;
  const grant = offer.grants['urn:ietf:params:oauth:grant-type:pre-authorized_code'];
  const token = await post(`${issuer}/token`,
    { 'Content-Type': 'application/x-www-form-urlencoded' },
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
