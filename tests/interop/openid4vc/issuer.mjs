// Their issuer: metadata, token, nonce and credential endpoints around the
// library, with DPoP and a nonce for it, and credentials under x5c.
//
// SPDX-License-Identifier: EUPL-1.2
import { randomBytes } from "node:crypto";
import {
  Oauth2AuthorizationServer, Oauth2ResourceServer, Oauth2ServerErrorResponseError,
} from "@openid4vc/oauth2";
import { Openid4vciIssuer } from "@openid4vc/openid4vci";
import { callbacks, keep, newKey } from "./crypto.mjs";
import { issue } from "./sdjwt.mjs";
import { form, serve } from "./server.mjs";

const CLAIMS = { given_name: "Ada", family_name: "Ò-Theirs", age: 36 };
const vci = new Openid4vciIssuer({ callbacks });
const oauth = new Oauth2AuthorizationServer({ callbacks });
const random = () => randomBytes(24).toString("base64url");

let url;
let key; // of the certificate
let chain;
let tokens; // the key that signs access tokens
let metadata;
let server;
const offers = new Map(); // code -> {tx}
const nonces = new Set();
let dpopNonce = random();
let told = {}; // what to do wrong, what came

const PRE = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

function describe() {
  server = oauth.createAuthorizationServerMetadata({
    issuer: url, token_endpoint: url + "/token", jwks_uri: url + "/jwks",
    grant_types_supported: [PRE],
    "pre-authorized_grant_anonymous_access_supported": true,
    dpop_signing_alg_values_supported: ["ES256"],
  });
  metadata = vci.createCredentialIssuerMetadata({
    credential_issuer: url, credential_endpoint: url + "/credential",
    nonce_endpoint: url + "/nonce", notification_endpoint: url + "/notification",
    batch_credential_issuance: { batch_size: 4 },
    display: [{ name: "An issuer of others", locale: "en" }],
    credential_configurations_supported: { theirs: {
      format: "dc+sd-jwt", vct: "urn:example:theirs",
      cryptographic_binding_methods_supported: ["jwk"],
      credential_signing_alg_values_supported: ["ES256"],
      proof_types_supported: {
        jwt: { proof_signing_alg_values_supported: ["ES256"] } },
      credential_metadata: {
        display: [{ name: "A credential of others", locale: "en" }],
        claims: [{ path: ["given_name"],
          display: [{ name: "Called", locale: "en" }] }] },
    } },
  });
}

const all = () => ({
  originalDraftVersion: "V1", credentialIssuer: metadata,
  authorizationServers: [server],
  knownCredentialConfigurations: vci.getKnownCredentialConfigurationsSupported(
    metadata),
});

/** RFC 9449 section 8: every proof carries the nonce that was told last. */
function fresh(request) {
  const proof = request.headers.get("DPoP") ?? "";
  const claims = JSON.parse(Buffer.from(
    proof.split(".")[1] ?? "e30", "base64url").toString());
  return claims.nonce === dpopNonce;
}

const nonceWanted = (status) => ({
  status, headers: {
    "DPoP-Nonce": dpopNonce,
    "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' },
  body: { error: "use_dpop_nonce", error_description: "with a nonce" } });

async function token(request) {
  if (!fresh(request)) {
    return nonceWanted(400);
  }
  const parsed = oauth.parseAccessTokenRequest({
    request, accessTokenRequest: form(request.body) });
  const code = parsed.grant.preAuthorizedCode;
  const offer = offers.get(code);
  const { dpop } = await oauth.verifyPreAuthorizedCodeAccessTokenRequest({
    request, grant: parsed.grant, accessTokenRequest: parsed.accessTokenRequest,
    authorizationServerMetadata: server,
    expectedPreAuthorizedCode: offer === undefined ? random() : code,
    expectedTxCode: offer?.tx,
    dpop: { required: true, allowedSigningAlgs: ["ES256"], ...parsed.dpop } });
  offers.delete(code);
  return { body: await oauth.createAccessTokenResponse({
    audience: url, authorizationServer: url, expiresInSeconds: 300,
    subject: code, scope: "theirs", dpop,
    signer: { method: "jwk", alg: "ES256", publicJwk: tokens, kid: "tokens" },
    additionalAccessTokenPayload: {} }) };
}

/** The access token, verified with its proof. */
const authorized = (request) =>
  new Oauth2ResourceServer({ callbacks }).verifyResourceRequest({
    authorizationServers: [server], resourceServer: url,
    allowedAuthenticationSchemes: ["DPoP"],
    request: { url: request.url, method: request.method,
      headers: request.headers } });

async function credential(request) {
  if (!fresh(request)) {
    return nonceWanted(401);
  }
  await authorized(request);
  const parsed = vci.parseCredentialRequest({
    credentialRequest: JSON.parse(request.body), issuerMetadata: all() });
  told.request = parsed.credentialRequest;
  const credentials = [];
  let used;
  for (const jwt of parsed.proofs.jwt) {
    const claimed = JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
    if (!nonces.has(claimed.nonce)) {
      throw new Oauth2ServerErrorResponseError({
        error: "invalid_nonce", error_description: "not one of ours" });
    }
    used = claimed.nonce;
    const { signer } = await vci.verifyCredentialRequestJwtProof({
      issuerMetadata: all(), jwt, expectedNonce: claimed.nonce });
    credentials.push({ credential: await issue({
      key, x5c: chain, issuer: url, vct: "urn:example:theirs", claims: CLAIMS,
      holder: told.other ? await newKey() : signer.publicJwk }) });
  }
  nonces.delete(used);
  return { body: vci.createCredentialResponse({
    credentialRequest: parsed, credentials, notificationId: "their-note" }) };
}

async function notification(request) {
  await authorized(request);
  told.events.push(JSON.parse(request.body));
  return { status: 204, body: "" };
}

/** Begin to serve, under a certificate. */
export async function start({ key: jwk, x5c }) {
  key = await keep(jwk);
  chain = x5c;
  tokens = await newKey();
  url = await serve({
    "GET /.well-known/openid-credential-issuer": () => ({ body: metadata }),
    "GET /.well-known/oauth-authorization-server": () => ({ body: server }),
    "GET /jwks": () => ({ body: { keys: [{
      ...tokens, kid: "tokens", use: "sig", alg: "ES256" }] } }),
    "GET /offer": () => ({ body: told.offer }),
    "POST /token": token,
    "POST /nonce": () => {
      const made = random();
      nonces.add(made);
      return { body: vci.createNonceResponse({ cNonce: made }) };
    },
    "POST /credential": credential,
    "POST /notification": notification,
    failed: (error) => told.failures.push(String(error.message)),
  });
  describe();
  return url;
}

/** A new offer; other: issue for a key that nobody asked for. */
export async function offer({ tx, reference, other }) {
  const code = random();
  offers.set(code, { tx });
  const made = await vci.createCredentialOffer({
    issuerMetadata: all(), credentialConfigurationIds: ["theirs"],
    grants: { [PRE]: { "pre-authorized_code": code, ...(tx ? {
      tx_code: { input_mode: "numeric", length: tx.length } } : {}) } },
    credentialOfferUri: reference ? url + "/offer" : undefined });
  told = { offer: made.credentialOfferObject, other, events: [], failures: [] };
  return made.credentialOffer;
}

/** What came since the offer. */
export const seen = () => told;
