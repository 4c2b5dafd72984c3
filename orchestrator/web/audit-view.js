// What was done at the desk, the newest first.
// SPDX-License-Identifier: EUPL-1.2
import { getAudit } from './api.js';
import { $, el, said } from './dom.js';
import { say } from './i18n.js';
import { problemNodes } from './problem-view.js';

let oldest = null;

function row(entry) {
  return el('tr', {},
    el('th.number', { scope: 'row' }, String(entry.number)),
    el('td', {}, said('time', 'value.when', { when: { when: entry.time_us } },
      { datetime: new Date(entry.time_us / 1000).toISOString() })),
    el('td', {}, entry.who),
    said('td', `audit.${entry.what}`),
    el('td', {}, el('code', {}, entry.about.slice(0, 16)), ' ', entry.detail));
}

function table(rows) {
  const head = ['number', 'time', 'who', 'what', 'about'].map((name) =>
    said('th', `audit.head.${name}`, {}, { scope: 'col' }));
  return el('table.audit-rows', {}, el('thead', {}, el('tr', {}, ...head)),
    el('tbody', {}, ...rows.map(row)));
}

/** Up to where the ledger vouches for it. */
function showStamp(page) {
  if (page.stamped !== undefined) {
    say($('audit-stamp'), 'audit.stamped', { row: page.stamped.row,
      entry: page.stamped.entry, when: { when: page.stamped.time_us } });
  } else {
    say($('audit-stamp'), page.ledger ? 'audit.unstamped' : 'audit.no-ledger');
  }
}

async function load(before) {
  try {
    const page = await getAudit(before);
    const { rows } = page;
    showStamp(page);
    oldest = rows.length > 0 ? rows[rows.length - 1].number : null;
    $('audit').replaceChildren(
      rows.length > 0 ? table(rows) : said('p', 'audit.none'));
    $('audit-older').disabled = oldest === null || oldest <= 1;
  } catch (problem) {
    $('audit').replaceChildren(...problemNodes(problem));
  }
}

export function showAudit() {
  load(null);
}

export function startAudit() {
  $('audit-newest').addEventListener('click', () => load(null));
  $('audit-older').addEventListener('click', () => load(oldest));
}
