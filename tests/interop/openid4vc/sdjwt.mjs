// @sd-jwt/sd-jwt-vc: credentials made, shown and verified, with their status.
//
// SPDX-License-Identifier: EUPL-1.2
import { createHash, randomBytes } from "node:crypto";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";
import { privateKey, verifiedLeaf } from "./crypto.mjs";

const ALGORITHM = { name: "ECDSA", hash: "SHA-256" };

async function sign(publicJwk, data) {
  const key = await jose.importJWK(await privateKey(publicJwk), "ES256");
  const made = await crypto.subtle.sign(
    ALGORITHM, key, new TextEncoder().encode(data));
  return Buffer.from(made).toString("base64url");
}

async function verify(publicJwk, data, signature) {
  return crypto.subtle.verify(
    ALGORITHM, await jose.importJWK(publicJwk, "ES256"),
    Buffer.from(signature, "base64url"), new TextEncoder().encode(data));
}

/** Whoever signed this with x5c, and is believed. */
async function underX5c(data, signature) {
  const { x5c } = jose.decodeProtectedHeader(data + ".x");
  return verify(verifiedLeaf(x5c), data, signature);
}

function instance(more) {
  return new SDJwtVcInstance({
    hasher: (data) => new Uint8Array(
      createHash("sha256").update(Buffer.from(data)).digest()),
    hashAlg: "sha-256",
    saltGenerator: () => randomBytes(16).toString("base64url"),
    signAlg: "ES256",
    kbSignAlg: "ES256",
    verifier: underX5c,
    statusVerifier: underX5c,
    kbVerifier: (data, signature, payload) =>
      verify(payload.cnf.jwk, data, signature),
    ...more,
  });
}

/** A credential for a holder, under the certificate. */
export async function issue({ key, x5c, holder, vct, issuer, claims }) {
  const now = Math.floor(Date.now() / 1000);
  return instance({ signer: (data) => sign(key, data) }).issue(
    { iss: issuer, iat: now, exp: now + 86400, vct, cnf: { jwk: holder },
      ...claims },
    { _sd: Object.keys(claims) },
    { header: { typ: "dc+sd-jwt", x5c } });
}

/** Its claims, when issuer and status are good. */
export async function read(text) {
  const { payload } = await instance({}).verify(text);
  return payload;
}

/** Bound to a verifier's nonce; frame: which claims, as the library wants it. */
export async function present(text, holder, frame, binding) {
  return instance({ kbSigner: (data) => sign(holder, data) }).present(
    text, frame, { kb: { payload: binding } });
}

/** Claims and binding of a presentation, when all of it is good. */
export async function judge(text, { audience, nonce }) {
  const { payload, kb } = await instance({}).verify(
    text, { keyBindingNonce: nonce });
  if (kb.payload.aud !== audience) {
    throw new Error("bound for another verifier: " + kb.payload.aud);
  }
  return { claims: payload, binding: kb.payload };
}
