// An issuing body of the tests' own: made, its operators, started, stopped.
// SPDX-License-Identifier: EUPL-1.2
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import {
  appendFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TestProvider } from './provider.mjs';
import { Registry } from './registry.mjs';

const BUILD = process.env.BROLETTO_BUILD;
const CLI = join(BUILD, 'cli', 'broletto');
const WALLET = join(BUILD, 'wallet', 'broletto-wallet');
const DAEMON = join(BUILD, 'orchestrator', 'broletto-orchestrator');

/** A port that was free a moment ago: an issuer's address is fixed when it is
 *  made. */
function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function base32(text) {
  const bits = [...text].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
}

/** RFC 6238, here a second time: the daemon must agree with it. */
function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', base32(secret)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

/** One of our programs, until its first line says where it serves. */
class Daemon {
  constructor(program, data, listen, log) {
    this.args = [program, ['--data', data, '--listen', listen]];
    this.log = log;
  }

  async start() {
    this.process = spawn(...this.args,
      { stdio: ['ignore', 'pipe', openSync(this.log, 'a')] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      const found = /serving (http:\/\/\S+)/.exec(line);
      if (found) {
        return found[1];
      }
    }
    throw new Error(readFileSync(this.log, 'utf8').slice(-1500));
  }

  async stop() {
    if (this.process?.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.process.kill('SIGTERM');
      await ended;
    }
  }
}

/** Three types; the ledger accredits the body for these. */
const ACCREDITED = ['isee', 'nursery-enrolment'];

export class TestBody {
  /** ledger: a TestNode whose registry tells what this body may issue. */
  constructor(ledger) {
    this.ledger = ledger;
    this.folder = mkdtempSync(join(tmpdir(), 'broletto-body-'));
    this.data = join(this.folder, 'data');
    this.steps = new Map(); // a code serves once
    this.people = 0;
    this.registry = new Registry();
  }

  cli(...args) {
    return execFileSync(CLI, args, { encoding: 'utf8',
      env: { ...process.env, HOME: this.folder },
      stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** Each story has operators of its own: a code serves once. */
  someone(role = 'supervisor') {
    return this.operator(`${role}-${++this.people}`, role);
  }

  operator(name, role) {
    return JSON.parse(this.cli('orchestrator', 'operator', 'add', name,
      '--role', role, '--data', this.data, '--json'));
  }

  /** Who logs in at the provider, by the subject that they have there. */
  listed(subject) {
    this.cli('orchestrator', 'operator', 'add', subject, '--identity', subject,
      '--data', this.data);
  }

  revokeAll() {
    for (const line of this.cli('issuer', 'list', '--data', this.data)
      .split('\n').filter((l) => / valid/.test(l))) {
      this.cli('issuer', 'revoke', line.split(' ')[0], '--data', this.data,
        '--reason', 'moved');
    }
  }

  /** A code that has not been used: of this step, then of the next. */
  code(operator) {
    const now = Math.floor(Date.now() / 30000);
    const step = Math.max((this.steps.get(operator.name) ?? 0) + 1, now);
    this.steps.set(operator.name, step);
    return totp(operator.totp, step);
  }

  async start() {
    const port = await freePort();
    this.cli('orchestrator', 'init', this.data, '--quiet', '--node',
      this.ledger.url, '--public-url', `http://127.0.0.1:${port}`, '--name',
      'Comune di Prova');
    this.provider = await new TestProvider().start();
    appendFileSync(join(this.data, 'orchestrator.yaml'), `desk_logins: 1000
registry_fresh_s: 0
oidc_issuer: "${this.provider.url}"
oidc_client_id: "desk"
oidc_name: "SPID or CIE"
contacts: "https://comune.example/privacy privacy@comune.example"
privacy_policy: "https://comune.example/policy"
`);
    await this.registry.start();
    this.registry.configure(this.data);
    this.register(`http://127.0.0.1:${port}`);
    this.daemon = new Daemon(DAEMON, this.data, `127.0.0.1:${port}`,
      join(this.folder, 'log'));
    this.url = await this.daemon.start();
    return this;
  }

  /** A root, an authority, and this body with its keys, on the ledger. */
  register(url) {
    const chain = (role) => join(this.data, 'ca', `${role}-chain.pem`);
    this.types = ACCREDITED.map((type) => `${url}/vct/${type}`).join(',');
    this.did = this.ledger.join('comune', 'Comune di Prova',
      '--assertion', chain('issuer'), '--authentication', chain('verifier'));
    this.ledger.root('Regione di Prova', this.types);
    this.accredit();
  }

  accredit() {
    this.accreditation = this.ledger.accredit(this.did, this.types);
  }

  revokeAccreditation() {
    this.ledger.revoke(this.accreditation);
  }

  /** A link for a credential that nobody lets this body issue. */
  offerUnaccredited() {
    const claims = join(this.folder, 'residence.json');
    writeFileSync(claims, JSON.stringify({
      given_name: 'Anna', family_name: 'Bianchi', birthdate: '1988-04-12',
      tax_id_code: 'BNCNNA88D52F205X', address: {
        street_address: 'Via Roma 1', locality: 'Milano', postal_code: '20100',
        region: 'MI', country: 'IT' } }));
    return this.cli('issuer', 'offer', '--type', 'residence', '--claims',
      claims, '--data', this.data).trim();
  }

  /** The wallets of many citizens on one server, which trusts this body; at a
   *  name, since passkeys need one. */
  async startWallets() {
    const data = join(this.folder, 'wallets');
    const port = await freePort();
    this.walletsData = data;
    this.cli('wallet', 'init', data, '--allow-loopback', '--server', '--trust',
      join(this.data, 'ca', 'development-ca.pem'), '--registry',
      this.ledger.url);
    appendFileSync(join(data, 'wallet.yaml'), 'attempts_per_minute: 600\n' +
      `registry_fresh_s: 0\npublic_url: "http://localhost:${port}"\n`);
    this.wallets = new Daemon(WALLET, data, `127.0.0.1:${port}`,
      join(this.folder, 'wallets.log'));
    await this.wallets.start();
    return `http://localhost:${port}`;
  }

  /** The link of a question from the command line; transactions: JSON, or none. */
  ask(claims, transactions) {
    const write = (name, doc) => {
      const path = join(this.folder, name);
      writeFileSync(path, JSON.stringify(doc));
      return path;
    };
    const query = { credentials: [{ id: 'isee', format: 'dc+sd-jwt',
      meta: { vct_values: [`${this.url}/vct/isee`] },
      claims: claims.map((path) => ({ path })) }] };
    return JSON.parse(this.cli('verifier', 'request', '--json', '--data', this.data,
      '--dcql', write('query.json', query), '--purpose', 'Place in a nursery',
      ...(transactions ? ['--transaction-data',
        write('transactions.json', transactions)] : []))).request;
  }

  /** An offer that the body grants on its own page. */
  pageOffer() {
    const claims = join(this.folder, 'page-claims.json');
    writeFileSync(claims, JSON.stringify({ given_name: 'Anna',
      family_name: 'Bianchi', birthdate: '1988-04-12',
      tax_id_code: 'BNCNNA88D52F205X', isee_amount: 18250.5,
      valid_until: '2030-12-31', household_size: 3 }));
    return JSON.parse(this.cli('issuer', 'offer', '--type', 'isee', '--claims',
      claims, '--authorization-code', '--data', this.data, '--json')).offer;
  }

  /** A citizen with the wallet of the command line. */
  wallet(name) {
    const vault = join(this.folder, `wallet-${name}`);
    this.cli('wallet', 'init', vault, '--allow-loopback', '--trust',
      join(this.data, 'ca', 'development-ca.pem'));
    return {
      accept: (link, tx) => this.cli('wallet', 'accept', link, '--vault', vault,
        '--yes', ...(tx ? ['--tx-code', tx] : [])),
      present: (link, how = '--yes') =>
        this.cli('wallet', 'present', link, '--vault', vault, how),
    };
  }

  async stop() {
    await this.wallets?.stop();
    await this.daemon?.stop();
    this.provider?.stop();
    this.registry.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
