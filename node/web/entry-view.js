// One entry of the log, and its receipt verified in the browser.
// SPDX-License-Identifier: EUPL-1.2
import { getReceipt, links } from './api.js';
import { $, el, fact, said } from './dom.js';
import { currentLanguage, say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { reasonOf, stepsList, timeNode, verdict } from './steps-view.js';
import { trustedPolicy } from './trust.js';
import { isReceiptOf, verifyReceipt } from './verify.js';

function facts(entry) {
  const list = [
    fact('fact.kind', said('span', `kind.${entry.kind}`)),
    fact('fact.time', timeNode(entry.time_us)),
    fact('fact.author', entry.author),
  ];
  if (entry.record) {
    list.push(fact('fact.record', el('code', {}, entry.record)),
      fact('fact.step', said('span', `recordstep.${entry.step}`)),
      fact('fact.version', String(entry.version)));
  }
  if (entry.change) {
    list.push(fact('fact.change',
      said('span', `registrychange.${entry.change}`)));
  }
  if (entry.digest) {
    list.push(fact('fact.digest', el('code', {}, entry.digest),
      { alg: entry.alg }));
  }
  return el('dl.facts', {}, ...list);
}

function linkList(entry) {
  const to = links(entry.index, currentLanguage());
  const name = `entry-${entry.index}`;
  const link = (key, href, attributes) =>
    el('li', {}, said('a', key, {}, { href, ...attributes }));
  return el('ul.links', {},
    link('link.tlog-proof', to.tlogProof, { download: `${name}.tlog-proof` }),
    link('link.cose', to.cose, { download: `${name}.cose` }),
    link('link.tsr', to.tsr, { download: `${name}.tsr` }),
    link('link.report', to.report,
      { target: '_blank', 'data-report': String(entry.index) }));
}

async function verify(entry, place) {
  let result;
  try {
    result = await verifyReceipt({
      receipt: await getReceipt(entry.index),
      policy: trustedPolicy() ??
        { logs: [], witnesses: [], members: new Map(), quorum: 'none' },
      nowUs: Date.now() * 1000,
    });
  } catch (error) {
    place.replaceChildren(...problemNodes(error));
    return;
  }
  const same = isReceiptOf(result, entry);
  place.dataset.code = same ? result.code ?? 'ok' : 'proof-invalid';
  const key = same && result.ok ? 'entry.verified' : 'entry.not-verified';
  say($('entry-status'), key);
  // Nobody gave a file here: whether the entry is of it is not a question.
  const steps = result.steps.filter((s) => s.id !== 'digest');
  place.replaceChildren(
    verdict(same && result.ok ? 'ok' : 'failed', key,
      same ? reasonOf(result) : said('p', 'entry.other')),
    stepsList(result, steps));
}

/** The entry with everything that can be done with it. */
export function entryCard(entry) {
  const result = el('div', { class: 'entry-result' });
  const button = said('button.button', 'entry.verify', {},
    { type: 'button', onclick: () => verify(entry, result) });
  return el('article.card.open', { 'aria-labelledby': 'entry-title' },
    el('div.card-head', {},
      said('h2', 'entry.title', { index: String(entry.index) },
        { id: 'entry-title', tabindex: '-1' }),
      said('a', 'entry.close', {}, { href: '#explore' })),
    facts(entry), linkList(entry), button,
    el('p.hidden', { id: 'entry-status', role: 'status' }), result);
}

export function translateReports(root) {
  for (const node of root.querySelectorAll('[data-report]')) {
    node.href = links(node.dataset.report, currentLanguage()).report;
  }
}
