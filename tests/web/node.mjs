// A node of the tests' own: made, started, asked for a token, stopped.
// SPDX-License-Identifier: EUPL-1.2
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
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
