// Every exchange, without the values of claims.
// SPDX-License-Identifier: EUPL-1.2
import { getHistory } from './api.js';
import { $, el, said } from './dom.js';
import { problemNodes } from './problem-view.js';

let last = [];

function row(entry) {
  const claims = (entry.claims ?? []).map((path) => path.join(' ').replaceAll('_', ' '));
  return el('li.event', { 'data-event': entry.event },
    said('p.when', 'value.when', { when: { when: entry.time * 1e6 } }),
    el('p', {}, said('strong', `event.${entry.event}`), ' ',
      entry.party_name || entry.party || ''),
    entry.purpose ? said('p', 'history.purpose', { text: entry.purpose }) : null,
    claims.length > 0 ? said('p.detail', 'history.claims',
      { text: claims.join(', ') }) : null,
    entry.reason ? el('p.reason', { lang: 'en' }, entry.reason) : null);
}

export async function showHistory() {
  try {
    last = await getHistory();
    $('history-save').disabled = last.length === 0;
    $('history').replaceChildren(last.length === 0
      ? said('p', 'history.none') : el('ul.plain', {}, ...last.map(row)));
  } catch (problem) {
    $('history').replaceChildren(...problemNodes(problem));
  }
}

function save() {
  const blob = new Blob([JSON.stringify(last, null, 1)],
    { type: 'application/json' });
  const url = URL.createObjectURL(blob);
  el('a', { href: url, download: 'broletto-history.json' }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export function startHistory() {
  $('history-save').addEventListener('click', save);
}
