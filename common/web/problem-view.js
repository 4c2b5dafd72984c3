// What went wrong and what to do, in the reader's words where there are some;
// else the node's own, which are in English.
// SPDX-License-Identifier: EUPL-1.2
import { el, said } from './dom.js';
import { has } from './i18n.js';

function words(problem, key) {
  if (has(key)) {
    return said('p.reason', key);
  }
  return problem.title ? el('p.reason', { lang: 'en' }, problem.title)
    : said('p.reason', 'problem.http', { status: String(problem.status) });
}

function remedy(problem, key) {
  if (has(`${key}.remedy`)) {
    return said('p', `${key}.remedy`);
  }
  return problem.remedy ? el('p.detail', { lang: 'en' },
    `${problem.detail}; ${problem.remedy}`) : null;
}

export function problemNodes(problem) {
  const key = `problem.${problem.slug}`;
  return [words(problem, key), remedy(problem, key)].filter((n) => n !== null);
}
