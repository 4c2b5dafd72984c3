// npm's @sd-jwt/sd-jwt-vc against ours, both ways, over random trees of claims.
// Prints TAP.
//
//   node sdjwt.mjs PATH-OF-THE-PEER
//
// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";

const TREES = 1000;
const NOW = Math.floor(Date.now() / 1000);
const AUDIENCE = "https://verifier.example";

// ---- our side ---------------------------------------------------------------

const peer = spawn(process.argv[2], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();

async function ours(request) {
  peer.stdin.write(JSON.stringify(request) + "\n");
  const { value, done } = await lines.next();
  if (done) {
    throw new Error("our side has gone");
  }
  return JSON.parse(value);
}

async function ok(request) {
  const answer = await ours(request);
  if (answer.error !== undefined) {
    throw new Error(`${request.op}: ${answer.error}`);
  }
  return answer;
}

// ---- their side -------------------------------------------------------------

async function party() {
  const { privateKey, publicKey } = await jose.generateKeyPair("ES256", {
    extractable: true,
  });
  return {
    privateKey, publicKey,
    jwk: await jose.exportJWK(privateKey),
    publicJwk: await jose.exportJWK(publicKey),
  };
}

const algorithm = { name: "ECDSA", hash: "SHA-256" };

function signerOf(key) {
  return async (data) => Buffer.from(await crypto.subtle.sign(
    algorithm, key, new TextEncoder().encode(data))).toString("base64url");
}

async function verifyWith(key, data, signature) {
  return crypto.subtle.verify(
    algorithm, key, Buffer.from(signature, "base64url"),
    new TextEncoder().encode(data));
}

function instance(issuer, holder) {
  return new SDJwtVcInstance({
    hasher: (data) => new Uint8Array(
      createHash("sha256").update(Buffer.from(data)).digest()),
    hashAlg: "sha-256",
    saltGenerator: () => randomBytes(16).toString("base64url"),
    signer: signerOf(issuer.privateKey),
    signAlg: "ES256",
    verifier: (data, signature) => verifyWith(issuer.publicKey, data, signature),
    kbSigner: signerOf(holder.privateKey),
    kbSignAlg: "ES256",
    kbVerifier: async (data, signature, payload) => verifyWith(
      await jose.importJWK(payload.cnf.jwk, "ES256"), data, signature),
  });
}

// ---- random trees, the same in every run --------------------------------------

let state = 88172645463325252n;

function below(n) {
  state ^= (state << 13n) & 0xffffffffffffffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffffffffffffffffn;
  return Number((state >> 33n) % BigInt(n));
}

const WORDS = ["", "Bianchi", "è𝄞", "a\"b\\c\n", "~.~", "__proto", "0"];

function scalar() {
  switch (below(5)) {
    case 0: return below(2) === 0;
    case 1: return below(1 << 30) - (1 << 29);
    case 2: return below(1000) + 0.5;
    default: return WORDS[below(WORDS.length)];
  }
}

/** A value; the frames and paths by which it is hidden and shown go along. */
function tree(depth) {
  const kind = depth === 0 ? 1 : below(4);
  if (kind === 2 && depth < 4) {
    return Array.from({ length: below(4) }, () => tree(depth + 1));
  }
  if (depth === 0 || (kind === 3 && depth < 4)) {
    const entries = Array.from({ length: below(5) + (depth === 0 ? 1 : 0) },
      (_, i) => [`n${i}`, tree(depth + 1)]);
    return Object.fromEntries(entries);
  }
  return scalar();
}

function isTree(v) {
  return typeof v === "object" && v !== null;
}

/** Their way to say what is hidden: any of any object or array. */
function frameOf(v) {
  const keys = Object.keys(v);
  const frame = { _sd: keys.filter(() => below(2) === 0) };
  if (below(4) === 0) {
    frame._sd_decoy = 1 + below(3);
  }
  for (const key of keys) {
    if (isTree(v[key]) && Object.keys(v[key]).length > 0) {
      frame[key] = frameOf(v[key]);
    }
  }
  if (frame._sd.length === 0) {
    delete frame._sd;
  }
  return frame;
}

/** Ours: paths, with null for every element of an array. */
function pathsOf(v, path = [], out = []) {
  for (const key of Object.keys(v)) {
    const here = [...path, Array.isArray(v) ? null : key];
    if (below(2) === 0) {
      out.push(here);
    }
    if (isTree(v[key])) {
      pathsOf(v[key], here, out);
    }
  }
  return out;
}

/** Paths of some values, as they are in the claims. */
function someOf(v, path = [], out = []) {
  for (const key of Object.keys(v)) {
    const here = [...path, Array.isArray(v) ? Number(key) : key];
    if (below(3) === 0) {
      out.push(here);
    } else if (isTree(v[key])) {
      someOf(v[key], here, out);
    }
  }
  return out;
}

/** All that lies in a value, too: of theirs, true alone shows what is open. */
function whole(v) {
  return isTree(v) && Object.keys(v).length > 0
    ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, whole(x)]))
    : true;
}

/** Their way to say what is shown. */
function presentationFrame(paths, original) {
  const frame = {};
  for (const path of paths) {
    let at = frame;
    path.slice(0, -1).forEach((key) => {
      at[key] ??= {};
      at = at[key];
    });
    at[path.at(-1)] = whole(path.reduce((v, key) => v[key], original));
  }
  return frame;
}

// ---- both ways ----------------------------------------------------------------

function same(got, wanted, told) {
  if (!isDeepStrictEqual(got, wanted)) {
    throw new Error(`${told}: ${JSON.stringify(got)}, not ${
      JSON.stringify(wanted)}`);
  }
}

function credential(holder) {
  return {
    ...tree(0), vct: "urn:broletto:interop", iss: "https://issuer.example",
    iat: NOW - 10, exp: NOW + 3600, cnf: { jwk: holder.publicJwk },
  };
}

/** Everything but what must be open. */
function hideable(claims) {
  return Object.fromEntries(Object.entries(claims)
    .filter(([key]) => /^n[0-9]$/.test(key)));
}

/** Both verifiers, on the same presentation. */
async function verifiedByBoth(theirs, issuer, token, nonce, told) {
  const { payload } = await theirs.verify(token, { keyBindingNonce: nonce });
  const { claims } = await ok({
    op: "verify", jwk: issuer.publicJwk, token, now: NOW, nonce,
    audience: AUDIENCE,
  });
  same(claims, JSON.parse(JSON.stringify(payload)), told);
  return claims;
}

/** Values of the paths are there; what was not chosen and is hidden is not. */
function shown(claims, original, paths, told) {
  for (const path of paths) {
    const wanted = path.reduce((v, key) => v[key], original);
    let got = claims;
    for (const key of path) {
      if (Array.isArray(got)) {
        return; // positions have moved where others stay hidden
      }
      got = got?.[key];
    }
    same(got, wanted, `${told}, ${JSON.stringify(path)}`);
  }
}

async function theyIssue(theirs, issuer, holder) {
  const original = credential(holder);
  const token = await theirs.issue(original, frameOf(hideable(original)));
  const { claims } = await ok({
    op: "verify", jwk: issuer.publicJwk, token, now: NOW,
  });
  same(claims, original, "theirs, read by us");
  const nonce = randomBytes(16).toString("base64url");
  const show = someOf(hideable(original));
  const answer = await ok({
    op: "present", jwk: issuer.publicJwk, token, now: NOW, show,
    holder: holder.jwk, nonce, audience: AUDIENCE,
  });
  const got = await verifiedByBoth(
    theirs, issuer, answer.token, nonce, "theirs, shown by us");
  shown(got, original, show, "theirs, shown by us");
  return answer.token;
}

async function weIssue(theirs, issuer, holder) {
  const original = credential(holder);
  const { token } = await ok({
    op: "issue", jwk: issuer.jwk, claims: original,
    hide: pathsOf(hideable(original)), decoys: below(3),
  });
  await theirs.verify(token);
  same(await theirs.getClaims(token), original, "ours, read by them");
  const nonce = randomBytes(16).toString("base64url");
  const show = someOf(hideable(original));
  // Version 0.19 chooses twice where it also binds, and the second time finds
  // less in arrays of arrays: jose makes the binding.
  const chosen = await theirs.present(token, presentationFrame(show, original));
  const hash = createHash("sha256").update(chosen).digest("base64url");
  const presented = chosen + await new jose.SignJWT({
    iat: NOW, aud: AUDIENCE, nonce, sd_hash: hash,
  }).setProtectedHeader({ alg: "ES256", typ: "kb+jwt" })
    .sign(holder.privateKey);
  const got = await verifiedByBoth(
    theirs, issuer, presented, nonce, "ours, shown by them");
  shown(got, original, show, "ours, shown by them");
  return presented;
}

async function refused(request, rule) {
  const answer = await ours(request);
  if (answer.rule !== rule) {
    throw new Error(`${JSON.stringify(answer)}, not ${rule}`);
  }
}

async function refusals(theirs, issuer, holder) {
  const nonce = "n-1";
  const original = credential(holder);
  const token = await theirs.issue(original, { _sd: ["n0"] });
  const kb = { iat: NOW, aud: AUDIENCE, nonce };
  const shownBy = (payload) => theirs.present(token, { n0: true }, {
    kb: { payload: { ...kb, ...payload } },
  });
  const ask = {
    op: "verify", jwk: issuer.publicJwk, now: NOW, nonce, audience: AUDIENCE,
  };
  const good = await shownBy({});
  await ok({ ...ask, token: good });
  await refused({ ...ask, token }, "kb-missing");
  await refused({ ...ask, token: await shownBy({ nonce: "n-2" }) }, "kb-nonce");
  await refused({ ...ask, token: await shownBy({ aud: "x" }) }, "kb-aud");
  await refused({ ...ask, token: await shownBy({ iat: NOW - 99 }) }, "kb-iat");
  await refused({ ...ask, token: good, jwk: holder.publicJwk },
    "jws-signature");
  const parts = good.split("~");
  await refused({ ...ask, token: [parts[0], parts.at(-1)].join("~") },
    "kb-sd-hash");
  await refused({ ...ask, token: [parts[0], parts[1], parts[1],
    parts.at(-1)].join("~") }, "sd-unreferenced");
  await refused({ ...ask, token: good, nonce: undefined }, "kb-unasked");
  const old = await theirs.issue({ ...original, exp: NOW - 1 }, {});
  await refused({ ...ask, token: old, nonce: undefined }, "vc-exp");
}

let count = 0;
let failed = 0;

async function test(name, body) {
  count += 1;
  try {
    await body();
    console.log(`ok ${count} - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${count} - ${name}`);
    console.log("# " + String(error.stack).replaceAll("\n", "\n# "));
  }
}

const issuer = await party();
const holder = await party();
const theirs = instance(issuer, holder);

await test(`${TREES} trees that they issue and we show`, async () => {
  for (let i = 0; i < TREES; i += 1) {
    await theyIssue(theirs, issuer, holder);
  }
});
await test(`${TREES} trees that we issue and they show`, async () => {
  for (let i = 0; i < TREES; i += 1) {
    await weIssue(theirs, issuer, holder);
  }
});
await test("what they make and should not be taken is refused by its rule",
  () => refusals(theirs, issuer, holder));
console.log(`1..${count}`);
peer.stdin.end();
process.exitCode = failed === 0 ? 0 : 1;
