// Their verifier: requests signed under x5c, by reference or by value; answers
// decrypted and judged by the libraries.
//
// SPDX-License-Identifier: EUPL-1.2
import { randomBytes } from "node:crypto";
import {
  Openid4vpVerifier, calculateX509HashClientIdPrefixValue,
} from "@openid4vc/openid4vp";
import { DcqlPresentationResult, DcqlQuery } from "dcql";
import { callbacks, keep, newKey } from "./crypto.mjs";
import { judge } from "./sdjwt.mjs";
import { form, serve } from "./server.mjs";

const vp = new Openid4vpVerifier({ callbacks });
const random = () => randomBytes(32).toString("base64url");

let url;
let signer;
let asked = null;
let outcome = null;

async function clientId(prefix) {
  switch (prefix) {
    case "x509_hash": return "x509_hash:" +
      await calculateX509HashClientIdPrefixValue({
        hash: callbacks.hash, x509Certificate: signer.x5c[0] });
    case "x509_san_dns": return "x509_san_dns:localhost";
    default: return "redirect_uri:" + url + "/answer";
  }
}

async function payload({ query, prefix, plain, transactions, purpose }) {
  const sealing = await newKey({ kid: "sealing" });
  return {
    client_id: await clientId(prefix), response_type: "vp_token",
    response_mode: plain ? "direct_post" : "direct_post.jwt",
    response_uri: url + "/answer", nonce: random(), state: random(),
    dcql_query: query, purpose,
    transaction_data: transactions?.map(
      (t) => Buffer.from(JSON.stringify(t)).toString("base64url")),
    client_metadata: {
      jwks: { keys: [{ ...sealing, use: "enc",
        alg: "ECDH-ES" }] },
      encrypted_response_enc_values_supported: ["A128GCM", "A256GCM"],
      vp_formats_supported: { "dc+sd-jwt": {
        "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } },
    } };
}

/** Sign what was asked; a wallet's nonce goes into it. */
async function signed(wallet) {
  const nonce = wallet?.wallet_nonce;
  const request = nonce === undefined
    ? asked.payload : { ...asked.payload, wallet_nonce: nonce };
  return vp.createOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: request,
    wallet: nonce === undefined ? undefined : { expectedNonce: nonce },
    jar: {
      jwtSigner: signer, expiresInSeconds: 300,
      requestUri: asked.value ? undefined : url + "/request",
      additionalJwtPayload: asked.audience === null
        ? {} : { aud: asked.audience ?? "https://self-issued.me/v2" } } });
}

async function served(request) {
  asked.fetches.push({ method: request.method, form: form(request.body) });
  const made = await signed(
    request.method === "POST" ? form(request.body) : undefined);
  return {
    type: "application/oauth-authz-req+jwt",
    body: made.jar.authorizationRequestJwt };
}

/** Everything about an answer that a verifier may ask. */
async function judged(fields) {
  const answer = await vp.parseOpenid4vpAuthorizationResponse({
    callbacks, authorizationRequestPayload: asked.payload,
    authorizationResponse: fields });
  const query = DcqlQuery.parse(asked.payload.dcql_query);
  const shown = {};
  const hashes = {};
  for (const [id, texts] of Object.entries(answer.dcql.presentations)) {
    const { claims, binding } = await judge(texts[0], {
      audience: asked.payload.client_id, nonce: asked.payload.nonce });
    shown[id] = claims;
    hashes[id] = [{
      transaction_data_hashes: binding.transaction_data_hashes ?? [],
      transaction_data_hashes_alg: binding.transaction_data_hashes_alg }];
  }
  const result = DcqlPresentationResult.fromDcqlPresentation(
    Object.fromEntries(Object.entries(shown).map(([id, claims]) => [id, [{
      credential_format: "dc+sd-jwt", vct: claims.vct, claims,
      cryptographic_holder_binding: true }]])), { dcqlQuery: query });
  const approved = asked.payload.transaction_data === undefined ? []
    : await vp.verifyTransactionData({
        transactionData: asked.payload.transaction_data, credentials: hashes });
  return {
    shown, satisfied: result.can_be_satisfied, approved: approved.length,
    encrypted: answer.jarm?.type };
}

async function answered(request) {
  const fields = form(request.body);
  if (fields.error !== undefined) {
    outcome = { refused: fields.error, state: fields.state };
    return { body: {} };
  }
  outcome = await judged(fields).catch(
    (error) => ({ failed: String(error.message) }));
  return outcome.failed === undefined ? { body: {} }
    : { status: 400, body: { error: "invalid_request" } };
}

export async function start({ key, x5c }) {
  await keep(key);
  signer = { method: "x5c", alg: "ES256", x5c };
  url = await serve({
    "GET /request": served, "POST /request": served, "POST /answer": answered,
    failed: (error) => { outcome = { failed: String(error.message) }; } });
  return url;
}

/** A link for a wallet. value: the object is in the link; post: how to fetch
 *  it; audience: another than the one of a static wallet, null: the library's
 *  own. */
export async function request(wanted) {
  outcome = null;
  asked = {
    payload: JSON.parse(JSON.stringify(await payload(wanted))), fetches: [],
    value: wanted.value, audience: wanted.audience };
  if (wanted.prefix === "redirect_uri") {
    return (await vp.createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: asked.payload })).authorizationRequest;
  }
  const { authorizationRequest } = await signed();
  return authorizationRequest +
    (wanted.post ? "&request_uri_method=post" : "");
}

export const result = () => ({ ...outcome, fetches: asked.fetches });
