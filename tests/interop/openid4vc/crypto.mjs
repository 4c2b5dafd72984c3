// What the libraries leave to who uses them: keys, signatures, encryption,
// certificates, fetching. Private keys are found by their thumbprint.
//
// SPDX-License-Identifier: EUPL-1.2
import {
  X509Certificate, ECDH, createHash, randomBytes,
} from "node:crypto";
import * as jose from "jose";

const PATIENCE_MS = 30_000;
const PRIVATE = new Map(); // thumbprint -> private JWK
let roots = [];

/** Whom to believe: certificates of authorities, PEM. */
export function trust({ pems }) {
  roots = pems.map((pem) => new X509Certificate(pem));
}

export async function keep(jwk) {
  const { d, ...publicJwk } = jwk;
  PRIVATE.set(await jose.calculateJwkThumbprint(publicJwk), jwk);
  return publicJwk;
}

export async function newKey(more = {}) {
  const pair = await jose.generateKeyPair("ES256", { extractable: true });
  return keep({ ...await jose.exportJWK(pair.privateKey), ...more });
}

/** A signer with a new key that stands in the header. */
export async function jwkSigner() {
  return { method: "jwk", alg: "ES256", publicJwk: await newKey() };
}

export async function privateKey(publicJwk) {
  const found = PRIVATE.get(await jose.calculateJwkThumbprint(publicJwk));
  if (found === undefined) {
    throw new Error("no such private key");
  }
  return found;
}

// ---- certificates -----------------------------------------------------------

const certificate = (text) => new X509Certificate(Buffer.from(text, "base64"));

/** The leaf's key, when the chain leads to an authority and is current. */
export function verifiedLeaf(x5c) {
  const chain = x5c.map(certificate);
  chain.forEach((c, i) => {
    const above = chain[i + 1] ?? roots.find(
      (r) => c.checkIssued(r) && c.verify(r.publicKey));
    const now = Date.now();
    if (above === undefined || !c.checkIssued(above) ||
        !c.verify(above.publicKey) || Date.parse(c.validFrom) > now ||
        Date.parse(c.validTo) < now) {
      throw new Error("a chain that leads to nobody: " + c.subject);
    }
  });
  return chain[0].publicKey.export({ format: "jwk" });
}

function getX509CertificateMetadata(text) {
  const names = (certificate(text).subjectAltName ?? "").split(", ");
  const of = (kind) => names.filter((n) => n.startsWith(kind))
    .map((n) => n.slice(kind.length));
  return { sanDnsNames: of("DNS:"), sanUriNames: of("URI:") };
}

// ---- did:key, P-256 ---------------------------------------------------------

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function keyOfDid(url) {
  const text = url.split("#")[0].split(":")[2];
  let number = 0n;
  for (const c of text.slice(1)) {
    number = number * 58n + BigInt(BASE58.indexOf(c));
  }
  const bytes = Buffer.from(number.toString(16).padStart(70, "0"), "hex");
  if (text[0] !== "z" || bytes.length !== 35 || bytes[0] !== 0x80 ||
      bytes[1] !== 0x24) {
    throw new Error("not a did:key of P-256: " + url);
  }
  const point = ECDH.convertKey(
    bytes.subarray(2), "prime256v1", undefined, undefined, "uncompressed");
  return {
    kty: "EC", crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
}

function keyOf(signer) {
  switch (signer.method) {
    case "jwk": return signer.publicJwk;
    case "x5c": return verifiedLeaf(signer.x5c);
    case "did": return keyOfDid(signer.didUrl);
    default: throw new Error("no key in a header: " + signer.method);
  }
}

// ---- what the libraries call ------------------------------------------------

async function signJwt(signer, { header, payload }) {
  const publicJwk = signer.method === "x5c"
    ? certificate(signer.x5c[0]).publicKey.export({ format: "jwk" })
    : keyOf(signer);
  const key = await jose.importJWK(await privateKey(publicJwk), signer.alg);
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  return {
    jwt: await new jose.CompactSign(bytes).setProtectedHeader(header).sign(key),
    signerJwk: publicJwk,
  };
}

async function verifyJwt(signer, { compact }) {
  const signerJwk = keyOf(signer);
  try {
    const key = await jose.importJWK(signerJwk, signer.alg);
    await jose.compactVerify(compact, key, { algorithms: [signer.alg] });
    return { verified: true, signerJwk };
  } catch {
    return { verified: false };
  }
}

async function encryptJwe({ publicJwk, alg, enc, apu, apv }, data) {
  const parties = {};
  if (apu) parties.apu = jose.base64url.decode(apu);
  if (apv) parties.apv = jose.base64url.decode(apv);
  const jwe = await new jose.CompactEncrypt(new TextEncoder().encode(data))
    .setProtectedHeader({ alg, enc, kid: publicJwk.kid })
    .setKeyManagementParameters(parties)
    .encrypt(await jose.importJWK(publicJwk, alg));
  return { jwe, encryptionJwk: publicJwk };
}

async function decryptJwe(jwe, { jwk }) {
  try {
    const key = await jose.importJWK(await privateKey(jwk), "ECDH-ES");
    const { plaintext } = await jose.compactDecrypt(jwe, key);
    return {
      decrypted: true, decryptionJwk: jwk,
      payload: new TextDecoder().decode(plaintext),
    };
  } catch {
    return { decrypted: false };
  }
}

export const callbacks = {
  hash: (data, alg) =>
    createHash(alg.replace("-", "")).update(Buffer.from(data)).digest(),
  generateRandom: (n) => randomBytes(n),
  signJwt, verifyJwt, encryptJwe, decryptJwe, getX509CertificateMetadata,
  fetch: (url, init) => fetch(
    url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) }),
  clientAuthentication: () => {},
};
