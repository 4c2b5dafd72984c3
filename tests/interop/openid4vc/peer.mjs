// Others' wallet, issuer and verifier in one program: a call is a line of JSON
// on standard input, its answer a line on standard output.
//
//   {"call": "wallet.open", ...}  ->  {"value": ...} or {"error": {...}}
//
// SPDX-License-Identifier: EUPL-1.2
import { createInterface } from "node:readline";
import { setGlobalConfig } from "@openid4vc/oauth2";
import { trust } from "./crypto.mjs";
import * as issuer from "./issuer.mjs";
import * as verifier from "./verifier.mjs";
import * as wallet from "./wallet.mjs";

setGlobalConfig({ allowInsecureUrls: true }); // this machine, plain http

const parts = { peer: { trust }, issuer, verifier, wallet };

/** What an error says that a test may ask for. */
function told(error) {
  const found = {
    name: error.name,
    message: String(error.message),
    oauth: error.errorResponse,
  };
  if (error.response?.credentialErrorResponseResult) {
    found.oauth = error.response.credentialErrorResponseResult.data;
  }
  if (error.response?.wwwAuthenticate) {
    found.wwwAuthenticate = error.response.wwwAuthenticate;
  }
  found.status = error.response?.response?.status ?? error.response?.status;
  if (error.cause) {
    found.cause = String(error.cause.message ?? error.cause);
  }
  return found;
}

async function answer(line) {
  try {
    const { call, ...asked } = JSON.parse(line);
    const [part, name] = call.split(".");
    return { value: (await parts[part][name](asked)) ?? null };
  } catch (error) {
    return { error: told(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(line)) + "\n");
}
process.exit(0);
