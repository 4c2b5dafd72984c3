// An OpenID Connect provider of the tests' own, on another site than the desk
// (localhost, and not 127.0.0.1), with a page on which a person agrees. It is
// strict in tests/lib/oidc.py; here it is something to click on.
// SPDX-License-Identifier: EUPL-1.2
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';

const b64 = (v) => Buffer.from(v).toString('base64url');
const { publicKey, privateKey } = generateKeyPairSync('ec',
  { namedCurve: 'P-256' });

export class TestProvider {
  constructor() {
    this.codes = new Map();
  }

  async start() {
    this.server = createServer((req, res) => this.serve(req, res));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://localhost:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async serve(req, res) {
    const url = new URL(req.url, this.url);
    const json = (doc) => res.writeHead(200,
      { 'Content-Type': 'application/json' }).end(JSON.stringify(doc));
    if (url.pathname === '/.well-known/openid-configuration') {
      json({ issuer: this.url, authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/jwks`,
        end_session_endpoint: `${this.url}/end` });
    } else if (url.pathname === '/jwks') {
      json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'w' }] });
    } else if (url.pathname === '/authorize') {
      this.page(url.searchParams, res);
    } else if (url.pathname === '/end') {
      res.writeHead(303, { Location:
        url.searchParams.get('post_logout_redirect_uri') }).end();
    } else if (url.pathname === '/token') {
      let body = '';
      for await (const piece of req) {
        body += piece;
      }
      json(this.token(new URLSearchParams(body)));
    } else {
      res.writeHead(404).end();
    }
  }

  /** Three links: somebody who works there, somebody who does not, a no. */
  page(q, res) {
    const back = (answer) => `${q.get('redirect_uri')}?${new URLSearchParams(
      { ...answer, state: q.get('state') })}`.replaceAll('&', '&amp;');
    const link = (sub) => {
      const code = randomBytes(12).toString('hex');
      this.codes.set(code, { sub, q });
      return `<p><a id="${sub}" href="${back({ code })}">${sub}</a></p>`;
    };
    res.writeHead(200, { 'Content-Type': 'text/html' }).end(
      `<!doctype html><title>Provider</title>${link('lucia')}${link('mallory')}
      <p><a id="no" href="${back({ error: 'access_denied' })}">no</a></p>`);
  }

  token(form) {
    const { sub, q } = this.codes.get(form.get('code'));
    const challenge = createHash('sha256').update(form.get('code_verifier'))
      .digest('base64url');
    if (challenge !== q.get('code_challenge')) {
      return { error: 'invalid_grant' };
    }
    const now = Math.floor(Date.now() / 1000);
    const signed = `${b64(JSON.stringify({ alg: 'ES256', kid: 'w' }))}.${
      b64(JSON.stringify({ iss: this.url, aud: q.get('client_id'), sub,
        nonce: q.get('nonce'), iat: now, exp: now + 300 }))}`;
    return { access_token: 'a', token_type: 'Bearer', id_token: `${signed}.${
      sign('sha256', Buffer.from(signed),
        { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}` };
  }
}
