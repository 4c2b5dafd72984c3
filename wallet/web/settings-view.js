// Closing the wallet, and the end of it. What opens it: ways-view.js.
// SPDX-License-Identifier: EUPL-1.2
import { eraseWallet, logOut } from './api.js';
import { startBackup } from './backup-view.js';
import { $ } from './dom.js';
import { prove, startWays } from './ways-view.js';

export function startSettings() {
  startWays();
  startBackup();
  $('erase').addEventListener('submit', (e) => {
    e.preventDefault();
    prove($('erase-status'), async (proof) => {
      await eraseWallet(proof);
      location.replace('/');
    });
  });
  $('logout').addEventListener('click', async () => {
    try {
      await logOut();
    } finally {
      location.replace('/'); // nothing of a session stays in the page
    }
  });
}
