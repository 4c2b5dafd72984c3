// The page: routing between its three views, language, and the trust policy
// that verifying starts from. Every module is loaded here and at once, so that
// the page needs no network afterwards.
// SPDX-License-Identifier: EUPL-1.2
import { getPolicy } from './api.js';
import { $ } from './dom.js';
import { showExplore, startExplore, translateExplore } from './explore-view.js';
import { enter, mark, route, startLanguages, startSkip } from './frame.js';
import { startHasher } from './hasher.js';
import en from './i18n/en.js';
import it from './i18n/it.js';
import { addTexts, say } from './i18n.js';
import { startStamp, translateStamp } from './stamp-view.js';
import { loadTrust, startTrust } from './trust.js';
import { startVerify } from './verify-view.js';

const VIEWS = ['stamp', 'verify', 'explore'];

function show(byReader) {
  const [view, rest] = route(VIEWS);
  const changed = $(`view-${view}`).hidden;
  mark(VIEWS, view);
  if (view === 'explore') {
    showExplore(rest);
  }
  if (byReader && changed) {
    enter(view);
  }
}

/** A file dropped beside its place would replace the page. */
function startDropGuard() {
  for (const event of ['dragover', 'drop']) {
    window.addEventListener(event, (e) => e.preventDefault());
  }
}

async function loadPolicy() {
  try {
    loadTrust(await getPolicy());
    $('outage').hidden = true;
  } catch {
    loadTrust(null);
    $('outage').hidden = false;
    say($('outage'), 'outage');
  }
}

function start() {
  addTexts({ en, it });
  startHasher();
  startTrust();
  startStamp();
  startVerify();
  startExplore();
  startSkip();
  startDropGuard();
  startLanguages(() => {
    mark(VIEWS, route(VIEWS)[0]);
    translateStamp();
    translateExplore();
  });
  window.addEventListener('hashchange', () => show(true));
  loadPolicy().finally(() => {
    show(false);
    document.body.dataset.ready = 'yes';
  });
}

start();
