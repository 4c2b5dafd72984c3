// What wallets answered and what was decided, looked back at: reasons and
// receipts, and nothing that a person said.
// SPDX-License-Identifier: EUPL-1.2
import { getDecision, getDecisions, receiptAddress } from './api.js';
import { stepsOf, whyOf } from './ask-view.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { problemNodes } from './problem-view.js';

const OUTCOMES = ['accepted', 'refused', 'declined'];
const BADGES = { accepted: 'done', refused: 'failed', declined: 'warn' };
let types = [];
let asked = 0;
let pages = ['']; // where each page begins; the last is shown
let next = '';

export function useTypesToLookBack(list) {
  types = list;
}

const when = (us) => said('time', 'value.when', { when: { when: us } },
  { datetime: new Date(us / 1000).toISOString() });

function typeName(vct) {
  const type = types.find((t) => t.vct === vct);
  return { text: { local: type?.display, or: vct } };
}

/* ---- one ------------------------------------------------------------------ */

function receiptNodes(decision, found) {
  return [
    stepsOf(found.decision),
    el('dl.facts', {},
      fact('decision.stamp', found.stamped
        ? said('span', 'decision.stamped', { entry: found.entry })
        : said('span', 'decision.unstamped'))),
    el('div.actions', {}, said('a.button.outline', 'decision.download', {},
      { href: receiptAddress(decision.id), download: `decision-${decision.id}.jwt` })),
    said('p.help', 'decision.download.help'),
  ];
}

function details(decision) {
  const place = el('div', {});
  const node = el('details', {}, said('summary', 'decision.more'), place);
  node.addEventListener('toggle', async () => {
    if (!node.open || place.childElementCount > 0) {
      return;
    }
    try {
      place.replaceChildren(
        ...receiptNodes(decision, await getDecision(decision.id)));
    } catch (problem) {
      place.replaceChildren(...problemNodes(problem));
    }
  });
  return node;
}

function item(decision) {
  const refused = decision.outcome === 'refused';
  return el('li.card', { 'data-id': decision.id,
    'data-outcome': decision.outcome },
  el('div.card-head', {},
    said('h2', 'value.text', typeName(decision.types[0] ?? '')),
    said(`span.badge.${BADGES[decision.outcome]}`,
      `phase.${decision.outcome}`)),
  refused ? whyOf(decision.step, decision.rule) : null,
  el('dl.facts', {},
    ...(decision.purpose === '' ? []
      : [fact('decision.purpose', decision.purpose)]),
    fact('decision.when', when(decision.time_us)),
    fact('decision.number', el('code', {}, decision.id)),
    ...(refused ? [fact('decision.rule', el('code', {}, decision.rule))] : [])),
  decision.outcome === 'declined' ? null : details(decision));
}

/* ---- the list ------------------------------------------------------------- */

async function load() {
  const mine = ++asked;
  try {
    const page = await getDecisions($('decisions-text').value.trim(),
      $('decisions-outcome').value, pages.at(-1));
    if (mine !== asked) {
      return;
    }
    next = page.next;
    $('decisions-list').replaceChildren(...page.decisions.map(item));
    $('decisions-newer').disabled = pages.length === 1;
    $('decisions-older').disabled = next === '';
    say($('decisions-status'),
      page.decisions.length === 0 ? 'find.none' : 'decisions.page',
      { page: pages.length, count: page.decisions.length });
  } catch (problem) {
    $('decisions-list').replaceChildren();
    $('decisions-status').replaceChildren(...problemNodes(problem));
  }
}

export function showDecisions() {
  pages = [''];
  load();
}

function turn(change) {
  change();
  load();
  document.querySelector('#view-decisions h1').focus();
}

export function startDecisions() {
  $('decisions-outcome').replaceChildren(
    said('option', 'find.any', {}, { value: '' }),
    ...OUTCOMES.map((o) => said('option', `phase.${o}`, {}, { value: o })));
  $('decisions-find').addEventListener('submit', (e) => {
    e.preventDefault();
    showDecisions();
  });
  $('decisions-newer').addEventListener('click', () => turn(() => pages.pop()));
  $('decisions-older').addEventListener('click',
    () => turn(() => pages.push(next)));
}
