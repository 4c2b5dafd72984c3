// The page that a person has before them while their wallet answers: asked
// again when something has happened, not every few seconds.
// SPDX-License-Identifier: EUPL-1.2
const POLL_MS = 1500;
const { phase } = document.body.dataset;

async function look() {
  try {
    const response = await fetch('status', { cache: 'no-store' });
    if (response.ok && (await response.json()).phase !== phase) {
      location.reload();
      return;
    }
  } catch {
    // no network for a moment: the next time
  }
  setTimeout(look, POLL_MS);
}

if (['waiting', 'fetched'].includes(phase)) {
  setTimeout(look, POLL_MS);
}
