// A source of claims of the tests' own, and a type that asks it.
// SPDX-License-Identifier: EUPL-1.2
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const TOKEN = 'a-token-of-the-registry';
const PEOPLE = {
  'S-1': { person: { first: 'Anna', last: 'Bianchi' }, school: { year: 3 },
    since: '2026-09-14', fee: 125.50, meals: true },
  'S-bad': { person: { first: 'Anna' }, school: { year: 'third' } },
};
const name = (it, en) => [{ locale: 'it', name: it }, { locale: 'en', name: en }];

export class Registry {
  asked = 0;

  answer(request, response) {
    this.asked++;
    const end = (status, body = {}) => response.writeHead(status,
      { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const who = decodeURIComponent(request.url.replace(/^\/people\//, ''));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      end(401);
    } else if (who === 'S-down') {
      end(503);
    } else {
      end(who in PEOPLE ? 200 : 404, PEOPLE[who]);
    }
  }

  async start() {
    this.server = createServer((q, a) => this.answer(q, a));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
  }

  /** Into a body's folder: the type, and the token. */
  configure(data) {
    writeFileSync(join(data, 'keys', 'registry-token'), `${TOKEN}\n`,
      { mode: 0o600 });
    writeFileSync(join(data, 'types', 'school-enrolment.json'), JSON.stringify({
      id: 'school-enrolment', validity_days: 300, batch_size: 2,
      display: name('Iscrizione a scuola', 'School enrolment'),
      source: { kind: 'http', token_file: 'keys/registry-token', tries: 2,
        url: `http://127.0.0.1:${this.server.address().port}/people/{reference}` },
      claims: [
        { path: ['given_name'], type: 'string', required: true,
          from: '/person/first', display: name('Nome', 'Given name') },
        { path: ['family_name'], type: 'string', required: true,
          from: '/person/last', display: name('Cognome', 'Family name') },
        { path: ['year'], type: 'integer', required: true,
          from: '/school/year', display: name('Anno', 'Year') },
        { path: ['since'], type: 'date', display: name('Dal', 'Since') },
        { path: ['fee'], type: 'amount', display: name('Retta', 'Fee') },
        { path: ['meals'], type: 'boolean', display: name('Mensa', 'Meals') },
      ] }));
  }

  stop() {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}
