// An HTTP server of this machine, for who issues and who asks.
//
// SPDX-License-Identifier: EUPL-1.2
import { createServer } from "node:http";
import { Oauth2ServerErrorResponseError } from "@openid4vc/oauth2";

const BODY_BYTES_MAX = 1 << 20;

async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_BYTES_MAX) {
      throw new Error("too large");
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

export const form = (body) => Object.fromEntries(new URLSearchParams(body));

/** Serve routes: {"POST /token": async ({url, headers, body}) => answer}, an
 *  answer being {status, type, body, headers}. Its address under localhost. */
export async function serve(routes) {
  const server = createServer(async (request, reply) => {
    let answer;
    try {
      const path = request.url.split("?")[0];
      const route = routes[`${request.method} ${path}`];
      answer = route === undefined ? { status: 404, body: {} } : await route({
        url: base + path, method: request.method,
        headers: new Headers(request.headers), body: await bodyOf(request) });
    } catch (error) {
      const known = error instanceof Oauth2ServerErrorResponseError;
      answer = {
        status: known ? error.status : 500,
        body: known ? error.errorResponse
          : { error: "server_error", error_description: String(error) } };
      routes.failed?.(error);
    }
    const text = typeof answer.body === "string"
      ? answer.body : JSON.stringify(answer.body ?? {});
    reply.writeHead(answer.status ?? 200, {
      "Content-Type": answer.type ?? "application/json",
      "Cache-Control": "no-store", ...answer.headers });
    reply.end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://localhost:${server.address().port}`;
  return base;
}
