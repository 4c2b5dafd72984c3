// The explorer: checkpoint, growth, entries, look-up, members.
// SPDX-License-Identifier: EUPL-1.2
import {
  findStamps, getCheckpoint, getEntries, getEntry, getGrowth, getMembers,
} from './api.js';
import { toBase64 } from './bytes.js';
import { growthChart } from './chart.js';
import { $, el, fact, said, short } from './dom.js';
import { entryCard, translateReports } from './entry-view.js';
import { hashFile } from './hasher.js';
import { say, sayPlain } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { parseCheckpoint } from './proof.js';
import { timeNode } from './steps-view.js';
import { onTrustChange, trustedPolicy } from './trust.js';
import { verifyCheckpoint } from './verify.js';

const PAGE = 10;
const ALGS = { 64: ['sha-256', 'sha3-256'], 96: ['sha-384'],
  128: ['sha-512', 'sha3-512'] };
let before = null;
let shown = null;
let loaded = false;

/** Fill a place with what comes, or with what went wrong. */
async function fill(place, make) {
  try {
    place.replaceChildren(...[await make()].flat());
  } catch (error) {
    place.replaceChildren(...problemNodes(error));
  }
}

async function signatureMark(checkpoint) {
  try {
    await verifyCheckpoint(trustedPolicy(), checkpoint);
    return said('span.mark.ok', 'checkpoint.ok');
  } catch (error) {
    return error.code === 'no-webcrypto'
      ? said('span.mark', 'checkpoint.cannot')
      : said('span.mark.failed', 'checkpoint.bad');
  }
}

async function checkpointNodes() {
  const checkpoint = parseCheckpoint(await getCheckpoint());
  const mark = await signatureMark(checkpoint);
  return el('dl.facts', {},
    fact('fact.origin', checkpoint.origin),
    fact('fact.size', said('span', 'value.number', { n: checkpoint.size })),
    fact('fact.root', el('code', {}, toBase64(checkpoint.root))),
    fact('fact.signature', mark));
}

function entryRow(entry) {
  return el('tr', {},
    el('th', { scope: 'row' },
      el('a', { href: `#explore/${entry.index}` }, String(entry.index))),
    el('td', {}, timeNode(entry.time_us)),
    el('td', {}, entry.author),
    el('td', {}, said('span', `kind.${entry.kind}`)),
    el('td', {}, entry.digest
      ? el('code', { title: entry.digest }, short(entry.digest)) : '–'));
}

function entryTable(items) {
  const heads = ['fact.index', 'fact.time', 'fact.author', 'fact.kind',
    'fact.short-digest'];
  return el('table.entries', {},
    said('caption.hidden', 'latest.caption'),
    el('thead', {}, el('tr', {},
      ...heads.map((key) => said('th', key, {}, { scope: 'col' })))),
    el('tbody', {}, ...items.map(entryRow)));
}

async function entriesNodes() {
  const { items, next } = await getEntries(before, PAGE);
  $('older').disabled = next === undefined || next === null;
  $('older').dataset.before = String(next ?? '');
  $('newest').disabled = before === null;
  if (items.length === 0) {
    sayPlain($('latest-status'), '');
    return said('p', 'latest.empty');
  }
  say($('latest-status'), 'latest.status', {
    from: String(items[0].index), to: String(items[items.length - 1].index) });
  return entryTable(items);
}

function memberItem(member) {
  return el('li.card', {},
    el('div.card-head', {},
      el('h3', {}, member.name || member.id),
      el('span.badges', {},
        member.active ? null : said('span.badge.failed', 'members.inactive'),
        ...member.roles.map((role) => said('span.badge', `role.${role}`)))),
    el('p', {}, el('code', {}, member.id), ' · ',
      said('span', 'members.keys', { count: member.keys.length })),
    el('ul.keys', {}, ...member.keys.map((key) =>
      el('li', {}, `${key.alg} `, el('code', {}, key.kid)))));
}

function refresh() {
  loaded = true;
  return Promise.all([
    fill($('checkpoint'), checkpointNodes),
    fill($('growth'), async () => growthChart((await getGrowth()).points)),
    fill($('latest'), entriesNodes),
    fill($('members'), async () =>
      el('ul.plain', {}, ...(await getMembers()).items.map(memberItem))),
  ]);
}

function closeEntry() {
  $('entry').hidden = true;
  $('entry').replaceChildren();
  if (shown !== null) {
    document.querySelector('#view-explore h1').focus();
  }
  shown = null;
}

async function openEntry(index) {
  shown = index;
  $('entry').hidden = false;
  await fill($('entry'), async () => entryCard(await getEntry(index)));
  if (shown === index) {
    $('entry-title')?.focus();
    $('entry').scrollIntoView({ block: 'nearest' });
  }
}

function foundItem(entry) {
  return el('li', {}, said('a', 'lookup.entry', {
    index: String(entry.index), author: entry.author,
    time: { us: entry.time_us } }, { href: `#explore/${entry.index}` }));
}

async function findDigest(digest) {
  say($('lookup-status'), 'lookup.busy');
  $('lookup-found').replaceChildren();
  try {
    const lists = await Promise.all(
      ALGS[digest.length].map((alg) => findStamps(digest, alg)));
    const items = lists.flatMap((list) => list.items);
    say($('lookup-status'), items.length === 0 ? 'lookup.nothing'
      : 'lookup.found', { count: items.length });
    $('lookup-found').replaceChildren(...items.map(foundItem));
  } catch (error) {
    sayPlain($('lookup-status'), '');
    $('lookup-found').replaceChildren(
      el('li', {}, ...problemNodes(error)));
  }
}

function lookUp(text) {
  const wanted = text.trim().toLowerCase();
  $('lookup-found').replaceChildren();
  if (/^[0-9]{1,15}$/.test(wanted)) {
    say($('lookup-status'), 'lookup.help');
    location.hash = `#explore/${Number(wanted)}`;
  } else if (/^[0-9a-f]+$/.test(wanted) && wanted.length in ALGS) {
    findDigest(wanted);
  } else {
    say($('lookup-status'), 'lookup.bad');
  }
}

async function lookUpFile(file) {
  say($('lookup-status'), 'lookup.busy');
  try {
    $('lookup-text').value = await hashFile(file);
    await findDigest($('lookup-text').value);
  } catch {
    say($('lookup-status'), 'stamp.unreadable');
  }
}

function turnPage(to) {
  before = to;
  return fill($('latest'), entriesNodes);
}

/** "#explore" or "#explore/12". */
export function showExplore([index]) {
  const wanted = /^[0-9]{1,15}$/.test(index ?? '') ? Number(index) : null;
  if (!loaded || wanted === null) {
    refresh();
  }
  if (wanted === null) {
    closeEntry();
  } else {
    openEntry(wanted);
  }
}

export function startExplore() {
  $('refresh').addEventListener('click', () => {
    before = null;
    refresh();
  });
  $('older').addEventListener('click', () =>
    turnPage(Number($('older').dataset.before)));
  $('newest').addEventListener('click', () => turnPage(null));
  $('lookup').addEventListener('submit', (e) => {
    e.preventDefault();
    lookUp($('lookup-text').value);
  });
  $('lookup-file').addEventListener('change', (e) => {
    if (e.target.files.length > 0) {
      lookUpFile(e.target.files[0]);
      e.target.value = '';
    }
  });
  onTrustChange(() => loaded && fill($('checkpoint'), checkpointNodes));
}

export function translateExplore() {
  translateReports($('entry'));
}
