// Their wallet: it receives by OpenID4VCI and shows by OpenID4VP.
//
// SPDX-License-Identifier: EUPL-1.2
import {
  clientAuthenticationClientAttestationJwt, clientAuthenticationNone,
} from "@openid4vc/oauth2";
import {
  Openid4vciClient, Openid4vciWalletProvider,
} from "@openid4vc/openid4vci";
import { Openid4vpClient } from "@openid4vc/openid4vp";
import { DcqlQuery } from "dcql";
import { callbacks, jwkSigner, keep, newKey } from "./crypto.mjs";
import { present as bind, read } from "./sdjwt.mjs";

const CLIENT = "https://wallet.example";
const REDIRECT = "https://wallet.example/back";

const held = []; // {text, holder, claims}
let provider = null; // of attestations
let attestation = null; // of this wallet
let s = null; // offer, metadata, token, DPoP key

function client(more = {}) {
  const named = attestation === null
    ? clientAuthenticationNone({ clientId: CLIENT })
    : clientAuthenticationClientAttestationJwt({
        clientAttestationJwt: attestation, callbacks });
  return new Openid4vciClient({ callbacks: {
    ...callbacks, clientAuthentication: named, ...more } });
}

// ---- receiving --------------------------------------------------------------

/** Look at an offer and at who makes it; signed: metadata as a JWT. */
export async function open({ offer, signed }) {
  const asking = client(signed ? { fetch: (url, init) => callbacks.fetch(url, {
    ...init, headers: { ...init?.headers,
      Accept: String(url).endsWith("openid-credential-issuer")
        ? "application/jwt" : "application/json" } }) } : {});
  const found = await asking.resolveCredentialOffer(offer);
  const metadata = await asking.resolveIssuerMetadata(found.credential_issuer);
  s = { offer: found, metadata, dpop: { signer: await jwkSigner() } };
  return {
    offer: found, version: metadata.originalDraftVersion,
    signed: metadata.signedCredentialIssuer !== undefined,
    known: Object.keys(metadata.knownCredentialConfigurations),
  };
}

function take({ accessTokenResponse, dpop }) {
  s.token = accessTokenResponse.access_token;
  s.dpop = { ...s.dpop, ...dpop };
  return accessTokenResponse;
}

/** By the offer's own code. */
export async function redeem({ tx_code }) {
  return take(await client().retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer: s.offer, issuerMetadata: s.metadata, txCode: tx_code,
    dpop: s.dpop }));
}

/** Push the request; the address for the person's browser. */
export async function authorize({ scope }) {
  const made = await client().createAuthorizationRequestUrlFromOffer({
    credentialOffer: s.offer, issuerMetadata: s.metadata, clientId: CLIENT,
    redirectUri: REDIRECT, scope, dpop: s.dpop });
  s.pkce = made.pkce;
  return made.authorizationRequestUrl;
}

/** The browser is back. verifier: another than the one of PKCE. */
export async function back({ url, verifier }) {
  const server = s.metadata.authorizationServers[0];
  const came = client().parseAndVerifyAuthorizationResponseRedirectUrl({
    url, authorizationServerMetadata: server });
  if (came.error !== undefined) {
    throw new Error("the person did not agree: " + came.error);
  }
  return take(await client().retrieveAuthorizationCodeAccessTokenFromOffer({
    credentialOffer: s.offer, issuerMetadata: s.metadata,
    authorizationCode: came.code, redirectUri: REDIRECT,
    pkceCodeVerifier: verifier ?? s.pkce.codeVerifier, dpop: s.dpop }));
}

async function proofs(configuration, count, nonce, attested) {
  const signers = [];
  for (let i = 0; i < count; i++) {
    signers.push(await jwkSigner());
  }
  s.holders = signers.map((x) => x.publicJwk);
  const all = attested && await attestKeys(s.holders, nonce, attested);
  if (attested && attested !== "in a proof") {
    return { attestation: [all] };
  }
  const made = [];
  for (const signer of attested ? signers.slice(0, 1) : signers) {
    made.push((await client().createCredentialRequestJwtProof({
      issuerMetadata: s.metadata, credentialConfigurationId: configuration,
      nonce, signer, keyAttestationJwt: all })).jwt);
  }
  return { jwt: made };
}

/** Credentials of an answer: each for a key of ours, verified. */
async function store(response) {
  const claims = [];
  for (const { credential } of response.credentials) {
    const read_ = await read(credential);
    const holder = s.holders.find(
      (k) => k.x === read_.cnf.jwk.x && k.y === read_.cnf.jwk.y);
    if (holder === undefined) {
      throw new Error("for a key that is not ours");
    }
    held.push({ text: credential, holder, claims: read_ });
    claims.push(read_);
  }
  s.notification = response.notification_id;
  return { claims };
}

/** Ask for count; nonce: an old one; bearer: without DPoP; attested: keys by
 *  an attestation, "alone", "in a proof", or with the "draft"'s type. */
export async function ask({ count = 1, nonce, bearer, attested }) {
  const configuration = s.offer.credential_configuration_ids[0];
  s.nonce = nonce
    ?? (await client().requestNonce({ issuerMetadata: s.metadata })).c_nonce;
  const { credentialResponse } = await client().retrieveCredentials({
    issuerMetadata: s.metadata, credentialConfigurationId: configuration,
    accessToken: s.token, dpop: bearer ? undefined : s.dpop,
    proofs: await proofs(configuration, count, s.nonce, attested) });
  if (credentialResponse.transaction_id !== undefined) {
    s.transaction = credentialResponse.transaction_id;
    return { waiting: credentialResponse.interval };
  }
  return { ...await store(credentialResponse), nonce: s.nonce };
}

/** OpenID4VCI 1.0, 8.3: notification_id "MUST NOT be used if the credentials
 *  parameter is not present". The library has it the other way round here, so
 *  that it must not see the one of ours. */
async function withoutNotification(url, init) {
  const response = await callbacks.fetch(url, init);
  const { notification_id: _, ...doc } = await response.json();
  return new Response(JSON.stringify(doc), response);
}

export async function again() {
  const { deferredCredentialResponse } =
    await client({ fetch: withoutNotification }).retrieveDeferredCredentials({
      issuerMetadata: s.metadata, accessToken: s.token,
      transactionId: s.transaction, dpop: s.dpop });
  return deferredCredentialResponse.credentials === undefined
    ? { waiting: deferredCredentialResponse.interval }
    : store(deferredCredentialResponse);
}

export async function notify({ event }) {
  await client().sendNotification({
    issuerMetadata: s.metadata, accessToken: s.token, dpop: s.dpop,
    notification: { notificationId: s.notification, event } });
}

/** Read what is held anew: issuer, times, status list. */
export async function reread() {
  await read(held.at(-1).text);
}

// ---- attestations: their wallet's provider ----------------------------------

/** Who attests wallets and keys: a private key and its certificate. */
export async function provide({ key, x5c }) {
  await keep(key);
  provider = { method: "x5c", alg: "ES256", x5c };
  const instance = await newKey();
  attestation = await new Openid4vciWalletProvider({ callbacks })
    .createWalletAttestationJwt({
      clientId: CLIENT, issuer: "https://provider.example",
      confirmation: { jwk: instance }, walletName: "Theirs",
      issuedAt: new Date(), expiresAt: new Date(Date.now() + 600_000),
      signer: provider });
}

export function forget() {
  attestation = null;
}

/** OpenID4VCI 1.0, appendix D.1: typ "MUST be key-attestation+jwt". The library
 *  writes the type of a draft. */
const signAsFinal = (signer, { header, payload }) => callbacks.signJwt(
  signer, { header: { ...header, typ: "key-attestation+jwt" }, payload });

const attestKeys = (keys, nonce, kind) =>
  new Openid4vciWalletProvider({ callbacks: kind === "draft" ? callbacks
    : { ...callbacks, signJwt: signAsFinal } }).createKeyAttestationJwt({
    attestedKeys: keys, nonce, keyStorage: ["iso_18045_moderate"],
    issuedAt: new Date(), expiresAt: new Date(Date.now() + 600_000),
    use: kind === "in a proof" ? "proof_type.jwt" : "proof_type.attestation",
    signer: provider });

// ---- showing ----------------------------------------------------------------

/** {a: {b: true}} of a path a, b: how @sd-jwt names what is shown. */
function framed(paths) {
  const frame = {};
  for (const path of paths) {
    let at = frame;
    path.forEach((name, i) => {
      at[name] = i === path.length - 1 ? true : at[name] ?? {};
      at = at[name];
    });
  }
  return frame;
}

/** Match with the package dcql, which knows nothing of the verifier. */
function chosen(query) {
  const parsed = DcqlQuery.parse(query);
  DcqlQuery.validate(parsed);
  const found = DcqlQuery.query(parsed, held.map((h) => ({
    credential_format: "dc+sd-jwt", vct: h.claims.vct, claims: h.claims,
    cryptographic_holder_binding: true })));
  return parsed.credentials.map((asked) => {
    const match = found.credential_matches[asked.id];
    if (!match.success) {
      throw new Error("nothing to show for " + asked.id);
    }
    return {
      id: asked.id,
      credential: held[match.valid_credentials.at(-1).input_credential_index],
      paths: asked.claims.map((c) => c.path),
    };
  });
}

async function presentations(request, wrong) {
  const token = {};
  for (const { id, credential, paths } of chosen(request.dcql_query)) {
    const binding = {
      iat: Math.floor(Date.now() / 1000), aud: request.client_id,
      nonce: request.nonce, ...wrong };
    if (request.transaction_data !== undefined) {
      binding.transaction_data_hashes = request.transaction_data.map(
        (t) => callbacks.hash(t, "sha-256").toString("base64url"));
    }
    token[id] = [await bind(
      credential.text, credential.holder, framed(paths), binding)];
  }
  return token;
}

/** The whole of a request that came as a link. metadata: what is told of the
 *  wallet; wrong: members of the key binding to get wrong. */
export async function show({ link, metadata, wrong }) {
  const vp = new Openid4vpClient({ callbacks });
  const { params } = vp.parseOpenid4vpAuthorizationRequest({
    authorizationRequest: link });
  const asked = await vp.resolveOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: params, wallet: { metadata } });
  const request = asked.authorizationRequestPayload;
  const answer = await vp.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: {
      vp_token: await presentations(request, wrong) },
    clientMetadata: asked.client.clientMetadata,
    ...(request.response_mode === "direct_post.jwt" ? { jarm: {
      encryption: { nonce: "of the wallet" },
      serverMetadata: {
        authorization_encryption_alg_values_supported: ["ECDH-ES"],
        authorization_encryption_enc_values_supported: ["A256GCM", "A128GCM"],
      } } } : {}) });
  const { response } = await vp.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: answer.authorizationResponsePayload,
    jarm: answer.jarm });
  return {
    prefix: asked.client.prefix, mode: request.response_mode,
    version: asked.version, status: response.status,
    body: await response.json(),
  };
}
