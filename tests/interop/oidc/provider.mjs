// node-oidc-provider as the desk's provider: registered from what the desk
// serves, strict where it can be. It prints its address; standard input's end
// ends it. Usage: provider.mjs PORT REDIRECT_URI BACK JWKS_URI SECRET
// SPDX-License-Identifier: EUPL-1.2
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, redirect, back, jwksUri, secret] = process.argv.slice(2);
const jwk = (kid, type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  kid, alg, use: 'sig' });
const FISCAL_NUMBER = 'https://attributes.eid.gov.it/fiscal_number';

const client = {
  redirect_uris: [redirect],
  post_logout_redirect_uris: [back],
  response_types: ['code'],
  grant_types: ['authorization_code'],
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { ...client, client_id: 'by-key', token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256', jwks_uri: jwksUri,
      id_token_signed_response_alg: 'ES256' },
    { ...client, client_id: 'by-secret', client_secret: secret,
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'PS256',
      userinfo_signed_response_alg: 'PS256' },
  ],
  jwks: { keys: [
    jwk('e', 'ec', { namedCurve: 'P-256' }, 'ES256'),
    jwk('p', 'rsa', { modulusLength: 2048 }, 'PS256'),
    jwk('r', 'rsa', { modulusLength: 2048 }, 'RS256'),
  ] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256', 'PS256', 'RS256'],
    userinfoSigningAlgValues: ['PS256'] },
  pkce: { required: () => true },
  acrValues: ['https://www.spid.gov.it/SpidL2'],
  claims: { acr: null, openid: ['sub', 'acr', FISCAL_NUMBER], email: ['email', 'email_verified'] },
  features: {
    claimsParameter: { enabled: true },
    jwtUserinfo: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // The desk is on this machine, where its own fetch does not go.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  cookies: { keys: ['of these tests'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@comune.example`,
      email_verified: true, [FISCAL_NUMBER]: 'TINIT-RSSMRA80A01H501U' }),
  }),
});
provider.on('server_error', (_, error) => console.error(error));
provider.on('grant.error', (_, error) => console.error(error.message, error.error_detail));
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.stdin.resume().on('end', () => process.exit(0));
