// Stamping: files are hashed here, their digests are sent, receipts come back.
// SPDX-License-Identifier: EUPL-1.2
import { links, postStamp } from './api.js';
import { $, el, fact, onDrop, said } from './dom.js';
import { hashFile } from './hasher.js';
import { currentLanguage, say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { timeNode } from './steps-view.js';

const KEPT = 'broletto-token';
const rows = [];

/** A failure that was noticed here, before the node was asked. */
function own(key, remedyKey = null) {
  return { nodes: () => [said('p', key), remedyKey ? said('p', remedyKey) : null]
    .filter((n) => n !== null) };
}

function anchor(key, href, attributes = {}) {
  return said('a', key, {}, { href, ...attributes });
}

/** The receipt from the answer itself, named after the file. */
function receiptLink(row) {
  const blob = new Blob([row.stamp.tlog_proof], { type: 'text/plain' });
  return anchor('stamp.download', URL.createObjectURL(blob),
    { class: 'button', download: `${row.file.name}.tlog-proof` });
}

function linkList(row) {
  const { index } = row.stamp;
  const to = links(index, currentLanguage());
  row.report = anchor('link.report', to.report, { target: '_blank' });
  const file = row.file.name;
  return el('ul.links', {},
    el('li', {}, anchor('link.cose', to.cose, { download: `${file}.cose` })),
    el('li', {}, anchor('link.tsr', to.tsr, { download: `${file}.tsr` })),
    el('li', {}, row.report),
    el('li', {}, anchor('link.entry', `#explore/${index}`)));
}

function showStamp(row) {
  const { stamp } = row;
  const state = stamp.existing ? 'existing' : 'done';
  setState(row, state);
  row.body.replaceChildren(
    ...(stamp.existing ? [said('p', 'stamp.existing.text')] : []),
    el('dl.facts', {},
      fact('fact.time', timeNode(stamp.time_us)),
      fact('fact.author', stamp.author),
      fact('fact.index', String(stamp.index)),
      fact('fact.digest', el('code', {}, stamp.digest), { alg: stamp.alg })),
    receiptLink(row), linkList(row));
}

function showFailure(row, error) {
  setState(row, 'failed');
  const nodes = error.nodes ? error.nodes() : problemNodes(error);
  row.body.replaceChildren(...nodes,
    said('button.button.outline', 'stamp.retry', {},
      { type: 'button', onclick: () => run(row) }));
}

function setState(row, state) {
  row.state = state;
  row.item.dataset.state = state;
  row.badge.className = `badge ${state}`;
  say(row.badge, `stamp.${state}`);
  row.progress.hidden = state !== 'hashing';
  const done = rows.filter((r) => ['done', 'existing'].includes(r.state));
  const failed = rows.filter((r) => r.state === 'failed');
  say($('stamp-status'), 'stamp.status',
    { done: done.length, total: rows.length, failed: failed.length });
}

async function stampOf(row) {
  if (row.digest === undefined) {
    setState(row, 'hashing');
    try {
      row.digest = await hashFile(row.file, (n) => {
        row.progress.value = n;
      });
    } catch {
      throw own('stamp.unreadable');
    }
  }
  setState(row, 'sending');
  const token = $('token').value.trim();
  if (token === '') {
    throw own('stamp.no-token', 'stamp.no-token.remedy');
  }
  return postStamp(row.digest, token);
}

async function run(row) {
  row.body.replaceChildren();
  try {
    row.stamp = await stampOf(row);
    showStamp(row);
  } catch (error) {
    showFailure(row, error);
  }
}

function addRow(file) {
  const name = `stamp-name-${rows.length}`;
  const row = { file, state: 'waiting' };
  row.badge = el('span.badge');
  row.body = el('div');
  row.progress = el('progress',
    { max: Math.max(file.size, 1), value: 0, 'aria-labelledby': name });
  row.item = el('li.card', {},
    el('div.card-head', {},
      el('h3', { id: name }, file.name),
      said('span.size', 'value.bytes', { size: { bytes: file.size } }),
      row.badge),
    row.progress, row.body);
  rows.push(row);
  setState(row, 'waiting');
  $('stamp-list').prepend(row.item);
  return row;
}

/** One file after the other is read; digests are sent as they are ready. */
function take(files) {
  if (files.length === 0) {
    return;
  }
  $('stamp-results').hidden = false;
  files.map(addRow).forEach(run);
}

function startToken() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept !== null) {
    $('token').value = kept;
    $('token-keep').checked = true;
  }
  const remember = () => {
    if ($('token-keep').checked) {
      sessionStorage.setItem(KEPT, $('token').value);
    } else {
      sessionStorage.removeItem(KEPT);
    }
  };
  $('token').addEventListener('input', remember);
  $('token-keep').addEventListener('change', remember);
}

export function startStamp() {
  startToken();
  onDrop($('stamp-drop'), take);
  $('stamp-files').addEventListener('change', (e) => {
    take([...e.target.files]);
    e.target.value = '';
  });
}

/** Reports are linked in the reader's language. */
export function translateStamp() {
  for (const row of rows) {
    if (row.report) {
      row.report.href = links(row.stamp.index, currentLanguage()).report;
    }
  }
}
