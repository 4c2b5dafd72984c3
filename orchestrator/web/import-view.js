// A table of people: chosen, checked whole by the server, shown with what is
// wrong, then offered whole; the links are in a table to download.
// SPDX-License-Identifier: EUPL-1.2
import { postImport } from './api.js';
import { $, el, onDrop, said } from './dom.js';
import { say } from './i18n.js';
import { typeOptions } from './issue-view.js';
import { problemNodes } from './problem-view.js';

const BYTES_MAX = 1024 * 1024;
let types = [];
let table = null; // the text of the file, as it was checked
let kept = true; // nothing that would be lost with the page

const chosen = () => types.find((t) => t.id === $('import-type').value);

function columnsHelp(type) {
  const row = (claim) => el('tr', {},
    el('th', { scope: 'row' }, el('code', {}, claim.path.join('.'))),
    said('td', `import.as.${claim.type}`),
    said('td', claim.required ? 'import.required' : 'import.optional'));
  return el('table', {}, el('tbody', {},
    el('tr', {}, el('th', { scope: 'row' }, el('code', {}, 'reference')),
      said('td', 'import.as.reference'), said('td', 'import.required')),
    ...type.claims.filter((c) => c.type !== 'ladder').map(row)));
}

function showType() {
  const type = chosen();
  $('import-columns').replaceChildren(...(type ? [columnsHelp(type)] : []));
  forget();
}

export function useTypesToImport(list) {
  types = list.filter((t) => t.source === 'desk');
  $('import-type').replaceChildren(...typeOptions(types));
  showType();
}

function forget() {
  table = null;
  kept = true;
  $('import-file').value = '';
  $('import-status').replaceChildren();
  $('import-result').replaceChildren();
}

/* ---- what was checked ---------------------------------------------------- */

const faultText = (fault) => said('span', `import.fault.${fault.fault}`);

function faultItem(fault) {
  return el('li', {}, said('strong',
    fault.column > 0 ? 'import.at.column' : 'import.at.line',
    { line: fault.line, column: fault.column, name: fault.name }), ' ',
  faultText(fault));
}

function previewRow(row, faults, head) {
  const mine = faults.filter((f) => f.line === row.line);
  const whole = mine.some((f) => f.column === 0);
  const cell = (text, i) => {
    const bad = mine.find((f) => f.column === i + 1);
    return el(`${head ? 'th' : 'td'}${bad ? '.bad' : ''}`,
      head ? { scope: 'col' } : {}, text,
      bad ? el('span.hidden', {}, faultText(bad)) : null);
  };
  return el(`tr${whole ? '.bad' : ''}`, {},
    el('th.number', { scope: 'row' }, String(row.line)),
    ...row.cells.map(cell));
}

function preview(answer) {
  const [first, ...others] = answer.preview;
  if (first === undefined) {
    return null;
  }
  return el('div.scroll', { tabindex: '0', role: 'region',
    'aria-labelledby': 'import-preview' },
  el('table.sheet', {}, el('thead', {}, previewRow(first, answer.faults, true)),
    el('tbody', {}, ...others.map((r) => previewRow(r, answer.faults)))));
}

function wrongNodes(answer) {
  return [
    said('h2', 'import.wrong', { count: answer.fault_count },
      { tabindex: '-1', id: 'import-title' }),
    said('p', 'import.wrong.help'),
    el('ul.faults', {}, ...answer.faults.map(faultItem)),
    answer.fault_count > answer.faults.length ? said('p', 'import.more',
      { count: answer.fault_count - answer.faults.length }) : null,
    said('h3', 'import.preview', {}, { id: 'import-preview' }),
    preview(answer),
  ];
}

function rightNodes(answer) {
  return [
    said('h2', 'import.right', { count: answer.rows },
      { tabindex: '-1', id: 'import-title' }),
    said('h3', 'import.preview', {}, { id: 'import-preview' }),
    preview(answer),
    el('div.check', {},
      el('input', { id: 'import-tx', type: 'checkbox', checked: true }),
      said('label', 'issue.tx', {}, { for: 'import-tx' })),
    said('p.help', 'import.tx.help'),
    el('div', { id: 'import-problem', role: 'alert' }),
    el('div.actions', {},
      said('button.button', 'import.go', { count: answer.rows },
        { type: 'button', id: 'import-go', onclick: create }),
      said('button.button.outline', 'move.cancel', {},
        { type: 'button', onclick: forget })),
  ];
}

async function check(file) {
  forget();
  const status = $('import-status');
  if (file.size > BYTES_MAX) {
    status.replaceChildren(said('p.reason', 'import.too-large'));
    return;
  }
  say(status.appendChild(el('p')), 'import.checking');
  try {
    const bytes = await file.arrayBuffer();
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes);
    const answer = await postImport({ type: chosen().id, table: text });
    status.replaceChildren();
    table = answer.fault_count === 0 ? text : null;
    $('import-result').replaceChildren(el('div.card', {},
      ...(answer.fault_count === 0 ? rightNodes(answer) : wrongNodes(answer))
        .filter((n) => n !== null)));
    $('import-title').focus();
  } catch (problem) {
    status.replaceChildren(...(problem instanceof TypeError
      ? [said('p.reason', 'import.fault.utf8')] : problemNodes(problem)));
  }
}

/* ---- offers -------------------------------------------------------------- */

function download(text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = el('a', { href: url, download: 'offers.csv' });
  link.click();
  URL.revokeObjectURL(url);
  kept = true;
}

async function create() {
  $('import-go').disabled = true;
  try {
    const answer = await postImport({ type: chosen().id, table, create: true,
      tx_code: $('import-tx').checked });
    table = null;
    kept = false;
    $('import-file').value = '';
    $('import-result').replaceChildren(el('div.card.open', {},
      said('h2', 'import.done', { count: answer.rows },
        { tabindex: '-1', id: 'import-title' }),
      said('p', 'import.done.help',
        { when: { when: answer.expires * 1e6 } }),
      el('div.actions', {},
        said('button.button', 'import.download', {}, { type: 'button',
          id: 'import-download', onclick: () => download(answer.table) }),
        said('button.button.outline', 'import.another', {},
          { type: 'button', onclick: again }))));
    $('import-title').focus();
  } catch (problem) {
    $('import-go').disabled = false;
    $('import-problem').replaceChildren(...problemNodes(problem));
  }
}

function again() {
  if (kept) {
    forget();
    return;
  }
  $('import-status').replaceChildren(said('p.reason', 'import.not-kept'));
  $('import-download').focus();
}

export function startImport() {
  $('import-type').addEventListener('change', showType);
  $('import-file').addEventListener('change', () => {
    const [file] = $('import-file').files;
    if (file !== undefined) {
      check(file);
    }
  });
  onDrop($('import-drop'), ([file]) => file !== undefined && check(file));
  window.addEventListener('beforeunload', (e) => {
    if (!kept) {
      e.preventDefault();
    }
  });
}
