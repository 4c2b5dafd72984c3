// A node of the tests' own: made, started, asked for a token, stopped.
// SPDX-License-Identifier: EUPL-1.2
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  mkdtempSync, openSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BUILD = process.env.BROLETTO_BUILD;
const CLI = join(BUILD, 'cli', 'broletto');
const NODE = join(BUILD, 'node', 'broletto-node');

export class TestNode {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'broletto-web-'));
    this.data = join(this.folder, 'data');
    this.env = { ...process.env, HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config') };
    for (const name of ['BROLETTO_TOKEN', 'BROLETTO_NODE', 'BROLETTO_LISTEN']) {
      delete this.env[name];
    }
    this.cli('node', 'init', '--quiet', this.data);
  }

  cli(...args) {
    return execFileSync(CLI, args, { env: this.env, encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'] });
  }

  token(scope = 'notary:stamp') {
    return this.cli('node', 'token', 'create', '--data', this.data, '--scope',
      scope).trim();
  }

  /** A registry's command, signed by the node's own member or by another. */
  registry(member, ...words) {
    const key = member === null ? ['--data', this.data]
      : ['--key', join(this.folder, `${member}.key`), '--passphrase-file',
        join(this.data, 'keys', 'passphrase')];
    return this.cli('registry', ...words, '--node', this.url, ...key).trim();
  }

  /** A new member with these keys in its DID document; the DID. */
  join(member, name, ...keys) {
    const file = join(this.folder, `${member}.key`);
    const key = this.cli('key', 'new', file, '--passphrase-file',
      join(this.data, 'keys', 'passphrase')).trim();
    this.cli('member', 'add', member, '--name', name, '--role', 'notary',
      '--public', key, '--data', this.data, '--node', this.url);
    return this.registry(member, 'did', 'put', ...keys);
  }

  /** A root with an authority below it, for these types. */
  root(name, types) {
    const keys = ['--assertion', join(this.folder, 'root.jwk')];
    writeFileSync(keys[1], JSON.stringify(generateKeyPairSync('ec',
      { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })));
    const top = this.join('regione', name, ...keys);
    const below = this.join('istituto', 'Istituto di Prova', ...keys);
    const id = this.registry(null, 'accredit', top, '--level', 'root',
      '--type', '*');
    this.registry('regione', 'accredit', below, '--level', 'authority',
      '--type', types, '--by', id);
  }

  accredit(did, types) {
    return this.registry('istituto', 'accredit', did, '--type', types,
      '--until', '2190-01-01');
  }

  revoke(id) {
    return this.registry('istituto', 'revoke', id);
  }

  /** Until its first line says where it serves. */
  async start() {
    const log = openSync(join(this.folder, 'log'), 'a');
    this.process = spawn(NODE,
      ['--data', this.data, '--listen', '127.0.0.1:0'],
      { env: this.env, stdio: ['ignore', 'pipe', log] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      const found = /serving (http:\/\/\S+)/.exec(line);
      if (found) {
        this.url = found[1];
        return this;
      }
    }
    throw new Error(`the node did not start: ${this.words()}`);
  }

  words() {
    return readFileSync(join(this.folder, 'log'), 'utf8').slice(-1500);
  }

  async stop() {
    if (this.process && this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once('exit', done));
      this.process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
