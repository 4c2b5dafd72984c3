// EBSI's own libraries against a registry of ours. One call a process: they
// remember what they have fetched.
//
//   node ebsi.mjs keys|issue|resolve|verify   (JSON in on stdin, JSON out)
//
// SPDX-License-Identifier: EUPL-1.2
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { getResolver, util } from "@cef-ebsi/ebsi-did-resolver";
import {
  createVerifiableCredentialJwt, verifyCredentialJwt,
} from "@cef-ebsi/verifiable-credential";
import { Resolver } from "did-resolver";
import * as jose from "jose";

function options(authority) {
  const base = `http://${authority}`;
  return {
    ebsiAuthority: authority,
    ebsiEnvConfig: {
      didRegistry: `${base}/did-registry/v5/identifiers`,
      trustedIssuersRegistry: `${base}/trusted-issuers-registry/v5/issuers`,
      trustedPoliciesRegistry: `${base}/trusted-policies-registry/v3/users`,
    },
  };
}

const calls = {
  /** A DID of a legal entity, and its key. */
  keys: async () => {
    const did = util.createDid(randomBytes(16));
    const pair = await jose.generateKeyPair("ES256", { extractable: true });
    const publicKeyJwk = await jose.exportJWK(pair.publicKey);
    const name = await jose.calculateJwkThumbprint(publicKeyJwk);
    return {
      did, kid: `${did}#${name}`, alg: "ES256", publicKeyJwk,
      privateKeyJwk: await jose.exportJWK(pair.privateKey),
    };
  },

  issue: ({ authority, payload, issuer }) => createVerifiableCredentialJwt(
    payload, issuer, { ...options(authority), skipValidation: true }),

  resolve: ({ authority, did }) => new Resolver(getResolver({
    registry: options(authority).ebsiEnvConfig.didRegistry,
  })).resolve(did),

  verify: ({ authority, jwt }) =>
    verifyCredentialJwt(jwt, options(authority)),
};

try {
  const asked = JSON.parse(readFileSync(0, "utf8"));
  const value = await calls[process.argv[2]](asked);
  console.log(JSON.stringify({ value }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error.message ?? error) }));
}
