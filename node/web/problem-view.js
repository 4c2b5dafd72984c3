// What went wrong, in the reader's words where there are some, then the node's
// own detail and remedy, which are in English.
// SPDX-License-Identifier: EUPL-1.2
import { el, said } from './dom.js';
import { has } from './i18n.js';

function words(problem, key) {
  if (has(key)) {
    return said('p', key);
  }
  return problem.title ? el('p', { lang: 'en' }, problem.title)
    : said('p', 'problem.http', { status: String(problem.status) });
}

function remedy(problem, key) {
  if (problem.remedy) {
    return el('p.detail', { lang: 'en' },
      `${problem.detail}; ${problem.remedy}`);
  }
  return has(`${key}.remedy`) ? said('p', `${key}.remedy`) : null;
}

export function problemNodes(problem) {
  const key = `problem.${problem.slug}`;
  return [words(problem, key), remedy(problem, key)].filter((n) => n !== null);
}
