// Two versions of npm's jose against ours, both ways, for every algorithm. The
// keys are made by either side. Prints TAP.
//
//   node jose.mjs PATH-OF-THE-PEER
//
// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { randomBytes } from "node:crypto";
import * as six from "jose";
import * as five from "jose-5";

const ROUNDS = 20;
// WebCrypto, on which version 6 stands, has no secp256k1.
const LIBRARIES = [
  { name: "jose 5", lib: five, lacks: [] },
  { name: "jose 6", lib: six, lacks: ["ES256K"] },
];
const SIGNATURES = {
  ES256: "P-256", ES384: "P-384", ES512: "P-521", ES256K: "secp256k1",
  EdDSA: "Ed25519", PS256: null, RS256: null,
};
const CURVES = ["P-256", "P-384", "P-521", "X25519"];
const AGREEMENTS = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"];
const CONTENTS = ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"];

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

async function refused(rule, request) {
  const answer = await ours(request);
  equal(answer.rule, rule, JSON.stringify(answer));
}

// ---- cases ------------------------------------------------------------------

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

function equal(got, wanted, told = "") {
  if (got !== wanted) {
    throw new Error(`got ${got}, wanted ${wanted} ${told}`);
  }
}

async function rejects(promise) {
  let passed = true;
  await promise.catch(() => {
    passed = false;
  });
  if (passed) {
    throw new Error("what was changed was accepted");
  }
}

function changed(token, part) {
  const parts = token.split(".");
  const c = parts[part][4];
  parts[part] = parts[part].slice(0, 4) + (c === "A" ? "B" : "A") +
    parts[part].slice(5);
  return parts.join(".");
}

function publicPart({ d, p, q, dp, dq, qi, ...rest }) {
  return rest;
}

/** Text of every length, with letters beyond ASCII. */
function someText(i) {
  return "ISEE è àè→𝄞".repeat(i % 7) + randomBytes(i * 3).toString("base64");
}

async function theirKey(lib, alg, crv) {
  const { privateKey } = await lib.generateKeyPair(alg, {
    crv: crv ?? undefined, extractable: true,
  });
  return lib.exportJWK(privateKey);
}

async function oneKey(lib, alg, crv, round) {
  return crv === null || round % 2 === 0
    ? theirKey(lib, alg, crv)
    : (await ok({ op: "generate", crv })).jwk;
}

async function signatures({ name, lib, lacks }) {
  for (const [alg, crv] of Object.entries(SIGNATURES)) {
    if (lacks.includes(alg)) {
      continue;
    }
    await test(`${name}: ${alg}, ours verify theirs, theirs ours`, async () => {
      for (let i = 0; i < (crv === null ? 3 : ROUNDS); i++) {
        const jwk = await oneKey(lib, alg, crv, i);
        const payload = someText(i);
        const key = await lib.importJWK(jwk, alg);
        const open = await lib.importJWK(publicPart(jwk), alg);
        const token = (await ok({
          op: "sign", alg, jwk, payload, typ: "dc+sd-jwt", kid: "k", embed: true,
        })).token;
        const theirs = await lib.compactVerify(token, open, { algorithms: [alg] });
        equal(new TextDecoder().decode(theirs.payload), payload);
        equal(theirs.protectedHeader.typ, "dc+sd-jwt");
        const embedded = await lib.compactVerify(token, lib.EmbeddedJWK);
        equal(new TextDecoder().decode(embedded.payload), payload);
        const back = await new lib.CompactSign(new TextEncoder().encode(payload))
          .setProtectedHeader({ alg, typ: "JWT" }).sign(key);
        const verify = { op: "verify", jwk: publicPart(jwk) };
        equal((await ok({ ...verify, token: back })).payload, payload);
        await refused("jws-signature", { ...verify, token: changed(back, 2) });
        await rejects(lib.compactVerify(changed(token, 2), open));
        equal((await ok({ op: "thumbprint", jwk: publicPart(jwk) })).thumbprint,
          await lib.calculateJwkThumbprint(publicPart(jwk)));
      }
    });
  }
}

async function exchange(lib, alg, enc, jwk, i) {
  const plaintext = someText(i);
  const bytes = new TextEncoder().encode(plaintext);
  const key = await lib.importJWK(jwk, alg);
  const open = await lib.importJWK(publicPart(jwk), alg);
  const party = i % 2 === 1 ? { apu: "Alice", apv: "Bob" } : {};
  const token = (await ok({
    op: "encrypt", alg, enc, jwk: publicPart(jwk), plaintext, kid: "k", ...party,
  })).token;
  const theirs = await lib.compactDecrypt(token, key);
  equal(new TextDecoder().decode(theirs.plaintext), plaintext);
  const sealing = new lib.CompactEncrypt(bytes)
    .setProtectedHeader({ alg, enc, kid: "k" });
  if (party.apu !== undefined && alg !== "RSA-OAEP-256") {
    sealing.setKeyManagementParameters({
      apu: new TextEncoder().encode("Alice"), apv: new TextEncoder().encode("Bob"),
    });
  }
  const back = await sealing.encrypt(open);
  equal((await ok({ op: "decrypt", jwk, token: back })).plaintext, plaintext);
  await refused("jwe-decrypt", { op: "decrypt", jwk, token: changed(back, 4) });
  await rejects(lib.compactDecrypt(changed(token, 4), key));
}

async function encryptions({ name, lib }) {
  for (const enc of CONTENTS) {
    for (const alg of AGREEMENTS) {
      await test(`${name}: ${alg} with ${enc} on four curves`, async () => {
        for (const crv of CURVES) {
          for (let i = 0; i < 6; i++) {
            const jwk = await oneKey(lib, alg, crv, i >> 1);
            await exchange(lib, alg, enc, jwk, i);
          }
        }
      });
    }
    await test(`${name}: RSA-OAEP-256 with ${enc}`, async () => {
      const jwk = await theirKey(lib, "RSA-OAEP-256", null);
      for (let i = 0; i < 6; i++) {
        await exchange(lib, "RSA-OAEP-256", enc, jwk, i);
      }
    });
  }
}

async function refusals({ name, lib }) {
  await test(`${name}: what we refuse of theirs, by its rule`, async () => {
    const jwk = await theirKey(lib, "ES256", "P-256");
    const verify = { op: "verify", jwk: publicPart(jwk) };
    const bytes = new TextEncoder().encode("{}");
    const secret = randomBytes(64);
    const mac = await new lib.CompactSign(bytes)
      .setProtectedHeader({ alg: "HS256" }).sign(secret);
    await refused("jws-alg-symmetric", { ...verify, token: mac });
    const none = new lib.UnsecuredJWT({ a: 1 }).encode();
    await refused("jws-alg-none", { ...verify, token: none });
    const key = await lib.importJWK(jwk, "ES256");
    const critical = await new lib.CompactSign(bytes)
      .setProtectedHeader({ alg: "ES256", crit: ["exp"], exp: 1 })
      .sign(key, { crit: { exp: true } });
    await refused("jws-crit-unknown", { ...verify, token: critical });
    const dir = await new lib.CompactEncrypt(bytes)
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(randomBytes(32));
    await refused("jwe-alg", { op: "decrypt", jwk, token: dir });
    await refused("jwk-private", {
      op: "verify", jwk, token: await new lib.CompactSign(bytes)
        .setProtectedHeader({ alg: "ES256" }).sign(key),
    });
  });
}

for (const library of LIBRARIES) {
  await signatures(library);
  await encryptions(library);
  await refusals(library);
}
console.log(`1..${count}`);
peer.stdin.end();
process.exitCode = failed === 0 ? 0 : 1;
