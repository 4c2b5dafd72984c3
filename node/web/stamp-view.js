// Stamping: files are hashed here, their digests are sent, receipts come back.
// SPDX-License-Identifier: EUPL-1.2
import { links, postStamp } from './api.js';
import { $, el, fact, onDrop, said } from './dom.js';
import { hashFile } from './hasher.js';
import { currentLanguage, say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { timeNode } from './steps-view.js';
import { zip } from './zip.js';

const KEPT = 'broletto-token';
const TOKEN_TROUBLES = ['stamp.no-token', 'unauthenticated', 'token-expired',
  'forbidden'];
let rows = [];
let names = 0;

const isDone = (row) => row.state === 'done' || row.state === 'existing';
const isFailed = (row) => row.state === 'failed';

/** A failure that was noticed here, before the node was asked. */
function own(key, remedyKey = null) {
  return { slug: key, nodes: () =>
    [said('p.reason', key), remedyKey ? said('p', remedyKey) : null]
      .filter((n) => n !== null) };
}

function anchor(key, href, attributes = {}) {
  return said('a', key, {}, { href, ...attributes });
}

/** The receipt from the answer itself, named after the file. */
function receiptLink(row) {
  const blob = new Blob([row.stamp.tlog_proof], { type: 'text/plain' });
  row.address = URL.createObjectURL(blob);
  return anchor('stamp.download', row.address,
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
  if (TOKEN_TROUBLES.includes(error.slug)) {
    $('token').setAttribute('aria-invalid', 'true');
  }
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
  showBytes(row, null);
  count();
}

/** How much of the file is read, while it is. */
function showBytes(row, done) {
  row.progress.value = done ?? 0;
  say(row.size, done === null ? 'value.bytes' : 'stamp.read',
    { size: { bytes: row.file.size }, done: { bytes: done ?? 0 } });
}

function count() {
  const done = rows.filter(isDone).length;
  const failed = rows.filter(isFailed).length;
  $('stamp-results').hidden = rows.length === 0;
  $('stamp-retry').hidden = failed < 2;
  $('stamp-all').hidden = done < 2;
  say($('stamp-status'), failed > 0 ? 'stamp.status-failed' : 'stamp.status',
    { done, total: rows.length, failed });
}

function forget(row) {
  row.leave.abort();
  row.item.remove();
  URL.revokeObjectURL(row.address);
}

function remove(row) {
  forget(row);
  rows = rows.filter((r) => r !== row);
  count();
  (rows.length > 0 ? $('stamp-results-title') : $('stamp-files')).focus();
}

function clear() {
  rows.forEach(forget);
  rows = [];
  count();
  $('stamp-files').focus();
}

async function stampOf(row) {
  if (row.digest === undefined) {
    setState(row, 'hashing');
    try {
      row.digest = await hashFile(row.file, (n) => showBytes(row, n),
        row.leave.signal);
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

/** What comes for a row that was taken away meanwhile is not shown. */
async function run(row) {
  row.body.replaceChildren();
  try {
    row.stamp = await stampOf(row);
    if (!row.leave.signal.aborted) {
      showStamp(row);
    }
  } catch (error) {
    if (!row.leave.signal.aborted) {
      showFailure(row, error);
    }
  }
}

/** Files of one name from two folders: the second becomes "name (2)". */
function uniqueName(name, taken) {
  let unique = name;
  for (let n = 2; taken.has(unique); n++) {
    unique = `${name} (${n})`;
  }
  taken.add(unique);
  return unique;
}

function downloadAll() {
  const taken = new Set();
  const entries = rows.filter(isDone).map((row) => ({
    name: `${uniqueName(row.file.name, taken)}.tlog-proof`,
    text: row.stamp.tlog_proof,
  }));
  const blob = new Blob([zip(entries, new Date())],
    { type: 'application/zip' });
  const address = URL.createObjectURL(blob);
  el('a', { href: address, download: 'receipts.zip' }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function addRow(file) {
  const name = `stamp-name-${names++}`;
  const row = { file, state: 'waiting', leave: new AbortController() };
  row.size = el('span.size');
  row.badge = el('span.badge');
  row.body = el('div');
  row.progress = el('progress',
    { max: Math.max(file.size, 1), value: 0, 'aria-labelledby': name });
  row.item = el('li.card', {},
    el('div.card-head', {},
      el('h3', { id: name }, file.name),
      row.size, row.badge,
      said('button.quiet', 'stamp.remove', {}, { type: 'button',
        'aria-describedby': name, onclick: () => remove(row) })),
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
  files.map(addRow).forEach(run);
  $('stamp-results').scrollIntoView({ block: 'nearest' });
}

function startToken() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept !== null) {
    $('token').value = kept;
    $('token-keep').checked = true;
  }
  const remember = () => {
    $('token').removeAttribute('aria-invalid');
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
  $('stamp-clear').addEventListener('click', clear);
  $('stamp-all').addEventListener('click', downloadAll);
  $('stamp-retry').addEventListener('click', () =>
    rows.filter(isFailed).forEach(run));
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
