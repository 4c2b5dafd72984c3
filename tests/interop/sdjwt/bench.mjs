// npm's @sd-jwt/sd-jwt-vc: the work of tests/bench/credential_bench.c.
//
//   node bench.mjs SECONDS
//
// SPDX-License-Identifier: EUPL-1.2
import { createHash, randomBytes } from "node:crypto";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";

const ALGORITHM = { name: "ECDSA", hash: "SHA-256" };
const NOW = Math.floor(Date.now() / 1000);
const CLAIMS = 10;

const pair = () => jose.generateKeyPair("ES256", { extractable: true });
const issuer = await pair();
const holder = await pair();

const sign = (key) => async (data) => Buffer.from(await crypto.subtle.sign(
  ALGORITHM, key, new TextEncoder().encode(data))).toString("base64url");
const check = (key, data, signature) => crypto.subtle.verify(
  ALGORITHM, key, Buffer.from(signature, "base64url"),
  new TextEncoder().encode(data));

const theirs = new SDJwtVcInstance({
  hasher: (data) => new Uint8Array(
    createHash("sha256").update(Buffer.from(data)).digest()),
  hashAlg: "sha-256",
  saltGenerator: () => randomBytes(16).toString("base64url"),
  signer: sign(issuer.privateKey),
  signAlg: "ES256",
  verifier: (data, signature) => check(issuer.publicKey, data, signature),
  kbSigner: sign(holder.privateKey),
  kbSignAlg: "ES256",
  kbVerifier: async (data, signature, payload) => check(
    await jose.importJWK(payload.cnf.jwk, "ES256"), data, signature),
});

const names = Array.from({ length: CLAIMS }, (_, i) => `claim_${i}`);
const claims = {
  vct: "urn:broletto:bench", iss: "https://issuer.example", exp: NOW + 86400,
  ...Object.fromEntries(names.map((n) => [n, "a value of usual length"])),
  cnf: { jwk: await jose.exportJWK(holder.publicKey) },
};
const token = await theirs.issue(claims, { _sd: names });
const presented = await theirs.present(
  token, Object.fromEntries(names.map((n) => [n, true])), {
    kb: { payload: { iat: NOW, aud: "https://v.example", nonce: "n" } },
  });

async function rate(name, once) {
  const seconds = Number(process.argv[2] ?? 3);
  await once();
  const begin = performance.now();
  let n = 0;
  while (performance.now() - begin < seconds * 1000) {
    await once();
    n += 1;
  }
  console.log(`${name} ${(n * 1000 / (performance.now() - begin)).toFixed(1)}`);
}

await rate("issue", () => theirs.issue(claims, { _sd: names }));
await rate("verify", () => theirs.verify(presented, { keyBindingNonce: "n" }));
