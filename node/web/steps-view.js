// What a verification found, on the page: the verdict, what the receipt says,
// each step with its reason.
// SPDX-License-Identifier: EUPL-1.2
import { el, fact, said } from './dom.js';
import { toHex } from './bytes.js';

const SIGNS = { ok: '✓', failed: '✗', skipped: '–' };

function stepItem(step) {
  return el(`li.step.${step.outcome}`, { 'data-step': step.id },
    el('span.sign', { 'aria-hidden': 'true' }, SIGNS[step.outcome]),
    el('div', {},
      el('p.step-head', {},
        said('strong', `step.${step.id}`), ' ',
        said('span.outcome', `outcome.${step.outcome}`)),
      said('p', `reason.${step.reason}`, step.params)));
}

export function stepsList(result) {
  return el('div', {},
    said('h3', 'verify.steps'),
    el('ol.steps', {}, ...result.steps.map(stepItem)));
}

/** The receipt's own words, whether they hold or not. */
export function factsOf(result) {
  const { leaf } = result;
  const facts = [];
  if (leaf && leaf.kind !== 'raw') {
    facts.push(fact('fact.time', timeNode(leaf.timeUs)),
      fact('fact.author', leaf.author));
  }
  facts.push(fact('fact.index', String(result.index)),
    fact('fact.origin', result.origin));
  if (result.witnessedS !== null) {
    facts.push(fact('fact.witnessed', timeNode(result.witnessedS * 1e6)));
  }
  if (leaf?.digest) {
    facts.push(fact('fact.digest', el('code', {}, toHex(leaf.digest)),
      { alg: leaf.alg }));
  }
  return el('dl.facts', {}, ...facts);
}

export function timeNode(us) {
  return said('time', 'value.time', { time: { us } },
    { datetime: new Date(us / 1000).toISOString() });
}

export function verdict(kind, key, textKey = null) {
  return el(`div.verdict.${kind}`, {},
    el('span.sign', { 'aria-hidden': 'true' }, SIGNS[kind]),
    el('div', {}, said('h2', key), textKey ? said('p', textKey) : null));
}
