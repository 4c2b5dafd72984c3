// Every exchange, without the values of claims; and asking for deletion.
// SPDX-License-Identifier: EUPL-1.2
import { getHistory, undoLetter } from './api.js';
import { toCsv } from './csv.js';
import { $, el, said } from './dom.js';
import { has } from './i18n.js';
import { openLetter } from './letter-view.js';
import { problemNodes } from './problem-view.js';
import { spell } from './spell.js';

const LETTERS = ['deletion-asked', 'access-asked'];
const COLUMNS = ['time', 'event', 'party_name', 'party', 'vct', 'claims', 'purpose',
  'reason', 'request', 'about', 'id'];
const SHOWN_AT_ONCE = 100;
const DECLINED = 'the person did not agree'; // wallet/client/showing.c

let all = [];
let room = SHOWN_AT_ONCE;

const partyOf = (entry) => entry.party_name || entry.party || '';

/* ---- one entry ----------------------------------------------------------- */

async function undo(entry) {
  try {
    await undoLetter(entry.id);
    await showHistory();
    $('history-status').replaceChildren(said('p.mark.ok', 'history.undone'));
  } catch (problem) {
    $('history-status').replaceChildren(...problemNodes(problem));
  }
}

/** When it was asked to delete or to tell what was shown here. */
function letterNode(entry) {
  return el('p.letters', { 'data-event': entry.event },
    said('span', `history.${entry.event}`, { when: { when: entry.time * 1e6 } }), ' ',
    said('button.quiet', 'history.undo', {},
      { type: 'button', onclick: () => undo(entry) }));
}

function askNode(entry, letters) {
  const asked = letters.some((l) => l.event === 'deletion-asked');
  return el('p', {}, said('button.quiet',
    asked ? 'history.ask-again' : 'history.ask', {},
    { type: 'button', 'data-ask': entry.id,
      onclick: () => openLetter(entry, asked ? 'access' : 'erasure', back) }));
}

/** Rules speak English; what the person did has words here. */
function reasonNode(entry) {
  if (!entry.reason) {
    return null;
  }
  if (entry.reason === DECLINED) {
    return said('p.detail', 'history.declined');
  }
  const words = `problem.${entry.reason}`; // of a passkey that was refused
  return has(words) ? said('p.reason', words)
    : el('p.reason', { lang: 'en' }, entry.reason);
}

function row(entry) {
  const shown = entry.event === 'presented';
  const letters = shown ? all.filter((e) => e.about === entry.id) : [];
  const claims = (entry.claims ?? []).map(spell);
  return el('li.event', { 'data-event': entry.event, 'data-id': entry.id },
    said('p.when', 'value.when', { when: { when: entry.time * 1e6 } }),
    el('p', {}, said('strong', `event.${entry.event}`), ' ', partyOf(entry)),
    entry.purpose ? said('p', 'history.purpose', { text: entry.purpose }) : null,
    claims.length > 0 ? said('p.detail', shown ? 'history.claims'
      : 'history.claims.asked', { text: claims.join(', ') }) : null,
    entry.approved ? said('p.detail', 'history.approved',
      { count: entry.approved.length }) : null,
    reasonNode(entry),
    ...letters.map(letterNode),
    shown ? askNode(entry, letters) : null);
}

/* ---- all ----------------------------------------------------------------- */

function filtered() {
  const kind = $('history-kind').value;
  const text = $('history-find').value.trim().toLowerCase();
  const of = { '': () => true, 'letters': (e) => LETTERS.includes(e.event),
    'failed': (e) => ['failed', 'refused'].includes(e.event) };
  const wanted = of[kind] ?? ((e) => e.event === kind);
  return all.filter((e) => wanted(e) && (text === '' ||
    [partyOf(e), e.party, e.purpose, e.vct, ...(e.claims ?? []).map(spell)]
      .some((s) => s?.toLowerCase().includes(text))));
}

function fill() {
  const list = filtered();
  const none = all.length === 0 ? 'history.none' : 'history.none-such';
  $('history-tools').hidden = all.length === 0;
  $('history').replaceChildren(
    list.length === 0 ? said('p', none)
      : el('ul.plain', {}, ...list.slice(0, room).map(row)),
    list.length > room ? said('button.button.outline', 'history.more',
      { count: list.length - room }, { type: 'button', onclick: () => {
        room += SHOWN_AT_ONCE;
        fill();
      } }) : '');
}

export async function showHistory() {
  $('history-status').replaceChildren();
  try {
    all = await getHistory();
    fill();
  } catch (problem) {
    $('history').replaceChildren(...problemNodes(problem));
  }
}

async function back() {
  await showHistory();
  document.querySelector('#view-history h1').focus();
}

/* ---- keeping it elsewhere ------------------------------------------------ */

function keep(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function csvRow(entry) {
  return COLUMNS.map((name) => {
    if (name === 'time') {
      return new Date(entry.time * 1000).toISOString();
    }
    return name === 'claims'
      ? (entry.claims ?? []).map((path) => path.join('.')).join(' ') : entry[name];
  });
}

export function startHistory() {
  $('history-save').addEventListener('click', () =>
    keep(JSON.stringify(filtered(), null, 1), 'application/json',
      'broletto-history.json'));
  $('history-csv').addEventListener('click', () =>
    keep(toCsv([COLUMNS, ...filtered().map(csvRow)]), 'text/csv;charset=utf-8',
      'broletto-history.csv'));
  for (const [id, event] of [['history-kind', 'change'], ['history-find', 'input']]) {
    $(id).addEventListener(event, () => {
      room = SHOWN_AT_ONCE;
      fill();
    });
  }
}
