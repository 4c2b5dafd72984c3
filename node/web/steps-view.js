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

/** Each step; open at once where one has failed. */
export function stepsList(result, steps = result.steps) {
  const count = (outcome) => steps.filter((s) => s.outcome === outcome).length;
  return el('details', { open: !result.ok },
    said('summary', result.ok ? 'verify.steps' : 'verify.steps-failed',
      { passed: count('ok'), failed: count('failed'), of: steps.length }),
    el('ol.steps', {}, ...steps.map(stepItem)));
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

/** Why it is refused: the first step that failed; null when none has. */
export function reasonOf(result) {
  const first = result.steps.find((s) => s.outcome === 'failed');
  return first ? said('p', `reason.${first.reason}`, first.params) : null;
}

/** The answer, with the sentence that explains it (or null). */
export function verdict(kind, key, sentence = null) {
  return el(`div.verdict.${kind}`, {},
    el('span.sign', { 'aria-hidden': 'true' }, SIGNS[kind]),
    el('div', {}, said('h2', key), sentence));
}
